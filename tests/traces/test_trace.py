from dataclasses import replace

import pytest
from traced import called, meshed

from lbdemo.traces import joined
from lbdemo.traces.otlp import document, spans
from lbdemo.traces.store import Store


def test_spans_of_a_request_are_a_tree_in_reading_order() -> None:
    (trace,) = joined(reversed(meshed(7, "echo-server-a")))

    assert trace.depths == (0, 1, 2, 3, 4)
    assert (trace.run, trace.seq, trace.server, trace.gate) == ("r1", 7, "echo-server-a", False)
    assert trace.chain


def test_a_span_has_its_own_time_beyond_those_below_it() -> None:
    (trace,) = joined(called(0, "a"))

    assert [own for _, _, own in trace.rows()] == pytest.approx([0.002, 0.004, 0.004])


def test_a_missing_span_leaves_two_roots() -> None:
    (trace,) = joined([each for each in called(0, "a") if each.name == "call" or "server" in each.service])

    assert trace.roots == 2
    assert not trace.chain


def test_something_beside_the_way_is_no_chain() -> None:
    call = called(0, "a")
    beside = replace(call[2], id="9" * 16)

    (trace,) = joined([*call, beside])

    assert trace.roots == 1
    assert not trace.chain


def test_traces_are_told_by_their_begins_and_a_span_that_came_twice_counts_once() -> None:
    late, early = called(1, "a", at=50), called(2, "b")

    assert [trace.seq for trace in joined([*late, *late, *early])] == [2, 1]
    assert len(joined([*late, *late])[0].spans) == 3


def test_spans_in_a_circle_are_all_kept() -> None:
    one, two, three = called(0, "a")
    circle = [replace(one, parent=three.id), two, three]

    (trace,) = joined(circle)

    assert len(trace.spans) == 3


def test_the_pod_of_a_sidecar_is_in_its_nodes_name() -> None:
    (trace,) = joined(meshed(0, "echo-server-a"))

    pods = [span.pod for span in trace.spans]

    assert pods == ["echo-client-0", "echo-client-0", "echo-client-0", "echo-server-a", "echo-server-a"]
    assert [span.by_proxy for span in trace.spans] == [False, False, True, True, False]


def test_otlp_comes_back_as_it_went() -> None:
    call = [*meshed(3, "echo-server-a"), replace(called(4, "b")[0], failed=True)]

    assert sorted(spans(document(call)), key=repr) == sorted(call, key=repr)


def test_jaegers_answer_wraps_the_same() -> None:
    call = called(3, "a")

    assert sorted(spans({"result": document(call)}), key=repr) == sorted(call, key=repr)


@pytest.mark.parametrize("nonsense", [[], "x", {"resourceSpans": [{"scopeSpans": [{"spans": [{}]}]}]}])
def test_what_is_no_otlp_is_refused(nonsense: object) -> None:
    with pytest.raises(ValueError, match="no OTLP"):
        spans(nonsense)


def test_a_store_that_is_full_drops_its_oldest_traces_whole() -> None:
    store = Store(most=7)
    for seq in range(3):
        store.add(called(seq, "a"))

    assert [trace.seq for trace in store.traces()] == [1, 2]
    assert (store.received, store.dropped) == (9, 3)


def test_a_store_finds_traces_by_when_they_began() -> None:
    store = Store()
    store.add([*called(0, "a"), *called(1, "a", at=100)])
    later = called(1, "a", at=100)[0].begin

    assert {span.trace for span in store.spans(begin=later)} == {f"{2:032x}"}
    assert {span.trace for span in store.spans(end=later - 1)} == {f"{1:032x}"}
    assert store.of("0" * 32) == []
