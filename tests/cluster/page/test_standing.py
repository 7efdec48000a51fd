"""A way by an address that is there anyway: kept while it answers, looked up anew when it does not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

import pytest
from echo_server import wait_for

from lbdemo.cluster.page import standing
from lbdemo.cluster.page.passing import Address
from lbdemo.cluster.page.standing import Standing
from lbdemo.errors import NotReadyError, OperationFailedError

ONE, TWO = Address("192.0.2.1", 80, "x.invalid"), Address("192.0.2.2", 80, "x.invalid")


class Door:
    """Where the address leads: what is answered at each, and which one is found."""

    def __init__(self) -> None:
        self.at: Address | None = ONE
        self.codes: dict[Address, int | None] = {ONE: 200, TWO: 200}
        self.told: list[str] = []
        self.asked = 0
        self.misses = 0  # questions to come that nobody answers

    def find(self) -> Address:
        if self.at is None:
            raise OperationFailedError("it is away")
        return self.at

    def ask(self, address: Address) -> int | None:
        self.asked += 1
        self.misses -= 1
        return None if self.misses >= 0 else self.codes[address]


@contextmanager
def opened(door: Door) -> Iterator[Standing]:
    with closing(Standing(door.find, door.ask, door.told.append, "look there")) as way:
        way.open()
        yield way


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, seconds in {"ASK": 0.02, "PATIENCE": 0.3, "PAUSE": 0.01}.items():
        monkeypatch.setattr(standing, name, seconds)


def test_it_is_the_address_as_long_as_it_answers() -> None:
    door = Door()
    with opened(door) as way:
        wait_for(lambda: door.asked > 5, "some questions")
        address, other = way.address(), way.address(0.01, ONE)

    assert (address, other, door.told) == (ONE, None, [])
    assert way.address() is None


def test_one_answer_that_fails_is_none_that_counts() -> None:
    door = Door()
    with opened(door) as way:
        door.misses = 1
        asked = door.asked
        wait_for(lambda: door.asked > asked + 3, "more questions")

        assert way.address() == ONE
    assert door.told == []


def test_where_the_page_does_not_answer_any_more_it_is_looked_up_anew() -> None:
    door = Door()
    with opened(door) as way:
        door.at = TWO
        door.codes[ONE] = 404
        after = way.address(5, ONE)
        wait_for(lambda: len(door.told) == 2, "the word of it")

    assert after == TWO
    assert door.told == [
        "the page does not answer at http://192.0.2.1:80 any more; looking for it anew",
        "the page is at http://192.0.2.2:80 again",
    ]


def test_while_there_is_none_it_says_why_once() -> None:
    door = Door()
    with opened(door) as way:
        door.at = None
        door.codes[ONE] = None
        wait_for(lambda: len(door.told) == 2, "the word of it")
        nowhere, asked = way.address(), len(door.told)
        door.at = TWO
        there = way.address(5)

    assert (nowhere, asked, there) == (None, 2, TWO)
    assert door.told[1] == "no way to the gateway: it is away; trying again"


def test_it_waits_for_the_first_answer() -> None:
    door = Door()
    door.misses = 5
    with opened(door) as way:
        assert way.address() == ONE


@pytest.mark.parametrize(("code", "said"), [(404, "HTTP 404"), (None, "no answer")])
def test_where_the_page_never_answers_that_is_an_error(code: int | None, said: str) -> None:
    door = Door()
    door.codes[ONE] = code
    with pytest.raises(NotReadyError, match=f"the page at http://192.0.2.1:80: {said}") as late, opened(door):
        pass

    assert late.value.hint == "look there"
