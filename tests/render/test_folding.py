from __future__ import annotations

from io import StringIO

from rich.console import Console
from rich.text import Text

from lbdemo.render.diagnosis import folded
from lbdemo.render.folding import lines, slices

COMMAND = "`kubectl --context somewhere auth can-i create pods --subresource=exec -n shop`"
TOLD = f"ask for the right to create pods/exec; {COMMAND} asks for it"


def test_a_command_stays_whole_however_narrow_it_is() -> None:
    assert lines(TOLD, 40) == ["ask for the right to create pods/exec;", COMMAND, "asks for it"]


def test_all_else_is_folded_at_words() -> None:
    assert lines("one two three four five six", 20) == ["one two three four", "five six"]


def test_a_styled_text_is_folded_alike() -> None:
    out = StringIO()
    folded(Console(file=out, width=40, force_terminal=False), Text.assemble(("not seen: ", "bold"), TOLD), 2)

    assert COMMAND in [line.strip() for line in out.getvalue().splitlines()]


def test_where_lines_are_is_told_whatever_blanks_are_between_them() -> None:
    assert list(slices("one\ttwo\nthree four five", 20)) == [(0, 18), (19, 23)]
    assert list(slices("x" * 45, 20)) == [(0, 20), (20, 40), (40, 45)]
