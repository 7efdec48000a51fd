from __future__ import annotations

import random
from dataclasses import replace

import pytest
from simulation import Balancer, counted, in_turns, independent, many_callers, markov, workers_at_random

from lbdemo.errors import InputError
from lbdemo.measure import Counts, Expectation, Outcome, Reason, Verdict, judge, plan_calls
from lbdemo.measure.fingerprint import chi_square, fingerprint
from lbdemo.render.sentences import reason as sentence


def block(errors: int = 0, gate: tuple[str, ...] = (), **calls: int) -> Counts:
    answered = sum(calls.values())
    return Counts(
        sent=answered + errors,
        answered=answered,
        errors=(("UNAVAILABLE", errors),) if errors else (),
        servers=tuple(sorted(calls.items())),
        gate_servers=gate,
    )


def said(verdict: Verdict) -> list[str]:
    return [sentence(found.to_dict()) for found in verdict.reasons]


def outcome(counts: Counts, **expectation: object) -> Outcome:
    return judge(counts, Expectation(**expectation)).outcome  # type: ignore[arg-type]


def test_even_shares_are_balanced_as_expected() -> None:
    verdict = judge(block(a=700, b=700, c=700), Expectation())

    assert (verdict.outcome, verdict.as_expected) == (Outcome.BALANCED, True)
    assert said(verdict)[0] == (
        "Each of the 3 servers answered its part of 2,100 calls: 33.3 %, where 33.3 % is fair; "
        "none is off by more than 20 % of that."
    )
    assert len(said(verdict)) == 1


def test_one_server_answering_all_is_pinned_with_the_odds_said() -> None:
    verdict = judge(block(x2b1=950), Expectation(outcome=Outcome.PINNED, servers=("x2b1", "k9z3")))

    assert (verdict.outcome, verdict.as_expected, verdict.silent) == (Outcome.PINNED, True, ("k9z3",))
    # 2 servers, 950 calls: 2 * (1/2)^950 = 10^-285.7
    assert said(verdict)[0] == "x2b1 answered all 950 calls; a fair choice does that once in 10^285 tries."
    assert "Never answered, though expected: k9z3." in said(verdict)


def test_stragglers_do_not_hide_that_one_server_is_pinned() -> None:
    verdict = judge(block(a=945, b=5), Expectation())

    assert verdict.outcome is Outcome.PINNED
    assert said(verdict)[0].startswith("a answered 945 of 950 calls; a fair choice does that once in 10^27")


def test_more_than_stragglers_is_unbalanced() -> None:
    assert outcome(block(a=980, b=20)) is Outcome.UNBALANCED


def test_few_calls_to_one_server_are_not_yet_pinned() -> None:
    # A share at the limit, 0.6, leaves n of n with 0.6^n: below 0.001 / 4 (two servers, two directions) from 17 on.
    assert outcome(block(a=16), count=2) is Outcome.INCONCLUSIVE
    assert outcome(block(a=17), count=2) is Outcome.PINNED


def test_shares_wholly_outside_the_band_are_unbalanced() -> None:
    verdict = judge(block(a=900, b=1100, c=100), Expectation())

    assert (verdict.outcome, verdict.as_expected) == (Outcome.UNBALANCED, False)
    assert said(verdict)[0].startswith("c answered 100 of 2,100 calls (4.8 %), where 33.3 % is fair;")
    assert "BALANCED was expected, and it is UNBALANCED." in said(verdict)


def test_the_headline_names_a_server_that_is_provably_off() -> None:
    # a is farther off, but its wider interval still touches the band.
    verdict = judge(block(a=153, b=50, c=98, d=99), Expectation())

    assert said(verdict)[0].startswith("b answered 50 of 400 calls")


def test_a_negative_control_that_comes_out_balanced_is_not_as_expected() -> None:
    verdict = judge(block(a=700, b=700), Expectation(outcome=Outcome.PINNED))

    assert not verdict.as_expected
    assert "PINNED was expected, and it is BALANCED." in said(verdict)


def test_too_few_calls_are_inconclusive_and_the_advice_suffices() -> None:
    few = block(a=50, b=50, c=50)

    verdict = judge(few, Expectation())

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.more_calls == plan_calls(3)
    advice = f"With a block of {plan_calls(3):,} calls a fair choice is found to be BALANCED in 99 of 100 cases."
    assert advice in said(verdict)
    assert outcome(block(a=710, b=710, c=711)) is Outcome.BALANCED


