from __future__ import annotations

import pytest

from lbdemo.errors import InputError
from lbdemo.measure import Measurement, gate_limit
from lbdemo.records import Sample


def answer(server: str, *, gate: bool) -> Sample:
    return Sample(0, 0.0, 0.0, 0.001, server, "OK" if server else "UNAVAILABLE", gate)


def test_the_gate_ends_when_all_servers_were_seen() -> None:
    measurement = Measurement(servers=2, calls=10)

    measurement.observe(answer("a", gate=measurement.next_is_gate()))
    measurement.observe(answer("a", gate=measurement.next_is_gate()))
    still = measurement.in_gate
    measurement.observe(answer("b", gate=measurement.next_is_gate()))

    assert still
    assert not measurement.in_gate
    assert measurement.all_seen


def test_the_gate_ends_when_a_fair_choice_would_have_shown_all() -> None:
    measurement = Measurement(servers=3, calls=5)
    gates = 0

    while measurement.next_is_gate():
        gates += 1
        measurement.observe(answer("a", gate=True))

    assert gates == gate_limit(3)
    assert not measurement.all_seen


def test_failing_calls_end_the_gate_too() -> None:
    measurement = Measurement(servers=2, calls=5)

    for _ in range(gate_limit(2)):
        measurement.observe(answer("", gate=True))

    assert not measurement.in_gate


def test_the_block_is_the_next_calls_that_are_sent_and_done_when_they_came_back() -> None:
    measurement = Measurement(servers=1, calls=2)
    measurement.observe(answer("a", gate=measurement.next_is_gate()))

    flags = [measurement.next_is_gate() for _ in range(2)]
    sent = (measurement.all_sent, measurement.done)
    measurement.observe(answer("a", gate=False))
    halfway = measurement.done
    measurement.observe(answer("", gate=False))

    assert flags == [False, False]
    assert sent == (True, False)
    assert not halfway
    assert measurement.done


def test_calls_in_flight_when_the_gate_ends_are_no_part_of_the_block() -> None:
    measurement = Measurement(servers=2, calls=3)
    in_flight = [measurement.next_is_gate() for _ in range(5)]

    for server, gate in zip("abaaa", in_flight, strict=True):
        measurement.observe(answer(server, gate=gate))

    assert in_flight == [True] * 5
    assert not measurement.done
    assert [measurement.next_is_gate() for _ in range(3)] == [False] * 3
    assert measurement.all_sent


def test_an_answer_in_flight_when_the_gate_ended_may_still_show_the_last_server() -> None:
    measurement = Measurement(servers=2, calls=3)
    for _ in range(gate_limit(2)):
        measurement.observe(answer("a", gate=True))

    measurement.observe(answer("b", gate=True))

    assert measurement.all_seen
    assert not measurement.in_gate


def test_once_over_the_gate_stays_over() -> None:
    measurement = Measurement(servers=2, calls=3)
    measurement.observe(answer("a", gate=True))
    measurement.observe(answer("b", gate=True))

    measurement.observe(answer("", gate=True))

    assert not measurement.next_is_gate()


def test_without_a_known_number_of_servers_there_is_no_gate() -> None:
    assert not Measurement(servers=0, calls=3).next_is_gate()


@pytest.mark.parametrize(("servers", "calls"), [(-1, 10), (1001, 10), (3, 0), (3, -5)])
def test_impossible_measurements_are_refused(servers: int, calls: int) -> None:
    with pytest.raises(InputError):
        Measurement(servers, calls)
