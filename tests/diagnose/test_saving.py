from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
from diagnose.shops import ambient, caller, envoy_looks, fronted, route, service, shop, waypoint

from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.looks import EnvoyCluster, MetricsLook
from lbdemo.diagnose.saving import FILE, SECRET, load, save
from lbdemo.diagnose.scrapes import Period, Scrapes
from lbdemo.diagnose.told import channels, xds_target
from lbdemo.errors import InputError
from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.kube.records.cluster import Namespace
from lbdemo.kube.records.istio import (
    Destination,
    DestinationRule,
    MeshRoute,
    PeerAuthentication,
    TrafficPolicy,
    VirtualService,
)
from lbdemo.kube.records.meta import Meta, Owner

HOST = "payments.shop.svc.cluster.local"
FORBIDDEN = Unseen("nodes", Why.FORBIDDEN, "no", Right("list", "nodes"), "work")


def everything() -> Evidence:
    checkout, batch = caller("checkout", 1), caller("batch", 2, proxy="istio-proxy")
    around = Surroundings(
        namespaces=(Namespace(Meta("Namespace", "", "shop", {"istio-injection": "enabled"}), "Active", ()),),
        nodes=FORBIDDEN,
        destination_rules=(
            DestinationRule(Meta("DestinationRule", "shop", "payments"), "payments", TrafficPolicy("ROUND_ROBIN"),
                            ports={8080: TrafficPolicy("RANDOM")}),
        ),
        peer_authentications=(
            PeerAuthentication(Meta("PeerAuthentication", "shop", "all"), "STRICT", ports={9090: "DISABLE"}),
        ),
    )  # fmt: skip
    return shop(
        {"payments-a": {"10.0.1.1": 1}}, callers=[checkout, batch], segments={"payments-a": {"10.0.1.1": 9}},
        surroundings=around, envoys=envoy_looks(batch, {"10.0.0.1": 5}, HOST), routes=(route(batch, "http", ("a", 1)),),
        clusters=(EnvoyCluster(batch.name, "a", "EDS", "RANDOM"),),
        metrics=(MetricsLook("shop/payments-a", 0, 0.1, "request_total", 7),), unseen=(FORBIDDEN,),
        scrapes=scrapes("towers/thanos:9090"),
    )  # fmt: skip


def scrapes(where: str) -> Scrapes:
    looks = tuple(MetricsLook(f"shop/payments-{pod}", turn, 15.0 * turn - 200, "request_total", 900 * turn)
                  for turn in range(14) for pod in "abc")  # fmt: skip
    return Scrapes(
        where,
        (where, "towers/two:80"),
        "request_total",
        15.0,
        looks,
        (Period(-290.0, 10.0, (("shop/payments-a", 12),)),),
    )


def pinned() -> Evidence:
    return shop({"payments-a": {"10.0.1.1": 1}}, callers=[caller("checkout")],
                segments={"payments-a": {"10.0.1.1": 50}})  # fmt: skip


def test_what_was_kept_is_what_was_seen(tmp_path: Path) -> None:
    seen = everything()

    save(seen, tmp_path / "kept")

    assert load(tmp_path / "kept") == seen
    assert load(tmp_path / "kept" / FILE) == seen


@pytest.mark.parametrize(
    "seen",
    [
        shop({}, gone=("10.0.0.99",), **fronted(4, 0)),
        ambient(use="way", waypoints=(waypoint("way"),)),
        shop(surroundings=Surroundings(gateways=FORBIDDEN, proxy_mode="ipvs")),
    ],
    ids=["fronts", "waypoints", "what could not be seen"],
)
def test_what_stands_before_the_service_is_kept_too(tmp_path: Path, seen: Evidence) -> None:
    save(seen, tmp_path)

    assert load(tmp_path) == seen


def test_the_names_of_what_stands_before_the_service_are_others_too(tmp_path: Path) -> None:
    text = save(shop({}, **fronted(4, 0)), tmp_path, anonymous=True).read_text()

    assert "front" not in text.replace('"fronts"', "")


def test_it_is_judged_alike(tmp_path: Path) -> None:
    seen = pinned()
    save(seen, tmp_path)

    assert diagnose(load(tmp_path)).to_dict() == diagnose(seen).to_dict()


