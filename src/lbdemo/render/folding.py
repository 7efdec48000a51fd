"""Texts in lines, folded at words; a command in `backquotes` stays whole, so that it can be pasted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import wrap

COMMAND = re.compile(r"`[^`]*`")
GLUE = "\ue000"  # in place of the spaces in a command, while a text is folded


def lines(text: str, width: int, *, hard: bool = False) -> list[str]:
    """The text in lines of at most so many columns, at least 20, but for longer words and commands; words that are
    longer are broken if it is `hard`."""
    columns = max(20, width)
    glued = COMMAND.sub(lambda found: found[0].replace(" ", GLUE), text)
    found = wrap(glued, columns, break_long_words=False, break_on_hyphens=False)
    broken = (part for line in found for part in (_broken(line, columns) if hard else [line]))
    return [line.replace(GLUE, " ") for line in broken]


def _broken(line: str, columns: int) -> list[str]:
    return [line] if GLUE in line else [line[at : at + columns] for at in range(0, len(line), columns)]


def slices(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Where each line of the text begins and ends in it, folded hard."""
    flat, at = re.sub(r"\s", " ", text), 0
    for line in lines(flat, width, hard=True):
        at = flat.index(line, at)
        yield at, at + len(line)
        at += len(line)
