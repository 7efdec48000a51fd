"""`lbdemo diagnose` as a program, on evidence that was kept: what it prints, and what it exits with."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from diagnose.shops import caller, envoy_looks, route, servers, service, shop
from echo_server import told

from lbdemo.cli.diagnose import place, which_prometheus
from lbdemo.cli.diagnosis import How, Lost, give
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.saving import FILE, save
from lbdemo.errors import InputError
from lbdemo.kube.records.istio import DestinationRule, TrafficPolicy
from lbdemo.kube.records.meta import Meta

HOST = "payments.shop.svc.cluster.local"


def pinned() -> Evidence:
    held = {"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}}
    segments = {"payments-a": {"10.0.1.1": 50, "10.0.1.2": 2}}
    return shop(held, callers=[caller("checkout"), caller("batch", 2)], segments=segments)


def healthy(rate: int = 400) -> Evidence:
    meshed = caller("checkout", proxy="istio-proxy")
    rates = {f"10.0.0.{number}": rate for number in (1, 2, 3)}
    return shop(callers=[meshed], envoys=envoy_looks(meshed, rates, HOST), routes=(route(meshed),))


def quiet() -> Evidence:
    """Its sidecar is connected to all pods, and so few calls prove nothing of how they are spread."""
    return healthy(2)


def alone() -> Evidence:
    return shop({"payments-a": {"10.0.1.1": 1}}, callers=[caller("checkout")], pods=servers(["payments-a"]))


def nothing_seen() -> Evidence:
    return shop(callers=[caller("checkout")])


def risky() -> Evidence:
    rule = DestinationRule(Meta("DestinationRule", "shop", "x"), "payments", TrafficPolicy(requests_per_connection=1))
    return replace(healthy(), surroundings=Surroundings(destination_rules=(rule,)))


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    for make in (pinned, healthy, quiet, nothing_seen, alone):
        save(make(), tmp_path / make.__name__)
    return tmp_path


def given(*arguments: str) -> tuple[int, str, str]:
    return told("diagnose", *arguments)


@pytest.mark.parametrize(
    ("which", "code"), [("pinned", 1), ("healthy", 0), ("quiet", 7), ("nothing_seen", 7), ("alone", 0)]
)
@pytest.mark.parametrize("form", ["-otext", "-oshort", "-ojson", "-oyaml", "--junit=x.xml", "--html=x.html"])
def test_the_exit_code_is_the_same_in_every_form(
    kept: Path, which: str, code: int, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(kept)

    assert given("--load", which, form)[0] == code


def test_connections_to_all_pods_are_told_and_prove_nothing(kept: Path) -> None:
    code, out, _ = given("--load", str(kept / "quiet"))

    assert code == 7
    assert "INCONCLUSIVE: Too quiet to say" in out
    assert "over connections to all of them: nothing was found." in out
    assert "That calls are spread this does not prove" in out
    assert "does not prove" not in given("--load", str(kept / "healthy"))[1]


def test_the_help_says_what_it_exits_with() -> None:
    said = " ".join(given("--help")[1].split())

    assert "Exits with 0 where" in said
    assert "7 where nobody can tell" in said


def test_a_person_sees_the_way_the_verdict_the_cause_and_the_remedy(kept: Path) -> None:
    _, out, _ = given("--load", str(kept / "pinned"))

    lines = out.splitlines()
    assert lines[0] == "payments (shop), port 8080: 3 ready pods; 2 callers; watched 10.0 s"
    (way,) = [line for line in lines if line.startswith("  checkout ──")]
    assert "── 1 connection ──> 10.96.3.7 (kube-proxy: one choice a connection among 3)" in way
    assert any(line.startswith("PINNED: All 572 messages of 2 callers went to one and the same pod.") for line in lines)
    assert any(line.startswith("LB101 ") and "[explains all of it]" in line for line in lines)
    assert "kubectl -n shop rollout restart deployment/checkout" in out
    assert "docs/causes/LB101.md" in out
    assert all(line == line.rstrip() for line in lines)


def test_manifests_can_be_pasted_as_they_stand(kept: Path) -> None:
    _, out, _ = given("--load", str(kept / "pinned"))

    document = out.partition("<<'EOF'\n")[2].partition("\nEOF\n")[0]
    service = yaml.safe_load(document)

    assert (service["kind"], service["spec"]["clusterIP"]) == ("Service", "None")
    assert service["spec"]["ports"] == [{"name": "grpc", "port": 9090, "targetPort": "grpc"}]


def test_machines_get_the_same_record(kept: Path) -> None:
    _, as_json, _ = given("--load", str(kept / "pinned"), "-o", "json")
    _, as_yaml, _ = given("--load", str(kept / "pinned"), "-o", "yaml")

    record = json.loads(as_json)
    assert yaml.safe_load(as_yaml) == record
    assert (record["version"], record["verdict"]["outcome"], record["verdict"]["about"]) == (1, "PINNED", True)
    assert [finding["code"] for finding in record["findings"]] == ["LB101"]


def test_a_line_says_the_most_of_it(kept: Path) -> None:
    assert given("--load", str(kept / "pinned"), "-o", "short")[1] == (
        "shop/payments:8080  PINNED, about 572 messages  LB101 l4-single-connection\n"
    )


def test_junit_has_failures_for_a_verdict_and_a_problem_and_an_error_for_what_nobody_can_tell(kept: Path) -> None:
    counts = {}
    for which in ("pinned", "healthy", "quiet", "nothing_seen"):
        given("--load", str(kept / which), "--junit", str(kept / "junit.xml"))
        root = ET.parse(kept / "junit.xml").getroot()
        counts[which] = (root.get("failures"), root.get("errors"))

    assert counts == {
        "pinned": ("2", "0"), "healthy": ("0", "0"), "quiet": ("0", "1"), "nothing_seen": ("0", "1"),
    }  # fmt: skip


@pytest.mark.parametrize("fail_on", ["problem", "risk", "note", "never"])
@pytest.mark.parametrize("which", ["pinned", "healthy", "nothing_seen", "risky"])
def test_junit_minds_what_the_exit_code_minds(kept: Path, which: str, fail_on: str) -> None:
    save(risky(), kept / "risky")

    code, _, _ = given("--load", str(kept / which), "--junit", str(kept / "j.xml"), "--fail-on", fail_on)

    root = ET.parse(kept / "j.xml").getroot()
    counted = (int(root.get("failures", "")) > 0, int(root.get("errors", "")) > 0)
    assert counted == {0: (False, False), 1: (True, False), 7: (False, True)}[code]


def test_the_page_needs_nothing_else_and_has_the_record(kept: Path) -> None:
    given("--load", str(kept / "pinned"), "--html", str(kept / "page.html"))
    page = (kept / "page.html").read_text()

    assert "http://" not in page
    assert "https://" not in page
    assert "<meter" in page
    record = page.partition('<script type="application/json" id="lbdemo-diagnosis">')[2].partition("</script>")[0]
    assert [finding["code"] for finding in json.loads(record)[0]["findings"]] == ["LB101"]


def test_what_changed_is_said(kept: Path) -> None:
    code, out, _ = given("--load", str(kept / "healthy"), "--after", str(kept / "pinned"))

    assert code == 0
    assert "PINNED then, BALANCED now" in out
    assert "gone  LB101" in out


def test_people_may_mind_more_or_less(kept: Path) -> None:
    assert given("--load", str(kept / "pinned"), "--fail-on", "never")[0] == 0


def test_what_explains_it_may_be_ignored_on_purpose(kept: Path) -> None:
    code, out, _ = given("--load", str(kept / "pinned"), "--ignore", "lb101")

    assert code == 0
    assert "What explains it is ignored on purpose: LB101." in out
    assert given("--load", str(kept / "pinned"), "--ignore", "lb204")[0] == 1


def test_several_codes_may_be_ignored_and_none_that_there_is_not(kept: Path) -> None:
    assert given("--load", str(kept / "pinned"), "--ignore", "lb204,LB101")[0] == 0

    code, _, err = given("--load", str(kept / "pinned"), "--ignore", "LB999")

    assert (code, "no cause has the code LB999" in err) == (2, True)


def test_kept_evidence_can_be_kept_again_with_other_names(kept: Path) -> None:
    code, _, err = given("--load", str(kept / "pinned"), "--save", str(kept / "sent"), "--anonymize")

    assert (code, "evidence kept in" in err) == (1, True)
    assert "checkout" not in (kept / "sent" / FILE).read_text()


@pytest.mark.parametrize("options", [("--port", "80"), ("--from", "x"), ("--watch", "2s"), ("--no-prometheus",)])
def test_what_says_where_to_look_means_nothing_to_kept_evidence(kept: Path, options: tuple[str, ...]) -> None:
    code, _, err = given("--load", str(kept / "pinned"), *options)

    assert (code, f"{options[0]} means nothing with it" in err) == (2, True)


def test_what_could_not_be_read_or_written_in_the_end_is_told_before_anything_is_watched(kept: Path) -> None:
    (kept / "file").touch()

    for options in (("--after", "nowhere"), ("--save", str(kept / "file" / "x"))):
        code, _, err = given("payments", *options)
        assert (code, "cannot" in err, "context" in err) == (2, True, False)


def test_a_line_says_what_changed_too(kept: Path) -> None:
    out = given("--load", str(kept / "healthy"), "--after", str(kept / "pinned"), "-o", "short")[1]

    assert out.endswith("(since 2026-11-26T12:00:00Z: PINNED then, BALANCED now; gone LB101)\n")


def test_nothing_is_said_to_be_gone_that_nobody_can_tell(kept: Path) -> None:
    _, out, _ = given("--load", str(kept / "nothing_seen"), "--after", str(kept / "pinned"))

    assert "nobody can tell whether these are gone: LB101" in out
    assert "  gone  LB101" not in out


def test_what_is_ignored_now_is_not_gone(kept: Path) -> None:
    marked = service(meta={"annotations": {"lbdemo.dev/ignore": "LB101"}})
    save(replace(pinned(), service=marked), kept / "marked")

    _, out, _ = given("--load", str(kept / "marked"), "--after", str(kept / "pinned"), "-o", "short")

    assert out.endswith("PINNED now; ignored now: LB101)\n")


def test_what_is_older_is_not_taken_for_what_came_later(kept: Path) -> None:
    save(replace(healthy(), made="2026-11-26T11:59:59+00:00"), kept / "before")

    older = given("--load", str(kept / "before"), "--after", str(kept / "pinned"), "-o", "short")[1]
    newer = given("--load", str(kept / "pinned"), "--after", str(kept / "before"), "-o", "short")[1]

    assert ("the older one" in older, "the older one" in newer) == (True, False)


LOST = (Lost("shop", "orders", "cannot see services"),)


@pytest.mark.parametrize("form", ["short", "text", "json", "yaml"])
def test_of_several_one_that_could_not_be_seen_is_told_in_every_form(
    form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(tmp_path / "junit.xml"), str(tmp_path / "page.html")]

    code = give([healthy()], How(form, "problem", junit=files[0], html=files[1], many=True), LOST)

    assert code == 7
    for text in (capsys.readouterr().out, *(Path(file).read_text() for file in files)):
        assert "orders" in text
        assert "cannot see services" in text
    assert give([healthy()], How(form, "never", many=True), LOST) == 0
    assert give([pinned()], How(form, "problem", many=True), LOST) == 1


def test_evidence_of_another_service_is_said_to_be_that(kept: Path) -> None:
    other = replace(pinned(), service=service("orders"))
    save(other, kept / "other")

    assert "(then it was orders in namespace shop)" in given("--load", str(kept / "pinned"), "--after",
                                                             str(kept / "other"))[1]  # fmt: skip
    assert "then it was" not in given("--load", str(kept / "healthy"), "--after", str(kept / "pinned"))[1]


@pytest.mark.parametrize(
    "arguments",
    [(), ("-A", "payments"), ("payments", "--load", "x"), ("payments", "--anonymize"), ("-A", "--save", "x"),
     ("--load", "nowhere"), ("payments", "-o", "xml"), ("payments", "--fail-on", "all"), ("payments", "--watch", "no"),
     ("payments", "--prometheus", "prometheus"), ("payments", "--prometheus", ""),
     ("payments", "--prometheus", "a/b", "--no-prometheus")],
)  # fmt: skip
def test_what_contradicts_itself_is_refused(arguments: tuple[str, ...]) -> None:
    code, _, err = given(*arguments)

    assert code in (2, 5), err
    assert "Traceback" not in err


def test_a_name_has_one_namespace() -> None:
    where: Any = None

    with pytest.raises(InputError, match="a/b/c is no service's name"):
        place(where, where, "a/b/c")


def test_one_prometheus_is_named_or_found_or_none_is_asked() -> None:
    assert which_prometheus("", without=False) == ""
    assert which_prometheus("", without=True) is None
    assert which_prometheus("monitoring/prometheus", without=False) == "monitoring/prometheus"
