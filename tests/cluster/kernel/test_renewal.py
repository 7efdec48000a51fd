"""Signs of life: what a holder learns from each answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeClock

from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.lock import DURATION, lease
from lbdemo.cluster.kernel.renewal import Renewal
from lbdemo.kube.kinds import LEASES, NAMESPACES

SPACE = {"kind": "Namespace", "metadata": {"name": "ns"}}


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    """An API server with the namespace."""
    with FakeApi().add(SPACE) as server:
        yield server


Start = Callable[..., Renewal]


@pytest.fixture
def started(fake: FakeApi) -> Iterator[Start]:
    """Makes one that holds the lease; by its clock, its thread has nothing to do yet."""
    made: list[Renewal] = []

    def start(clock: FakeClock | None = None) -> Renewal:
        api = fake.api()
        made.append(Renewal(api, "ns", "me", lease, DURATION, lambda: None, clock or FakeClock()))
        made[-1].start(api.create(LEASES, lease("me"), "ns"))
        return made[-1]

    yield start
    for renewal in made:
        renewal.stop(5)


def written_by(fake: FakeApi, who: str) -> None:
    fake.put(LEASES, {"metadata": {"name": labels.LOCK, "namespace": "ns"}, "spec": {"holderIdentity": who}})


def version(fake: FakeApi) -> Any:
    there = fake.there(LEASES, labels.LOCK, "ns")
    return there and there["metadata"]["resourceVersion"]


def test_a_sign_of_life_changes_the_lease_in_one_question(fake: FakeApi, started: Start) -> None:
    renewal = started()
    before, asked = version(fake), len(fake.asked)

    assert renewal.renew()

    assert version(fake) != before
    assert len(fake.asked) - asked == 1


def test_a_lease_that_somebody_else_has_is_lost(fake: FakeApi, started: Start) -> None:
    renewal = started()
    written_by(fake, "bob@pc")

    assert not renewal.renew()

    assert renewal.lost == "bob@pc has it now"


def test_an_answer_that_was_lost_on_its_way_loses_nothing(fake: FakeApi, started: Start) -> None:
    renewal = started()
    written_by(fake, "me")

    assert renewal.renew()
    assert renewal.renew()

    assert renewal.lost == ""


def test_a_lease_that_is_gone_was_somebody_elses_meanwhile(fake: FakeApi, started: Start) -> None:
    renewal = started()
    fake.remove(LEASES, labels.LOCK, "ns")

    assert not renewal.renew()

    assert "given it back" in renewal.lost


@pytest.mark.parametrize("gone", [True, False], ids=["gone", "going"])
def test_a_lease_that_goes_with_its_namespace_is_not_lost(fake: FakeApi, started: Start, gone: bool) -> None:
    renewal = started()
    fake.remove(LEASES, labels.LOCK, "ns")
    if gone:
        fake.remove(NAMESPACES, "ns")
    else:
        fake.add({"kind": "Namespace", "metadata": {"name": "ns", "deletionTimestamp": "2026-01-02T03:04:05Z"}})

    assert not renewal.renew()

    assert renewal.lost == ""


def test_an_api_server_that_is_away_for_a_moment_loses_nothing(fake: FakeApi, started: Start) -> None:
    renewal = started()
    fake.refuse("update", "leases.coordination.k8s.io", 500, "InternalError")

    assert renewal.renew()

    assert renewal.lost == ""


def test_who_could_not_renew_for_too_long_cannot_know(fake: FakeApi, started: Start) -> None:
    """A machine that slept, or is cut off: by now somebody may work there."""
    clock = FakeClock()
    renewal = started(clock)
    fake.refuse("update", "leases.coordination.k8s.io", 500, "InternalError")
    clock.now += DURATION
    renewal.renew()

    assert "could not be renewed for 15 s" in renewal.lost
