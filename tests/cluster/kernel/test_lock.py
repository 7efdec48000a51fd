"""One at a time: the lock is taken, waited for, taken over from the silent, and given back; who loses it is stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeClock, FakeRun, tools

from lbdemo.cluster.kernel import lock
from lbdemo.cluster.kernel.renewal import Renewal, interrupt_main_thread
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.errors import NotReadyError
from lbdemo.kube.kinds import LEASES, NAMESPACES
from lbdemo.tools.failures import NotFoundError, TerminatingError

SPACE = {"kind": "Namespace", "metadata": {"name": "ns"}}


@pytest.fixture
def fake() -> Iterator[FakeApi]:
    """An API server with the namespace."""
    with FakeApi().add(SPACE) as server:
        yield server


def held_by(who: str) -> dict[str, Any]:
    return {"kind": "Lease", "metadata": {"name": lock.NAME, "namespace": "ns"}, "spec": {"holderIdentity": who}}


def with_api(fake: FakeApi, clock: Callable[[], float] | None = None) -> Tools:
    return tools(FakeRun(), clock, fake.api())


def holder(fake: FakeApi) -> str:
    lease = fake.there(LEASES, lock.NAME, "ns")
    return lease["spec"]["holderIdentity"] if lease else ""


def quiet(_: str) -> None:
    """Nobody listens."""


def test_a_free_lock_is_taken_and_given_back(fake: FakeApi) -> None:
    with lock.held(with_api(fake), fake.api(), "ns", 10, quiet) as held:
        assert not held.made
        assert holder(fake)

    assert not holder(fake)


def test_a_new_namespace_is_made_together_with_its_lock() -> None:
    with FakeApi() as fake, lock.held(with_api(fake), fake.api(), "ns", 10, quiet, SPACE) as held:
        assert held.made
        assert fake.there(NAMESPACES, "ns")


def test_a_namespace_that_somebody_made_meanwhile_is_not_ours_alone(fake: FakeApi) -> None:
    with lock.held(with_api(fake), fake.api(), "ns", 10, quiet, SPACE) as held:
        assert not held.made


def test_somebody_elses_lock_is_waited_for(fake: FakeApi) -> None:
    said: list[str] = []
    fake.add(held_by("ann@pc"))

    def give_back(text: str) -> None:
        said.append(text)
        fake.remove(LEASES, lock.NAME, "ns")

    with lock.held(with_api(fake), fake.api(), "ns", 60, give_back):
        pass

    assert "ann@pc" in said[0]


def test_a_holder_that_stays_is_named_when_time_is_over(fake: FakeApi) -> None:
    fake.add(held_by("ann@pc"))

    with pytest.raises(NotReadyError, match="ann@pc"):
        lock.acquire(with_api(fake, FakeClock(step=4)), "ns", "me", 12, quiet)


def test_a_namespace_that_goes_away_is_told_apart_from_missing_rights(fake: FakeApi) -> None:
    fake.add({"kind": "Namespace", "metadata": {"name": "ns", "deletionTimestamp": "2026-01-02T03:04:05Z"}})

    with pytest.raises(TerminatingError):
        lock.acquire(with_api(fake), "ns", "me", 30, quiet)
    with pytest.raises(NotFoundError):
        lock.acquire(with_api(fake), "other", "me", 30, quiet)


def test_a_holder_that_gave_no_sign_of_life_is_taken_over(fake: FakeApi) -> None:
    fake.add(held_by("ann@pc"))

    lock.acquire(with_api(fake, FakeClock(step=lock.DURATION / 2)), "ns", "me", 600, quiet)

    assert holder(fake) == "me"


def test_a_holder_that_renews_is_not_taken_over(fake: FakeApi) -> None:
    fake.add(held_by("ann@pc"))

    def renew(_: str) -> None:
        fake.add(held_by("ann@pc"))

    with pytest.raises(NotReadyError):
        lock.acquire(with_api(fake, FakeClock(step=lock.DURATION)), "ns", "me", lock.DURATION * 8, renew)

    assert holder(fake) == "ann@pc"


def losing(fake: FakeApi, work: Callable[[Renewal], object], interrupt: Callable[[], None] = lambda: None) -> None:
    """Works under the lock, while somebody else takes it over."""
    with lock.held(with_api(fake), fake.api(), "ns", 10, quiet, interrupt=interrupt) as held:
        fake.add(held_by("bob@pc"))
        work(held)


def test_who_loses_the_lock_is_interrupted_and_told_who_has_it(fake: FakeApi) -> None:
    interrupted = threading.Event()

    def work(held: Renewal) -> None:
        held.renew()
        if interrupted.is_set():
            raise KeyboardInterrupt

    with pytest.raises(lock.LockLostError, match="bob@pc has it now") as error:
        losing(fake, work, interrupted.set)

    assert "run the command again" in error.value.hint
    assert holder(fake) == "bob@pc", "it is theirs: nobody gives it back for them"


def test_work_that_ends_although_the_lock_was_lost_did_not_end_well(fake: FakeApi) -> None:
    with pytest.raises(lock.LockLostError):
        losing(fake, Renewal.renew)


def test_an_interruption_by_the_person_stays_one(fake: FakeApi) -> None:
    with pytest.raises(KeyboardInterrupt), lock.held(with_api(fake), fake.api(), "ns", 10, quiet):
        raise KeyboardInterrupt

    assert not holder(fake)


def test_the_main_thread_is_reached_where_it_waits(fake: FakeApi) -> None:
    """As a signal does it: also a wait for a program or an answer ends."""

    def work(held: Renewal) -> None:
        threading.Thread(target=held.renew).start()
        threading.Event().wait(30)

    with pytest.raises(lock.LockLostError, match="bob"):
        losing(fake, work, interrupt_main_thread)
