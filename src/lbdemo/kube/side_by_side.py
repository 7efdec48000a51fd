"""Asking several things at once."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

AT_ONCE = 8
A = TypeVar("A")
B = TypeVar("B")


def each(ask: Callable[[A], B], what: Iterable[A], at_once: int = AT_ONCE) -> list[B]:
    """The answers in the order of the questions. An interruption does not wait for those that are still asked."""
    asked = list(what)
    if len(asked) < 2:
        return [ask(one) for one in asked]
    with asking(min(at_once, len(asked))) as pool:
        return list(pool.map(ask, asked))


@contextlib.contextmanager
def asking(at_once: int = AT_ONCE) -> Generator[ThreadPoolExecutor]:
    """A pool for questions of several kinds. An interruption does not wait for those that are still asked."""
    pool = ThreadPoolExecutor(at_once)
    try:
        yield pool
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def together(*questions: Callable[[], object]) -> list:  # type: ignore[type-arg]
    """The answers to questions of several kinds, all asked at once, in their order; raises the first error."""
    with asking(len(questions)) as pool:
        return [future.result() for future in [pool.submit(question) for question in questions]]