def test_secrets_are_not_kept(tmp_path: Path) -> None:
    checkout = caller("checkout")
    assert checkout.pod is not None
    (container,) = checkout.pod.containers
    told = replace(container, env={"PASSWORD": "hunter2", "HTTPS_PROXY": "proxy:3128"}, args=("--token=hunter2",))
    meta = replace(checkout.pod.meta, annotations={"kubectl.kubernetes.io/last-applied-configuration": "hunter2",
                                                   "sidecar.istio.io/inject": "false"})  # fmt: skip
    seen = shop(callers=[replace(checkout, pod=replace(checkout.pod, containers=(told,), meta=meta))])

    text = save(seen, tmp_path).read_text()

    assert "hunter2" not in text
    kept = load(tmp_path).callers[0].pod
    assert kept is not None
    assert kept.containers[0].env == {"PASSWORD": SECRET, "HTTPS_PROXY": "proxy:3128"}
    assert kept.meta.annotations == {"sidecar.istio.io/inject": "false"}


def test_of_variables_and_arguments_what_causes_ask_for_is_kept(tmp_path: Path) -> None:
    checkout = caller("checkout")
    assert checkout.pod is not None
    env = {"HTTPS_PROXY": "http://me:hunter2@proxy:3128", "LB": "hunter2 round_robin"}
    told = replace(checkout.pod.containers[0], env=env, args=("--token=hunter2", "--policy=round_robin"))
    seen = shop(callers=[replace(checkout, pod=replace(checkout.pod, containers=(told,)))])

    assert "hunter2" not in save(seen, tmp_path).read_text()

    kept = load(tmp_path).callers[0].pod
    assert kept is not None
    assert kept.containers[0].env == {"HTTPS_PROXY": "proxy:3128", "LB": "round_robin"}
    assert kept.containers[0].args == ("round_robin",)


def test_of_other_services_of_the_pods_callers_are_told_in_what_is_kept_too(tmp_path: Path) -> None:
    checkout = caller("checkout")
    assert checkout.pod is not None
    told = replace(checkout.pod.containers[0], args=("--target=dns:///payments-pods.shop.svc:9090",))
    around = Surroundings(services=(replace(service("payments-pods", headless=True), selector={"app": "payments"}),))
    seen = shop(callers=[replace(checkout, pod=replace(checkout.pod, containers=(told,)))], surroundings=around)

    save(seen, tmp_path)

    kept = load(tmp_path).callers[0].pod
    assert kept is not None
    assert kept.containers[0].args == ("payments-pods:9090",)


def test_other_names_change_no_judgement(tmp_path: Path) -> None:
    seen = pinned()

    text = save(seen, tmp_path, anonymous=True).read_text()

    for name in ("shop", "payments", "checkout", "registry.example"):
        assert name not in text
    again, first = diagnose(load(tmp_path)).to_dict(), diagnose(seen).to_dict()
    assert [f["code"] for f in again["findings"]] == [f["code"] for f in first["findings"]]
    assert again["verdict"]["outcome"] == first["verdict"]["outcome"]
    assert again["verdict"]["calls"] == first["verdict"]["calls"]


def test_names_of_whatever_else_was_seen_are_others_too(tmp_path: Path) -> None:
    labels = {"acme.example/team": "falcons", "app.kubernetes.io/part-of": "acme-suite", "app": "payments", "v": "v2"}
    foreign = Meta("DestinationRule", "elsewhere", "secret-rule", labels, owners=(Owner("Release", "hidden", "1"),))
    to = (MeshRoute("http", (Destination("backend.hidden-ns.svc.cluster.local"),)),)
    around = Surroundings(
        destination_rules=(
            DestinationRule(
                foreign,
                "reviews.bookinfo.svc.cluster.local",
                TrafficPolicy(),
                selector={"acme.example/team": "falcons"},
            ),
        ),
        virtual_services=(VirtualService(Meta("VirtualService", "elsewhere", "vs"), ("pay.acme.example",), (), to),),
        services=(replace(service("ledger-pods", headless=True), selector={"app": "payments"}),),
    )
    why = 'pods is forbidden: User "alice" cannot list resource'
    denied = Unseen("pods", Why.FORBIDDEN, why, Right("list", "pods"), "acme-prod")
    seen = shop({"payments-a": {"10.0.1.1": 1}}, callers=[caller("checkout")], surroundings=around, unseen=(denied,))

    text = save(seen, tmp_path, anonymous=True).read_text()

    assert not re.search("acme|falcons|elsewhere|secret|hidden|reviews|bookinfo|backend|ledger|alice", text)
    rules = load(tmp_path).surroundings.destination_rules
    assert isinstance(rules, tuple)
    assert rules[0].selector.items() <= rules[0].meta.labels.items(), "what belonged together still does"
    assert rules[0].meta.labels["v"] == "v2"


