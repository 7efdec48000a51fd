"""What `clean` says of what it found: what the sentence rests on, what others made, what could not be seen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lbdemo.cli.clean import tell
from lbdemo.cli.context import Globals
from lbdemo.cluster.cleanup.inventory import Scope
from lbdemo.cluster.cleanup.items import Item
from lbdemo.cluster.cleanup.remains import Remains
from lbdemo.cluster.cleanup.snapshot import Gap

HERE = Globals("", "lbdemo", False)
ROLE = Item("ClusterRole.rbac.authorization.k8s.io", "", "lbdemo-x")


def said(capsys: pytest.CaptureFixture[str], remains: Remains) -> tuple[int, list[str]]:
    code = tell(remains, HERE)
    return code, capsys.readouterr().out.splitlines()


def test_nothing_left_is_said_with_what_it_rests_on(capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, Remains(compared=166)) == (
        0, ["nothing left (compared with the 166 objects that were there before)"],
    )  # fmt: skip


def test_what_others_made_meanwhile_is_named_and_no_failure(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(capsys, Remains(compared=1, others=((ROLE, "made by kubectl-create"),)))

    assert code == 0
    assert lines[1:] == ["new since then, and not lbdemo's:", f"  {ROLE}: made by kubectl-create"]


def test_what_one_maker_made_is_one_line_however_much_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    mesh = [(replace(ROLE, name=f"mesh-{number}"), "Helm release mesh/base") for number in range(9)]
    others = (*mesh[:1], (ROLE, "made by kubectl-create"), *mesh[1:])

    _, lines = said(capsys, Remains(compared=1, others=others))

    names = ", ".join(str(item) for item, _ in mesh[:5])
    assert lines[2:] == [f"  {names} and 4 more: Helm release mesh/base", f"  {ROLE}: made by kubectl-create"]


def test_however_many_made_something_few_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    others = tuple((ROLE, f"made by program-{number}") for number in range(25))

    _, lines = said(capsys, Remains(compared=1, others=others))

    assert lines[-2:] == [f"  {ROLE}: made by program-19", "  and those of 5 more"]


def test_the_claim_is_smaller_where_something_could_not_be_seen(capsys: pytest.CaptureFixture[str]) -> None:
    gaps = tuple(Gap(Scope(kind, ""), "forbidden", f"`can-i list {kind}`") for kind in ("nodes", "secrets"))

    code, lines = said(capsys, Remains(compared=1, unseen=gaps))

    assert (code, lines[0]) == (
        0,
        "nothing left of what could be seen (compared with the 1 object that were there before)",
    )
    assert lines[1] == "not compared (forbidden): nodes (all), secrets (all); `can-i list nodes`"


def test_what_is_left_is_named_with_its_reason(capsys: pytest.CaptureFixture[str]) -> None:
    code, lines = said(capsys, Remains(left=((ROLE, "objects of this kind exist"), (ROLE, ""))))

    assert code == 1
    assert lines[1:] == [f"  {ROLE}: objects of this kind exist", f"  {ROLE}: it should have gone; why is unknown"]
