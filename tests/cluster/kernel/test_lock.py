"""One at a time: the lock is taken, waited for, taken over from the silent, and given back."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from fakes import FakeClock, FakeRun, failure, tools

from lbdemo.cluster.kernel import lock
from lbdemo.errors import NotReadyError, ProgramFailedError
from lbdemo.tools.kubectl import Kubectl

TAKEN = failure('Error from server (AlreadyExists): leases "lbdemo-lock" already exists')
CHANGED = failure("Error from server (Conflict): the object has been modified")


def lease(holder: str, version: str) -> dict[str, object]:
    return {"metadata": {"resourceVersion": version}, "spec": {"holderIdentity": holder}}


def test_a_free_lock_is_taken_and_given_back() -> None:
    with FakeRun().on("create", answer={}).on("delete") as run:
        with lock.held(tools(run), Kubectl(run), "ns", 10, lambda _: None) as made:
            assert not made

        assert run.called("delete", "lease/lbdemo-lock")


def test_a_new_namespace_and_its_lock_are_made_in_one_call() -> None:
    with FakeRun().on("create").on("delete") as run:
        with lock.held(tools(run), Kubectl(run), "ns", 10, lambda _: None, {"kind": "Namespace"}) as made:
            assert made

        assert '"Namespace"' in run.stdin[0]
        assert '"Lease"' in run.stdin[0]


def test_somebody_elses_lock_is_waited_for() -> None:
    said: list[str] = []
    run = (
        FakeRun().on("create", answer=TAKEN).on("get", answer=lease("ann@pc", "1")).on("create", answer={}).on("delete")
    )

    with run, lock.held(tools(run), Kubectl(run), "ns", 60, said.append):
        pass

    assert "ann@pc" in said[0]


def test_a_holder_that_stays_is_named_when_time_is_over() -> None:
    run = FakeRun().on("create", answer=TAKEN, always=True).on("get", answer=lease("ann@pc", "1"), always=True)
    run.on("replace", answer=CHANGED, always=True)

    with pytest.raises(NotReadyError, match="ann@pc"):
        lock.acquire(tools(run, FakeClock(step=4)), "ns", "me", 30, lambda _: None)


GOING = failure(
    "Error from server (Forbidden): unable to create new content in namespace ns because it is being terminated"
)
GONE = failure('Error from server (NotFound): namespaces "ns" not found')


@pytest.mark.parametrize("answer", [GOING, GONE])
def test_a_namespace_that_goes_away_is_told_apart_from_missing_rights(answer: ProgramFailedError) -> None:
    run = FakeRun().on("create", answer=TAKEN).on("get", answer=lease("ann@pc", "1")).on("create", answer=answer)

    with pytest.raises(lock.GONE):
        lock.acquire(tools(run), "ns", "me", 30, lambda _: None)


def test_an_api_server_that_hangs_holds_nobody_up_for_long() -> None:
    limits: list[float | None] = []

    class Slow(FakeRun):
        def run(self, argv: Sequence[str], *, stdin: str = "", timeout: float | None = None) -> str:
            self.calls.append([*argv, stdin])
            limits.append(timeout)
            raise failure("timed out", code=124)

    lock.release(Kubectl(Slow()), "ns", "me", certain=True)
    lock.release(Kubectl(Slow()), "ns", "me", certain=False)

    assert limits == [lock.LIMIT] * 2


def test_a_holder_that_gave_no_sign_of_life_is_taken_over() -> None:
    run = FakeRun().on("create", answer=TAKEN, always=True).on("get", answer=lease("ann@pc", "1"), always=True)

    with run.on("replace"):
        lock.acquire(tools(run, FakeClock(step=lock.DURATION / 2)), "ns", "me", 600, lambda _: None)

    assert '"resourceVersion": "1"' in run.stdin[-1], "only if nobody was faster"


def test_a_holder_that_renews_is_not_taken_over() -> None:
    run = FakeRun().on("create", answer=TAKEN, always=True)
    for version in range(7):
        run.on("get", answer=lease("ann@pc", str(version)))

    with run, pytest.raises(NotReadyError):
        lock.acquire(tools(run, FakeClock(step=lock.DURATION)), "ns", "me", lock.DURATION * 8, lambda _: None)

    assert not run.called("replace")
