"""What TLS costs is called a difference only where all rounds agree; one act after another concludes nothing."""

from __future__ import annotations

import pytest

from lbdemo.local.price import Rounds, Way, figures, on_medians, on_rates, priced
from lbdemo.measure import Expectation, judge
from lbdemo.records import Result, Sample, Tally

PLAIN = Way((0.0010, 0.0011, 0.0012), (4000.0, 4100.0, 4200.0))
SLOWER = Way((0.0014, 0.0015, 0.0013), (3000.0, 3075.0, 3200.0))
ALIKE = Way((0.0010, 0.0015, 0.0013), (3900.0, 4050.0, 4300.0))


def act(name: str, latency: float) -> Result:
    tally = Tally()
    for seq in range(600):
        tally.add(Sample(seq, seq / 100, seq / 100, latency, f"echo-{seq % 2}", "OK"))
    summary = tally.summary()
    return Result(name, name, summary, judge(summary.counts, Expectation()))


def test_what_all_rounds_agree_on_is_a_difference_with_its_size() -> None:
    rounds = Rounds(PLAIN, SLOWER)

    assert on_medians(rounds) == (
        "In 3 rounds, in turns, p50 is 1.30 ms to 1.50 ms with TLS and 1.00 ms to 1.20 ms without: 300 µs more."
    )
    assert on_rates(rounds) == (
        "A closed loop makes 3,000 to 3,200 calls a second with TLS and 4,000 to 4,200 without: 25.0 % fewer."
    )


@pytest.mark.parametrize("rounds", [Rounds(PLAIN, ALIKE), Rounds(SLOWER, PLAIN)], ids=["overlap", "faster"])
def test_other_rounds_tell_no_cost(rounds: Rounds) -> None:
    assert on_medians(rounds).endswith("no difference that these rounds can tell.")
    assert on_rates(rounds).endswith("no difference that these rounds can tell.")


def test_only_the_act_with_tls_is_told_its_price_with_both_acts_side_by_side() -> None:
    plain, secure = priced((act("client-side", 0.001), act("client-side-tls", 0.0015)), Rounds(PLAIN, SLOWER))

    assert (plain.notes, plain.extra) == ((), {})
    assert secure.notes[0].startswith("With TLS and without, from when calls were sent: p50 1.5")
    assert len(secure.notes) == 3
    assert secure.extra == figures(Rounds(PLAIN, SLOWER)) == {
        "p50_ms_with_tls": 1.4, "closed_loop_calls_per_second_with_tls": 3075,
        "p50_ms_without_tls": 1.1, "closed_loop_calls_per_second_without_tls": 4100,
    }  # fmt: skip


def test_without_the_act_that_it_is_compared_with_nothing_is_told() -> None:
    [secure] = priced((act("client-side-tls", 0.0015),), Rounds(PLAIN, SLOWER))

    assert secure.notes == ()
