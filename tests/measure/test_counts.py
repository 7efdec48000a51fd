"""Which calls reached which server, as far as client and servers know together."""

from __future__ import annotations

from lbdemo.measure import Counts

SIGNED = (("a", 5), ("b", 3))


def counts(*received: tuple[str, int]) -> Counts:
    return Counts(10, 8, (("UNAVAILABLE", 2),), SIGNED, received=received)


def test_what_servers_counted_settles_the_calls_that_nobody_signed() -> None:
    assert counts(("a", 6), ("b", 4)).arrivals == ({"a": 6, "b": 4}, 0)
    assert counts(("a", 6), ("b", 3), ("c", 0)).arrivals == ({"a": 6, "b": 3}, 1)


def test_where_servers_were_not_asked_or_began_anew_all_unsigned_calls_stay_open() -> None:
    assert counts().arrivals == ({"a": 5, "b": 3}, 2)
    assert counts(("a", 2), ("b", 4)).arrivals == ({"a": 5, "b": 3}, 2)
    assert counts(("a", 7)).arrivals == ({"a": 5, "b": 3}, 2)