def test_a_share_on_the_very_limit_is_settled_by_no_number_of_calls() -> None:
    verdict = judge(block(a=600, b=400), Expectation())

    assert (verdict.outcome, verdict.more_calls) == (Outcome.INCONCLUSIVE, None)
    assert "not settled by any sensible number of calls" in said(verdict)[1]


def test_no_call_at_all_is_inconclusive() -> None:
    verdict = judge(block(), Expectation(count=3))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert said(verdict)[0] == "No call was answered, so there is no spread to judge."
    assert verdict.more_calls == plan_calls(3)


@pytest.mark.parametrize("expectation", [Expectation(count=1), Expectation(servers=("a",)), Expectation()])
def test_with_a_single_server_there_is_nothing_to_balance(expectation: Expectation) -> None:
    verdict = judge(block(a=500), expectation)

    assert (verdict.outcome, verdict.more_calls) == (Outcome.INCONCLUSIVE, None)
    assert said(verdict)[0] == "There is only one server, a: nothing to balance."


def test_others_answering_where_one_was_expected_is_said() -> None:
    verdict = judge(block(a=50, b=50), Expectation(servers=("a",)))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "Only a was expected" in said(verdict)[0]
    assert verdict.strangers == ("b",)


def test_errors_are_judged_first_and_the_spread_is_told_all_the_same() -> None:
    verdict = judge(block(errors=2, a=700, b=700), Expectation())

    assert (verdict.outcome, verdict.as_expected) == (Outcome.FAILING, False)
    assert said(verdict)[0] == "2 of 1,402 calls failed (UNAVAILABLE 2); allowed: none."
    assert said(verdict)[1].startswith("Apart from the errors: Each of the 2 servers answered its part")
    assert [share.calls for share in verdict.shares] == [700, 700]


def test_errors_that_servers_signed_are_part_of_the_spread_and_it_says_so() -> None:
    verdict = judge(replace(block(a=700, b=700, c=700), answered=1400, errors=(("UNAVAILABLE", 700),)), Expectation())

    assert verdict.outcome is Outcome.FAILING
    assert said(verdict)[1].startswith("Counting 700 errors with a server's name, too: Each of the 3 servers")


def test_nothing_but_errors_is_failing() -> None:
    verdict = judge(block(errors=7), Expectation(count=2))

    assert verdict.outcome is Outcome.FAILING
    assert said(verdict)[0].startswith("7 of 7 calls failed")