def test_words_that_mean_something_are_no_names(tmp_path: Path) -> None:
    seen = shop({"payments-a": {"10.0.1.1": 1}}, callers=[caller("grpc")], about=service("server"),
                metrics=(MetricsLook("shop/payments-a", 0, 0.1, "grpc_server_started_total", 7),))  # fmt: skip

    save(seen, tmp_path, anonymous=True)

    kept = load(tmp_path)
    assert (kept.metrics[0].source, kept.port.app_protocol) == ("grpc_server_started_total", "grpc")


@pytest.mark.parametrize("where", ["towers/thanos:9090", "https://thanos.corp.example/x"])
def test_where_a_prometheus_is_is_nobodys_business_either(tmp_path: Path, where: str) -> None:
    missing = Unseen("api/v1/query of service thanos:9090 in namespace towers", Why.FORBIDDEN)
    seen = shop(callers=[caller("checkout")], scrapes=scrapes(where), unseen=(missing,) if "://" not in where else ())

    text = save(seen, tmp_path, anonymous=True).read_text()

    for name in ("shop", "payments", "towers", "cortex", "thanos", "corp"):
        assert name not in text
    verdict, first = diagnose(load(tmp_path)).to_dict()["verdict"], diagnose(seen).to_dict()["verdict"]
    assert (verdict["outcome"], verdict["calls"]) == (first["outcome"], first["calls"])
    assert verdict["source"] == "Prometheus prometheus-1 (request_total)"


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 99}', '{"version": 1, "service": 7}'])
def test_what_is_no_evidence_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)

    with pytest.raises(InputError):
        load(tmp_path)


def test_older_evidence_without_newer_members_is_read(tmp_path: Path) -> None:
    file = save(everything(), tmp_path)
    document = json.loads(file.read_text())
    for name in ("hosts", "metrics", "clusters", "scrapes"):
        document.pop(name)
    file.write_text(json.dumps(document))

    assert load(tmp_path).metrics == ()


def test_what_a_command_says_is_kept_no_more_than_what_arguments_say(tmp_path: Path) -> None:
    checkout = caller("checkout")
    assert checkout.pod is not None
    told = replace(checkout.pod.containers[0], command=("run", "--token=hunter2", "--channels=5"),
                   args=("xds:///payments:80", "--channels=7"), env={"GRPC_CHANNELS": "4"})  # fmt: skip
    seen = shop(callers=[replace(checkout, pod=replace(checkout.pod, containers=(told,)))])

    assert "hunter2" not in save(seen, tmp_path).read_text()

    kept = load(tmp_path).callers[0].pod
    assert kept is not None
    assert kept.containers[0].command == ("channels=5",)
    assert channels(kept) == 7
    assert kept.containers[0].env == {"GRPC_CHANNELS": "channels=4"}
    assert xds_target(kept, "payments") == "payments:80"


def test_names_of_an_envoys_own_have_others_too(tmp_path: Path) -> None:
    front = caller("front")
    assert front.pod is not None
    cluster = EnvoyCluster(front.name, "till", "LOGICAL_DNS", "ROUND_ROBIN", told_by="configmap/edge")
    who = replace(front, pod=replace(front.pod, config_maps=("edge",)))

    text = save(shop(callers=[who], clusters=(cluster,)), tmp_path, anonymous=True).read_text()

    assert '"configmap/configmap-1"' in text
    assert not re.search(r"\b(till|edge|front)\b", text)


def test_what_a_rule_says_of_tls_has_other_names_and_is_judged_alike(tmp_path: Path) -> None:
    told = {"mode": "SIMPLE", "sni": "bank.example", "subjectAltNames": ["vault"], "insecureSkipVerify": True}
    policy = TrafficPolicy(tls="SIMPLE", tls_settings=json.dumps(told))
    rule = DestinationRule(Meta("DestinationRule", "shop", "payments"), "payments", policy)
    seen = replace(pinned(), surroundings=Surroundings(destination_rules=(rule,)))

    text = save(seen, tmp_path, anonymous=True).read_text()

    assert "bank" not in text
    assert "vault" not in text
    rules = load(tmp_path).surroundings.destination_rules
    assert isinstance(rules, tuple)
    kept = json.loads(rules[0].policy.tls_settings)
    assert (rules[0].policy.tls, kept["mode"], kept["insecureSkipVerify"]) == ("SIMPLE", "SIMPLE", True)
