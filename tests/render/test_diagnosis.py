from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from diagnose.shops import LISTENS, PORT, SECONDS, caller, envoy_looks, pod, service, shop
from diagnose.test_history import EVEN, ODD, period
from diagnose.test_scrapes import scrapes
from rich.console import Console

from lbdemo.diagnose.changes import Changes
from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.looks import ESTABLISHED, Socket, SocketLook
from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.kube.records.pods import ContainerPort
from lbdemo.render.diagnosis import headline, matters, packed, print_diagnosis, verdict
from lbdemo.render.diagnosis_html import page
from lbdemo.render.diagnosis_line import line as in_short
from lbdemo.render.flow_sentences import SENTENCES, flow_reason, short
from lbdemo.render.flow_sentences import counted as counted_words
from lbdemo.render.way_picture import picture

HELD = {"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}}


def pinned(**more: Any) -> Evidence:
    segments = {"payments-a": {"10.0.1.1": 50, "10.0.1.2": 2}}
    return shop(HELD, callers=[caller("checkout"), caller("batch", 2)], segments=segments, **more)


def printed(evidence: Evidence, width: int) -> str:
    stream = io.StringIO()
    print_diagnosis(Console(file=stream, width=width, highlight=False, markup=False), diagnose(evidence).to_dict())
    return stream.getvalue()


def test_the_picture_is_a_line_for_each_way_where_that_fits_and_two_where_it_does_not() -> None:
    record = diagnose(pinned()).to_dict()

    wide, narrow = picture(record, 140), picture(record, 80)

    assert wide[0].split()[-6:] == ["payments-a", "550", "messages", "≈", "96.2", "%"]
    assert len(wide) == 4
    assert max(map(len, narrow)) <= 80
    assert [line.split()[-1] for line in wide[-2:]] == ["0", "0"], "pods that got nothing stand below"


@pytest.mark.parametrize("width", [60, 80, 140])
def test_each_hop_says_among_how_many_is_chosen_however_narrow_the_terminal(width: int) -> None:
    lines = picture(diagnose(pinned()).to_dict(), width)

    assert sum("among 3)" in line for line in lines) == 2, "a number stands beside its word"
    assert "\u00a0" not in "".join(lines)


def test_in_one_line_what_is_ignored_stands_beside_what_is_found() -> None:
    ignored = in_short(diagnose(pinned(), ["LB101"]).to_dict())

    assert ignored.endswith("PINNED, about 572 messages  nothing found (LB101 ignored)")
    assert in_short(diagnose(pinned()).to_dict()).endswith("LB101 l4-single-connection")


def test_what_is_counted_by_segments_are_about_so_many_messages_and_no_calls() -> None:
    record, counted = diagnose(pinned()).to_dict(), diagnose(kept(15.0)).to_dict()
    told = printed(pinned(), 140)

    assert "PINNED: All 572 messages of 2 callers" in told
    assert not re.search(r"\d calls?\b", told + in_short(record) + page([record]).partition("<script")[0])
    assert "about: a small message takes 1 to 3 segments; a call sends one, a stream many)" in told
    assert (record["verdict"]["unit"], counted["verdict"]["unit"]) == ("messages", "calls")


def test_one_message_is_told_as_one() -> None:
    few = {"about": True, "unit": "messages", "calls": 1}

    assert counted_words(few) == "about 1 message"
    assert counted_words({**few, "about": False, "unit": "calls"}) == "1 call"


LONG = "payments-of-the-whole-company-5fdfcbb64c"


def long_names() -> Evidence:
    """A service whose names are as long as Kubernetes lets them be, of whose callers one calls by another Service."""
    pods = tuple(pod(f"{LONG}-{'x' * 16}-{end}", f"10.0.0.{number}") for number, end in enumerate("ab", 1))
    who, other = caller(f"checkout-{LONG}-abcde"), caller(f"batch-{LONG}", 2)
    about = replace(service(LONG), selector={"app": LONG})
    beside = replace(about, meta=replace(about.meta, name=f"{LONG}-beside"), cluster_ips=("10.96.4.4",))
    look = SocketLook(other.name, 0, 0.0, (Socket("10.0.1.2", 40000, "10.96.4.4", PORT.number, ESTABLISHED, 7),))
    held = {pods[0].name: {"10.0.1.1": 1, "10.0.1.2": 1}}
    segments = {pods[0].name: {"10.0.1.1": 50, "10.0.1.2": 50}}
    pods = tuple(replace(one, containers=(replace(one.containers[0], ports=(DECLARED,)),)) for one in pods)
    return shop(held, callers=[who, other], about=about, pods=pods, segments=segments, sockets=(look,),
                surroundings=Surroundings(services=(beside,)), unseen=(UNSEEN,))  # fmt: skip


DECLARED = ContainerPort(LISTENS, "grpc")
UNSEEN = Unseen("programs in pod payments-a in namespace shop", Why.REFUSED, "some long words of who refused it, " * 4)


@pytest.mark.parametrize("width", [60, 80, 100, 120])
@pytest.mark.parametrize("seen", [pinned, long_names, lambda: shop({}), lambda: shop(callers=[])])
def test_nothing_but_what_is_to_be_pasted_is_wider_than_the_terminal(seen: Callable[[], Evidence], width: int) -> None:
    document = False
    for line in printed(seen(), width).splitlines():
        document = document and line != "EOF"
        if "<<'EOF'" in line:
            document = True
        whole = max(map(len, line.split()), default=0) > width - 20  # a word that no line has room for
        assert line == line.rstrip()
        if not (document or "kubectl" in line or whole):
            assert len(line) <= width, line


def test_on_a_narrow_terminal_a_long_name_keeps_both_its_ends() -> None:
    text = printed(long_names(), 80)

    (got,) = [line for line in text.splitlines() if "550 messages ≈" in line]
    assert re.fullmatch(r" +──> payments-of-the-\S+…x{16}-a +550 messages ≈ +100 %", got)


def test_a_headline_is_folded_between_its_parts() -> None:
    headed = packed("payments (shop), port 8080: 3 ready pods; no caller was seen; watched 10.0 s", 60)

    assert headed == ["payments (shop), port 8080: 3 ready pods;", "  no caller was seen; watched 10.0 s"]


def test_further_lines_of_a_numbered_remedy_stand_below_its_words() -> None:
    lines = printed(pinned(), 60).splitlines()

    (at,) = [number for number, line in enumerate(lines) if "2  the client chooses" in line]
    assert lines[at + 1].startswith(" " * 17 + "round_robin")


def test_where_too_few_calls_were_seen_a_cause_is_not_said_to_explain_nothing() -> None:
    few = shop({"payments-a": {"10.0.1.1": 1}}, callers=[caller("checkout")], segments={"payments-a": {"10.0.1.1": 1}})

    text = " ".join(printed(few, 120).split())

    assert "[too little was seen to say what it explains]" in text


def test_a_note_is_told_as_what_it_is() -> None:
    record = diagnose(shop({})).to_dict()
    (silence,) = record["findings"]

    assert matters(silence, record) == "no fault of balancing"
    assert matters({**silence, "explains": 1.0}, record) == "explains all of it, as it was told to be"
    assert matters({**silence, "explains": 1.0, "severity": "problem"}, record) == "explains all of it"
    assert matters({**silence, "explains": 0.501, "severity": "risk"}, record) == "explains 50.0 % of it"
    assert matters({**silence, "severity": "risk"}, record) == "a risk: it does not matter here yet"
    failing = {**silence, "severity": "problem", "aside": True}
    assert matters(failing, record) == "a fault of its own, none of balancing"
    after = {**silence, "severity": "risk", "follows_from": ["LB901", "LB101"]}
    assert matters(after, record) == "follows from LB901", "and not from what is not there"
    assert matters({**after, "follows_from": ["LB101"]}, record) == "a risk: it does not matter here yet"


def test_where_nothing_is_found_it_is_said() -> None:
    meshed = caller("checkout", proxy="istio-proxy")
    looks = envoy_looks(meshed, {f"10.0.0.{n}": 400 for n in (1, 2, 3)}, "payments.shop.svc.cluster.local")

    assert "nothing was found" in printed(shop(callers=[meshed], envoys=looks), 120)


def test_callers_of_another_service_are_shown_and_said_not_to_be_counted() -> None:
    seen = long_names()
    text, inside = " ".join(printed(seen, 200).split()), page([diagnose(seen).to_dict()])

    assert "1 caller, 1 by another Service" in text
    assert f"(Service {LONG}-beside, kube-proxy: one choice a connection among 2)" in text
    assert f"batch-{LONG} calls the same pods by Service {LONG}-beside: not counted here." in text
    assert f"`lbdemo -n shop diagnose {LONG}-beside`" in text
    assert "(not counted)" in inside
    assert f"diagnose {LONG}-beside`" in inside


def test_what_was_not_seen_is_named_with_what_would_settle_it() -> None:
    right = Right("create", "pods/exec", "", "shop")
    unseen = Unseen("programs in pod payments-a", Why.FORBIDDEN, "", right)

    text = " ".join(printed(pinned(unseen=(unseen,)), 100).split())

    assert "not seen: programs in pod payments-a: forbidden" in text
    assert "kubectl auth can-i create pods --subresource=exec -n shop" in text


def test_connections_are_told_where_calls_are_not_known() -> None:
    record = diagnose(shop(HELD, callers=[caller("checkout"), caller("batch", 2)])).to_dict()

    assert all("1 connection" in line for line in picture(record, 140)[:2])
    assert "How many calls they carry nobody counts" in "".join(map(str, verdict(record)))


def test_who_is_only_told_of_the_service_is_said_to_be_no_more() -> None:
    seen = shop(callers=[replace(caller("checkout"), found_by="environment")])

    assert "is told of 10.96.3.7; no call was seen" in picture(diagnose(seen).to_dict(), 140)[0]


def test_without_callers_the_headline_says_so() -> None:
    assert "no caller was seen" in headline(diagnose(shop({})).to_dict())


def test_pods_that_could_not_be_seen_are_not_said_to_be_none() -> None:
    blind = Unseen("endpointslices", Why.FORBIDDEN)

    assert "its pods could not be seen" in headline(diagnose(replace(shop({}), slices=blind)).to_dict())
    assert "0 ready pods" in headline(diagnose(replace(shop({}), slices=())).to_dict())


def test_brackets_in_names_are_no_markup() -> None:
    assert "[red]" in printed(shop(HELD, callers=[caller("[red]x"), caller("batch", 2)]), 120)


def test_who_calls_from_a_nodes_network_is_told_as_far_as_it_is_known() -> None:
    at_node = replace(caller("agent"), node="node-1")
    unsure = replace(at_node, name="node/node-1", pod=None, one_of=("shop/agent", "ops/other"))
    held = {"payments-a": {"10.0.1.1": 1}}

    one, some = (printed(shop(held, callers=[who]), 200) for who in (at_node, unsure))

    assert "agent calls from the network of node-1" in one
    assert "  node-1 ── 1 connection" in some
    assert "some program in its network calls, such as that of agent and other." in some
    assert "in the network of node-1 there is none" in some
    assert "in a node's network, where node-1 calls, there are none" in some


FIGURES = {
    "callers": {"shop/a": "PINNED"}, "all_callers": 2, "calls": 5, "of": 10, "total": "BALANCED", "phi": 2.0,
    "intervals": 3, "wanted": 100, "seconds": 12.0, "error": 0.1, "servers": 3, "tolerance": 0.2, "provable": 0.5,
    "restarted": ["shop/a"], "changed": [], "others": [], "looks": 12, "connections": {"shop/a": 1, "shop/b": 0},
}  # fmt: skip


@pytest.mark.parametrize("code", SENTENCES)
def test_every_reason_is_a_sentence_of_pods_without_their_namespace(code: str) -> None:
    figures = {**FIGURES, "callers": 2} if code != "uneven_callers" else FIGURES

    said = flow_reason({"code": code, "figures": figures})

    assert said.endswith(".")
    assert "shop/" not in said


def test_names_are_shortened_wherever_they_stand() -> None:
    assert short({"shop/a": ["shop/b", 1], "x": None}) == {"a": ["b", 1], "x": None}


def kept(step: float, **more: Any) -> Evidence:
    past = (period(1, EVEN), period(0, ODD))
    return shop(HELD, callers=[caller("checkout")], scrapes=replace(scrapes(step, 30, 900, 0, 0), history=past), **more)


def test_where_a_prometheus_looks_too_seldom_it_is_said_of_when_its_counts_are() -> None:
    text = " ".join(printed(kept(15.0), 120).split())

    assert (
        "(counted by Prometheus monitoring/prometheus:9090 (grpc_server_started_total) in the 3 min 0 s until 12:00:00 "
        "UTC: it looks every 15.0 s, too seldom for the watch)"
    ) in text
    assert "server sockets says the same: PINNED." in text
    assert "history: over 10 min 0 s: payments-a 66.7 %" in text


def test_where_it_looks_often_enough_there_is_nothing_to_say_of_when() -> None:
    text = " ".join(printed(kept(SECONDS / 20), 120).split())

    assert "(counted by Prometheus monitoring/prometheus:9090 (grpc_server_started_total))" in text


def test_the_record_has_both_sources_and_the_history() -> None:
    record = diagnose(kept(15.0)).to_dict()

    assert record["verdict"]["window"] == {
        "start": "2026-11-26T11:57:00+00:00", "end": "2026-11-26T12:00:00+00:00", "seconds": 180.0, "step": 15.0,
    }  # fmt: skip
    assert record["verdict"]["beside"] == {"source": "server sockets", "outcome": "PINNED", "calls": None,
                                           "about": False, "unit": "calls", "window": None, "agrees": True}  # fmt: skip
    assert [each["outcome"] for each in record["history"]["periods"]] == ["BALANCED", "PINNED"]
    assert record["history"]["calls"]["shop/payments-a"] == 12_000
    assert record["history"]["uneven_since"] == "2026-11-26T11:55:00+00:00"


def test_the_page_has_a_table_for_each_caller_under_its_way() -> None:
    inside = page([diagnose(pinned()).to_dict()])

    captions = re.findall(r"<caption>(.*?)</caption>", inside)
    choice = "(kube-proxy: one choice a connection among 3)"
    assert captions[0] == f"checkout ── 1 connection ──&gt; 10.96.3.7 {choice} ──&gt;"
    assert captions[2:] == ["called by nobody"]


def test_on_the_page_what_nobody_can_tell_is_neither_good_nor_bad() -> None:
    quiet = page([diagnose(shop({})).to_dict()])

    assert '<span class="badge found">INCONCLUSIVE</span>' in quiet


def test_the_page_says_what_changed_what_was_ignored_and_that_nothing_was_found() -> None:
    was, now = diagnose(pinned()), diagnose(pinned(), ["LB101"])
    inside = page([{**now.to_dict(), "after": Changes(was, now).to_dict()}])

    assert "ignored: LB101" in inside
    assert "since 2026-11-26T12:00:00Z: PINNED then, PINNED now" in inside
    assert "What explains it is ignored on purpose: LB101." in inside


def test_the_page_says_the_same() -> None:
    inside = page([diagnose(kept(15.0)).to_dict()])

    assert "too seldom for the watch" in inside
    assert "server sockets says the same: PINNED." in inside
    assert "history: over 10 min 0 s" in inside