@pytest.mark.parametrize(("errors", "judged"), [(30, Outcome.BALANCED), (31, Outcome.FAILING)])
def test_errors_up_to_the_allowed_part_are_tolerated_and_told(errors: int, judged: Outcome) -> None:
    answered = 1000 - errors

    verdict = judge(
        block(errors=errors, a=answered // 2, b=answered - answered // 2), Expectation(max_error_ratio=0.03)
    )

    assert verdict.outcome is judged
    assert any(f"{errors} of 1,000 calls failed (UNAVAILABLE {errors})" in reason for reason in said(verdict))


def test_a_server_that_was_expected_and_never_answered_unbalances() -> None:
    verdict = judge(block(a=1000, b=1000), Expectation(servers=("a", "b", "c")))

    assert (verdict.outcome, verdict.silent) == (Outcome.UNBALANCED, ("c",))
    assert said(verdict)[0].startswith("c answered none of 2,000 calls")


def test_a_missing_server_is_told_where_only_the_number_is_known() -> None:
    verdict = judge(block(a=1000, b=1000), Expectation(count=4))

    assert verdict.outcome is Outcome.UNBALANCED
    assert verdict.silent == ("(unseen 1)", "(unseen 2)")
    assert said(verdict)[0].startswith("One of the 4 servers answered none of 2,000 calls")
    assert "2 of the 4 expected servers never answered." in said(verdict)


def test_a_server_seen_by_the_gate_and_silent_in_the_block_is_not_forgotten() -> None:
    verdict = judge(block(a=1000, b=1000, gate=("a", "b", "c")), Expectation())

    assert (verdict.outcome, verdict.silent) == (Outcome.UNBALANCED, ("c",))
    assert "Answered before the block, and not in it: c." in said(verdict)
    assert not any(reason.startswith("Never answered") for reason in said(verdict))


def test_where_servers_came_and_went_the_number_of_calls_is_not_to_blame() -> None:
    asked = Expectation(servers=("a", "b", "c"), fingerprint="round robin")

    assert not any("too few" in reason for reason in said(judge(block(a=700, b=700, c=700, d=300), asked)))


def test_a_stranger_keeps_a_block_from_being_balanced() -> None:
    verdict = judge(block(a=1000, b=1000, new=3), Expectation(servers=("a", "b")))

    assert (verdict.outcome, verdict.strangers) == (Outcome.INCONCLUSIVE, ("new",))
    assert said(verdict)[0].startswith("Servers came or went during the block")
    assert "Answered without being expected: new (3 calls)." in said(verdict)
    assert verdict.shares[-1].expected_share == 0.0


def test_a_replaced_server_is_told_on_both_sides() -> None:
    verdict = judge(block(a=1000, new=600, old=400, gate=("a", "old")), Expectation(count=2))

    assert (verdict.outcome, verdict.strangers) == (Outcome.INCONCLUSIVE, ("new",))
    assert said(verdict)[0].startswith("Servers came or went during the block")


def test_pods_that_were_all_replaced_are_no_proof_against_a_balancer() -> None:
    verdict = judge(block(a=500, b=500, c=500, d=500), Expectation(servers=("a", "b")))

    assert (verdict.outcome, verdict.fingerprint) == (Outcome.INCONCLUSIVE, "")


def test_a_pod_that_nobody_expected_does_not_keep_the_promise_to_be_pinned() -> None:
    verdict = judge(block(z=2000), Expectation(Outcome.PINNED, servers=("a", "b")))

    assert (verdict.outcome, verdict.as_expected) == (Outcome.INCONCLUSIVE, False)


def test_a_server_that_only_the_gate_met_does_not_replace_one_that_answers() -> None:
    verdict = judge(block(a=1000, b=1000, gate=("a", "b", "dying")), Expectation(count=2))

    assert (verdict.outcome, verdict.strangers, verdict.silent) == (Outcome.BALANCED, (), ())


def test_answers_without_names_cannot_be_judged() -> None:
    nameless = replace(block(), sent=50, answered=50, servers=(("(unnamed)", 50),))

    verdict = judge(nameless, Expectation(count=2))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert said(verdict)[0] == "50 of 50 answers cannot be told apart by server."


@pytest.mark.parametrize(
    ("calls", "name"),
    [
        ({"a": 500, "b": 500, "c": 500}, "round robin"),
        ({"a": 501, "b": 500, "c": 499}, ""),
        ({"a": 14, "b": 8, "c": 9}, "random-like"),
        ({"a": 473, "b": 534, "c": 493}, "random-like"),
        ({"a": 710, "b": 695, "c": 695}, ""),
        ({"a": 1000, "b": 820, "c": 900}, "skewed"),
        ({"a": 900, "b": 700, "c": 500}, "skewed"),
        ({"a": 1500, "b": 1, "c": 0}, "sticky"),
        ({"a": 750, "b": 750, "c": 0}, "sticky"),
        ({"a": 5, "b": 4, "c": 5}, ""),
    ],
)
def test_totals_alone_name_their_policy_where_they_can(calls: dict[str, int], name: str) -> None:
    assert judge(block(0, (), **calls), Expectation(count=3)).fingerprint == name


def test_more_even_than_chance_is_round_robin_even_if_not_exact() -> None:
    # D = 0.11 is nothing special for 3 servers; for 10 a random choice comes that close in one of 1,700 blocks.
    counts = {f"s{n}": 1000 + (10 if n % 2 else -10) for n in range(10)}

    assert judge(block(0, (), **counts), Expectation()).fingerprint == "round robin"


def made(balancer: Balancer, servers: int, calls: int = 2100, seed: int = 1) -> Counts:
    return counted(balancer(random.Random(seed), calls), servers)


def test_a_random_choice_breaks_the_promise_of_a_round_robin_however_even_its_totals() -> None:
    verdict = judge(made(independent([1 / 3] * 3), 3), Expectation(fingerprint="round robin"))

    assert (verdict.outcome, verdict.as_expected, verdict.undecided) == (Outcome.BALANCED, False, False)
    assert said(verdict)[1].startswith("Round robin was promised, which is exact, but the calls are random-like (φ = ")


def test_round_robins_side_by_side_keep_the_promise() -> None:
    verdict = judge(made(workers_at_random(3, workers=8), 3, calls=6000), Expectation(fingerprint="round robin"))

    assert (verdict.fingerprint, verdict.as_expected) == ("round robin", True)


def test_many_short_round_robins_are_not_accused() -> None:
    verdict = judge(made(many_callers(3, calls_each=2), 3), Expectation(fingerprint="round robin"))

    assert (verdict.as_expected, verdict.undecided) == (False, True)
    assert said(verdict)[1].startswith("These calls cannot tell round robin from other policies")


def test_one_server_at_a_time_is_in_turns_however_even_in_the_long_run() -> None:
    verdict = judge(made(in_turns(2, run=150), 2, calls=900), Expectation())

    assert (verdict.outcome, verdict.as_expected, verdict.fingerprint) == (Outcome.IN_TURNS, False, "in turns")
    assert "take turns, one at a time" in said(verdict)[0]


def test_short_turns_that_are_regular_are_turns_too() -> None:
    assert judge(made(in_turns(3, run=10), 3, calls=12_600), Expectation()).outcome is Outcome.IN_TURNS


def test_two_connections_with_a_server_each_are_pinned_though_their_total_is_exact() -> None:
    calls = [(call % 2, call % 2) for call in range(900)]

    verdict = judge(counted(calls, 2), Expectation())

    assert (verdict.outcome, verdict.pinned_connections, verdict.fingerprint) == (Outcome.PINNED, 2, "sticky")
    assert said(verdict)[0].startswith("Each of the 2 connections has one server to itself")


@pytest.mark.parametrize(("each", "pinned"), [(2, 0), (5, 0), (7, 2)])
def test_connections_with_a_few_calls_each_may_keep_to_a_server_by_chance(each: int, pinned: int) -> None:
    verdict = judge(counted([(call % 2, call % 2) for call in range(2 * each)], 2), Expectation(alpha=0.001))

    assert verdict.pinned_connections == pinned  # by chance once in 4^(each - 1)


def test_sticky_calls_say_less_than_their_number() -> None:
    verdict = judge(made(markov([1 / 2] * 2, stays=0.8), 2, calls=2000, seed=3), Expectation())

    assert verdict.phi is not None
    assert verdict.phi > 4
    assert verdict.effective_calls < 500
    assert verdict.outcome is Outcome.INCONCLUSIVE


def test_failures_that_nobody_signed_may_hide_the_verdict() -> None:
    # An exact round robin over a, b and a slow c, most of whose calls ended at their deadline.
    verdict = judge(block(errors=600, a=700, b=700, c=100), Expectation(max_error_ratio=1.0))

    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert said(verdict)[0].startswith("The failures hide it: nobody knows which server 600 failed calls were for")


def test_totals_that_failures_may_have_made_uneven_have_no_fingerprint() -> None:
    # Of three servers one is so slow that its calls end at their deadline; in the second block too few do.
    hidden = judge(block(errors=400, a=400, b=400), Expectation(count=3, max_error_ratio=1.0))
    proven = judge(block(errors=40, a=1000, b=100, c=100), Expectation(count=3, max_error_ratio=1.0))

    assert (hidden.outcome, hidden.fingerprint) == (Outcome.INCONCLUSIVE, "")
    assert (proven.outcome, proven.fingerprint) == (Outcome.UNBALANCED, "sticky")


def test_what_servers_counted_settles_what_failures_hide() -> None:
    counts = replace(block(errors=600, a=700, b=700, c=100), received=(("a", 700), ("b", 700), ("c", 700)))

    assert judge(counts, Expectation(max_error_ratio=1.0)).outcome is Outcome.BALANCED


def test_a_server_that_counted_less_than_it_signed_settles_nothing() -> None:
    counts = replace(block(errors=600, a=700, b=700, c=100), received=(("a", 20), ("b", 700), ("c", 700)))

    assert judge(counts, Expectation(max_error_ratio=1.0)).outcome is Outcome.INCONCLUSIVE


def test_a_few_failures_hide_nothing() -> None:
    assert outcome(block(errors=3, a=700, b=700, c=700), max_error_ratio=0.01) is Outcome.BALANCED
    assert outcome(block(errors=3, a=1800, b=300), max_error_ratio=0.01) is Outcome.UNBALANCED


def test_weights_are_promised_by_what_names_begin_with() -> None:
    canary = Expectation(servers=("canary-1", "main-1", "main-2"), weights=(("canary", 20), ("main", 80)))
    kept = replace(block(), sent=6000, answered=6000, servers=(("canary-1", 1200), ("main-1", 2400), ("main-2", 2400)))
    even = replace(kept, servers=(("canary-1", 2000), ("main-1", 2000), ("main-2", 2000)))

    assert judge(kept, canary).outcome is Outcome.BALANCED
    assert [share.expected_share for share in judge(kept, canary).shares] == pytest.approx([0.2, 0.4, 0.4])
    assert said(judge(kept, canary))[0].startswith("Each server answered its part of 6,000 calls: canary-1 20.0 %")
    assert judge(even, canary).outcome is Outcome.UNBALANCED


def test_least_request_keeps_its_promise_when_slower_servers_get_less() -> None:
    uneven = replace(block(a=900, b=900, slow=300), slower=(("slow", "a"), ("slow", "b")))

    verdict = judge(uneven, Expectation(fingerprint="least request"))

    assert (verdict.outcome, verdict.as_expected) == (Outcome.UNBALANCED, True)


def test_least_request_does_not_explain_a_server_that_gets_less_and_is_not_slower() -> None:
    verdict = judge(block(a=900, b=900, c=300), Expectation(fingerprint="least request"))

    assert (verdict.outcome, verdict.as_expected) == (Outcome.UNBALANCED, False)
    assert any("does not explain" in sentence for sentence in said(verdict))


def test_least_request_that_pins_breaks_its_promise() -> None:
    assert not judge(block(a=2000, b=0), Expectation(count=2, fingerprint="least request")).as_expected


def test_two_looks_share_the_error_probability() -> None:
    planned = Expectation(looks=2)

    first, second = (judge(block(a=700, b=700), planned, look) for look in (1, 2))

    assert first.look_alpha + second.look_alpha == pytest.approx(planned.alpha)
    assert (second.look, second.looks) == (2, 2)


def test_a_promise_is_not_broken_by_too_few_calls() -> None:
    verdict = judge(block(a=8, b=4), Expectation(outcome=Outcome.INCONCLUSIVE, fingerprint="round robin"))

    assert verdict.as_expected
    assert "These calls cannot tell round robin from other policies (D = 1.33)." in said(verdict)


def test_a_promised_random_policy_that_is_exact_is_named_and_accepted() -> None:
    verdict = judge(block(a=700, b=700, c=700), Expectation(fingerprint="random"))

    assert verdict.as_expected
    assert verdict.expected_fingerprint == "random-like"
    assert "The calls look round robin, where random-like was expected (D = 0)." in said(verdict)


def test_doubts_about_the_instrument_are_told() -> None:
    doubts = (Reason("gate_errors", {"calls": 2}), Reason("unknown_lines", {"lines": 1}))

    verdict = judge(replace(block(a=700, b=700), doubts=doubts), Expectation())

    assert said(verdict)[1:] == ["Before the block, 2 calls failed.", "1 line could not be read as a call."]


@pytest.mark.parametrize(
    "wrong",
    [
        {"servers": ("a", "a")},
        {"servers": ("a", "b"), "count": 3},
        {"count": -1},
        {"count": 1001},
        {"tolerance": 0.0},
        {"tolerance": 1.0},
        {"alpha": 0.0},
        {"alpha": 1.0},
        {"max_error_ratio": -0.1},
        {"max_error_ratio": 1.1},
        {"max_error_ratio": float("nan")},
        {"fingerprint": "fair"},
    ],
)
def test_an_expectation_that_makes_no_sense_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(InputError):
        Expectation(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("counts", "seen"),
    [
        ((1046, 1052, 33), "skewed"),
        ((978, 1091, 62), "skewed"),
        ((1065, 1066, 0), "sticky"),
        ((2100, 20, 11), "sticky"),
    ],
    ids=["one avoided", "and the others uneven", "one dead, or two connections", "one connection"],
)
def test_a_server_that_is_avoided_is_no_connection_that_sticks(counts: tuple[int, ...], seen: str) -> None:
    dispersion = chi_square(counts) / (len(counts) - 1)

    assert fingerprint(counts, dispersion, None, 0.001) == seen
