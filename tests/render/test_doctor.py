"""An examination as a person reads it."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from lbdemo.render.doctor import print_examination
from lbdemo.render.doctor_lines import lines

COMMAND = "  kubectl --context kind-a auth can-i create pods --subresource=exec -n a-rather-long-namespace-name"


def check(name: str, group: str, status: str, seen: str, mend: str = "") -> dict[str, Any]:
    return {"name": name, "group": group, "status": status, "seen": seen, "why": f"{name} matters", "mend": mend}


RECORD: dict[str, Any] = {
    "schema": "lbdemo.doctor/1", "for": "verify", "strategy": "istio", "fit": False,
    "summary": {"ok": 1, "warning": 1, "failed": 1, "skipped": 1},
    "checks": [
        check("kubectl", "programs", "ok", "kubectl 1.34"),
        check("helm", "programs", "warning", "old", "update it"),
        check("rights", "rights", "failed", "this user may not " + "list many things, " * 6 + "at all",
              f"ask for the rights; to see them:\n{COMMAND}"),
        check("nodes", "cluster", "skipped", "cannot see nodes: forbidden", "ask for the right"),
    ],
}  # fmt: skip


def shown(width: int = 80, **console: Any) -> list[str]:
    out = io.StringIO()
    print_examination(Console(file=out, width=width, **console), RECORD)
    return out.getvalue().splitlines()


def test_checks_stand_under_their_groups_each_with_a_word_for_its_mark() -> None:
    told = shown()

    assert told[:3] == ["programs", "  ok    kubectl: kubectl 1.34", "  WARN  helm: old"]
    assert "        why: helm matters" in told
    assert "        mend: update it" in told
    assert "        why: kubectl matters" not in told, "what is fine needs no reason"
    assert [line[2:6] for line in told if line[2:6] in ("FAIL", "skip")] == ["FAIL", "skip"]


def test_lines_fit_but_for_commands_which_stay_whole() -> None:
    told = shown()

    assert [line for line in told if len(line) > 80] == [f"{' ' * 8}{COMMAND}"]


def test_without_colours_nothing_is_lost() -> None:
    plain = shown(no_color=True, force_terminal=False)

    assert not any("\x1b" in line for line in plain)
    assert plain == shown()


def test_the_end_says_for_what_it_is_fit_or_not() -> None:
    assert shown(120)[-1] == "NOT fit for `lbdemo verify` with strategy istio: 1 ok, 1 warning, 1 failed, 1 skipped"


def test_in_short_only_what_is_not_fine_is_told() -> None:
    told = lines(RECORD)

    assert told[0] == "warning  programs/helm: old"
    assert told[1].startswith("failed  rights/rights: this user may not list")
    assert told[2:] == [shown(120)[-1]]


def test_fit_is_said_so() -> None:
    fit = {**RECORD, "for": "up", "strategy": "", "fit": True, "checks": []}

    assert lines(fit) == ["fit for `lbdemo up`: 1 ok, 1 warning, 1 failed, 1 skipped"]


def test_what_mends_several_checks_is_said_once() -> None:
    away = [check(name, "cluster", "skipped", "timed out", "open the way") for name in ("nodes", "login", "namespace")]
    out = io.StringIO()
    print_examination(Console(file=out, width=80), {**RECORD, "checks": away})

    assert out.getvalue().count("mend: open the way") == 1
    assert out.getvalue().count("timed out") == 3
