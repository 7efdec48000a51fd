"""The fake runner: what was not announced word by word fails, and the test says in what it differs."""

from __future__ import annotations

import shlex

import pytest
from fakes import FakeRun, FakeStreams

LINE = "kubectl -n lbdemo exec echo-1 -c echo -- lbdemo peer end --run <run>"
CALL = shlex.split("kubectl -n lbdemo exec echo-1 -c echo -- lbdemo peer end --run r1")
OTHERS = {
    "no namespace": [*CALL[:1], *CALL[3:]],
    "a flag less": CALL[:-2],
    "a flag more": [*CALL[:3], "-v", *CALL[3:]],
    "another order": [CALL[0], *CALL[3:6], *CALL[1:3], *CALL[6:]],
    "another namespace": [*CALL[:2], "shop", *CALL[3:]],
    "nothing where something is": [*CALL[:-1], ""],
}


def test_an_announced_call_gets_its_answer_once() -> None:
    with FakeRun().on(LINE, answer="done") as run:
        assert run.run(CALL) == "done"
        with pytest.raises(AssertionError, match="no call is announced"):
            run.run(CALL)


@pytest.mark.parametrize("argv", OTHERS.values(), ids=OTHERS)
def test_whatever_differs_in_a_word_was_not_announced(argv: list[str]) -> None:
    with pytest.raises(AssertionError, match="unannounced call"):
        FakeRun().on(LINE, always=True).run(argv)
    with pytest.raises(AssertionError, match="unannounced call"):
        list(FakeStreams().on_stream(LINE).stream(argv))


def test_the_difference_from_the_likest_is_told() -> None:
    run = FakeRun().on("helm version --short").on(LINE)

    with pytest.raises(AssertionError) as told:
        run.run(OTHERS["no namespace"])

    assert "unannounced call: kubectl exec echo-1 -c echo -- lbdemo peer end --run r1" in str(told.value)
    assert "  - -n\n  - lbdemo\n" in str(told.value)
    assert "helm" not in str(told.value)


@pytest.mark.parametrize("run", [FakeRun().on(LINE), FakeStreams().on_stream(LINE)], ids=["run", "stream"])
def test_what_was_announced_and_never_called_fails(run: FakeRun) -> None:
    with pytest.raises(AssertionError, match="announced and never"), run:
        pass
