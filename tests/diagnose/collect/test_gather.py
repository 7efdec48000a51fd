"""All evidence of a service, from an API server and from programs in pods, both pretended."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from diagnose.shops import fronted, shop
from fake_api import FakeApi
from fakes import FakeStreams

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect.asked import Asked, Means
from lbdemo.diagnose.collect.gather import gather, only
from lbdemo.diagnose.collect.many import expected, gather_each, several
from lbdemo.diagnose.collect.objects import behind, port_of, service_of, surroundings
from lbdemo.diagnose.collect.prometheus_found import Finder
from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.looks import ClientLook
from lbdemo.errors import InputError, ProgramFailedError
from lbdemo.kube.answers import Why
from lbdemo.kube.records.services import ServicePort
from lbdemo.tools.kubectl import Kubectl

NAMESPACE = "shop"
DENIED = ProgramFailedError(
    ["kubectl"],
    1,
    'Error from server (Forbidden): pods "p" is forbidden: User "u" cannot create resource "pods/exec" in API group "" '
    'in the namespace "shop"',
)
QUICK = Asked(NAMESPACE, "payments", watch=0.01)


def meta(name: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "namespace": NAMESPACE, **more}


def pod(name: str, address: str, app: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "app", "image": f"{app}:1", **spec}
    running = {"name": "app", "state": {"running": {}}, "ready": True}
    return {
        "kind": "Pod", "metadata": meta(name, labels={"app": app}),
        "spec": {"nodeName": "node-1", "containers": [container]},
        "status": {"phase": "Running", "podIPs": [{"ip": address}], "podIP": address, "containerStatuses": [running],
                   "conditions": [{"type": "Ready", "status": "True"}]},
    }  # fmt: skip


SERVICE = {
    "kind": "Service", "metadata": meta("payments"),
    "spec": {"clusterIP": "10.96.3.7", "clusterIPs": ["10.96.3.7"], "selector": {"app": "payments"},
             "ports": [{"port": 80, "name": "http"}, {"port": 8080, "name": "grpc", "targetPort": 9090}]},
}  # fmt: skip
SLICE = {
    "kind": "EndpointSlice", "addressType": "IPv4",
    "metadata": meta("payments-x", labels={"kubernetes.io/service-name": "payments"}),
    "ports": [{"name": "grpc", "port": 9090}],
    "endpoints": [{"addresses": [address], "targetRef": {"kind": "Pod", "name": name}}
                  for name, address in (("payments-a", "10.0.0.1"), ("payments-b", "10.0.0.2"))],
}  # fmt: skip
NODE = {
    "kind": "Node", "metadata": {"name": "node-1"}, "spec": {"podCIDRs": ["10.0.0.0/16"]},
    "status": {"addresses": [{"type": "InternalIP", "address": "172.18.0.2"}]},
}  # fmt: skip
SHOP = (
    SERVICE, SLICE, NODE, {"kind": "Namespace", "metadata": {"name": NAMESPACE}},
    pod("payments-a", "10.0.0.1", "payments"), pod("payments-b", "10.0.0.2", "payments"),
    pod("checkout", "10.0.1.1", "checkout", env=[{"name": "PAYMENTS", "value": "payments:8080"}]),
)  # fmt: skip


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi().add(*SHOP) as fake:
        yield fake


def socket(peer: str, inode: int, segments: int) -> str:
    return f"S 1 10.0.0.1 9090 {peer} 40000 10001 {inode} {segments} {segments} 10 10"


RESOLV = "kubectl -n shop exec payments-a -c app -- cat /etc/resolv.conf"


def streams() -> FakeStreams:
    """Programs in pods; one tells the cluster's domain."""
    run = FakeStreams()
    run.on(RESOLV, answer="search shop.svc.corp.example svc.corp.example corp.example\n")
    return run


def looks(run: FakeStreams, pod: str, *turns: list[str]) -> None:
    """What the pod's sockets show, first in one look, then in twelve."""
    first = "\n".join(["@look", "S sockets", *turns[0], ""])
    whole = "\n".join(line for turn in turns for line in ("@look", "S sockets", *turn)) + "\n"
    run.on_stream(script(pod, "1"), [first.encode()]).on_stream(script(pod, "12"), [whole.encode()])


def script(pod: str, turns: str) -> str:
    return f"kubectl -n shop exec {pod} -c app -- python3 -c <SCRIPT> {turns} <PAUSE>"


def busy() -> FakeStreams:
    """A caller at one of the pods; kubelets probe both, from an address of the node's range."""
    run = streams()
    turns = [[socket("10.0.1.1", 7, 50 * turn), socket("10.0.0.254", 100 + turn, 2)] for turn in range(12)]
    looks(run, "payments-a", *turns)
    looks(run, "payments-b", *([socket("10.0.0.254", 200 + turn, 2)] for turn in range(12)))
    run.on_stream(script("checkout", "1"), [b"@look\nS 6 10.0.1.1 40001 10.96.3.7 8080 0 0\n"])
    return run


def test_who_is_connected_is_the_caller_and_probes_are_none(server: FakeApi) -> None:
    said: list[str] = []
    with busy() as run:
        seen = gather(QUICK, Means(server.api(), Kubectl(run), said.append))

    assert [(caller.name, caller.found_by) for caller in seen.callers] == [("shop/checkout", "sockets")]
    assert seen.hosts == ("10.0.0.254",)
    assert seen.host == "payments.shop.svc.corp.example"
    assert (seen.port.number, len(seen.sockets), seen.unseen) == (8080, 25, ())
    assert seen.clients == (ClientLook("shop/checkout", sent_away=0),)
    assert Case(seen).fleeting(seen.callers[0]).closed == 1, "the caller's own kernel remembers it"
    found = diagnose(seen)
    assert [finding.code for finding in found.findings] == ["LB101"]
    assert found.to_dict()["verdict"]["calls"] == 550
    assert said == ["payments (shop), port 8080: 2 ready pods; looking for callers", "1 caller; watching for 10.0 ms"]


def test_pods_whose_connections_are_ended_at_once_are_callers_too_and_kubelets_are_not(server: FakeApi) -> None:
    server.add(pod("batch", "10.0.1.2", "batch"))
    ended = [f"S 6 10.0.0.1 9090 {peer} 40{n}01 0 0" for n, peer in enumerate(("10.0.1.2", "10.0.0.254", "10.9.9.9"))]
    with streams() as run:
        looks(run, "payments-a", *([*ended, socket("10.0.1.1", 7, turn)] for turn in range(12)))
        looks(run, "payments-b", *([] for _ in range(12)))
        for name in ("checkout", "batch"):
            run.on_stream(script(name, "1"), [b"@look\nS sockets\n"])
        seen = gather(QUICK, Means(server.api(), Kubectl(run)))

    assert [(one.name, one.found_by) for one in seen.callers] == [
        ("shop/checkout", "sockets"), ("shop/batch", "sockets"),
    ]  # fmt: skip


PROMETHEUS = {
    "kind": "Service", "metadata": {"name": "prometheus", "namespace": "watch", "labels": {"app": "prometheus"}},
    "spec": {"ports": [{"port": 9090, "name": "web"}]},
}  # fmt: skip


def prometheus(_: Mapping[str, str]) -> tuple[int, bytes]:
    """Of a Prometheus that reads both pods: a counter of each, the same again and again."""
    now = time.time()
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(("payments-a", "payments-b"), 1):
        labels = {"__name__": "grpc_server_started_total", "namespace": NAMESPACE, "pod": name, "job": "pods",
                  "instance": f"10.0.0.{number}:9100"}  # fmt: skip
        rows.append(
            {"metric": labels, "value": [now, "1"], "values": [[now - back, str(60 - back)] for back in (15, 0)]}
        )
    return 200, json.dumps({"status": "success", "data": {"result": rows}}).encode()


def test_pods_that_come_while_it_is_watched_are_counted(server: FakeApi) -> None:
    def scale(said: str) -> None:
        if "watching" in said:
            came = {"endpoints": [{"addresses": ["10.0.0.3"], "targetRef": {"kind": "Pod", "name": "payments-c"}}]}
            label = {"kubernetes.io/service-name": "payments"}
            server.add(
                pod("payments-c", "10.0.0.3", "payments"), SLICE | came | {"metadata": meta("more", labels=label)}
            )

    with busy() as run:
        seen = gather(QUICK, Means(server.api(), Kubectl(run), scale))

    assert (seen.came, seen.went) == (1, 0)
    assert "LB201" in [finding.code for finding in diagnose(seen).findings]


def test_a_prometheus_that_is_found_is_asked_while_it_is_watched_and_after(server: FakeApi) -> None:
    server.add(PROMETHEUS)
    for path in ("query", "query_range"):
        server.passed[f"prometheus:9090/proxy/api/v1/{path}"] = prometheus
    with busy() as run:
        api = server.api()
        seen = gather(QUICK, Means(api, Kubectl(run), finder=Finder(api)))

    assert seen.unseen == ()
    assert seen.scrapes is not None
    assert (seen.scrapes.where, len(seen.scrapes.looks)) == ("watch/prometheus:9090", 4)
    assert diagnose(seen).to_dict()["history"]["source"].startswith("Prometheus watch/prometheus:9090")


def test_one_that_cannot_be_asked_is_named_and_all_else_is_seen(server: FakeApi) -> None:
    server.add(PROMETHEUS).forbid("get", "services/proxy")
    with busy() as run:
        api = server.api()
        seen = gather(QUICK, Means(api, Kubectl(run), finder=Finder(api)))

    assert [str(unseen.right) for unseen in seen.unseen] == ["get services/proxy in namespace watch"]
    assert diagnose(seen).to_dict()["verdict"]["calls"] == 550


@pytest.mark.parametrize(("address", "gone"), [("10.0.0.99", ("10.0.0.99",)), ("10.0.1.1", ()), ("10.9.9.9", ())])
def test_what_a_proxy_is_connected_to_and_no_pod_has_is_gone(server: FakeApi, address: str, gone: tuple[str]) -> None:
    server.add(pod("edge", "10.0.1.7", "nginx"))
    with streams() as run:
        looks(run, "payments-a", *([socket("10.0.1.7", 7, turn)] for turn in range(12)))
        looks(run, "payments-b", *([socket("10.0.1.7", 8, turn)] for turn in range(12)))
        run.on_stream(script("checkout", "1"), [b"@look\nS sockets\n"])  # who is told of it, and was not heard of
        run.on_stream(script("edge", "1"), [f"@look\nS 1 10.0.1.7 40001 {address} 9090 0 3\n".encode()])
        seen = gather(QUICK, Means(server.api(), Kubectl(run)))

    assert [caller.name for caller in seen.callers] == ["shop/edge"]
    assert seen.gone == gone, "another service's pod, and what is outside of pods' ranges, are not"


def test_of_callers_that_are_named_all_that_they_are_connected_to_stays() -> None:
    seen = shop({"payments-a": {"10.0.1.1": 1, "10.0.1.2": 1}}, headless=True, **fronted(4, 0))

    less = only(seen)

    before, after = ({look.pod: look.sockets for look in one.sockets if not look.turn} for one in (seen, less))
    assert [len(one["shop/payments-a"]) for one in (before, after)] == [2, 1]
    assert after["shop/front-1"] == before["shop/front-1"]


def test_an_envoy_of_somebodys_own_is_asked_for_its_configuration_and_not_for_its_programs(server: FakeApi) -> None:
    upstream = {"endpoint": {"address": {"socket_address": {"address": "payments", "port_value": 8080}}}}
    hosts = {"endpoints": [{"lb_endpoints": [upstream]}]}
    config = {"static_resources": {"clusters": [{"name": "pods", "type": "LOGICAL_DNS", "load_assignment": hosts}]}}
    front = pod("checkout", "10.0.1.1", "checkout", image="envoy:1")
    front["spec"]["volumes"] = [{"name": "c", "configMap": {"name": "front"}}]
    server.add(front, {"kind": "ConfigMap", "metadata": meta("front"), "data": {"envoy.yaml": yaml.safe_dump(config)}})

    with busy() as run:
        seen = gather(QUICK, Means(server.api(), Kubectl(run)))

    assert [(one.name, one.type, one.told_by) for one in seen.clusters] == [("pods", "LOGICAL_DNS", "configmap/front")]


def test_without_programs_in_pods_callers_are_those_that_are_told_of_the_service(server: FakeApi) -> None:
    server.forbid("list", "nodes").forbid("get", "nodes")
    with streams() as run:
        run.on_stream(script("checkout", "1"), [DENIED])
        for pod_name in ("payments-a", "payments-b"):
            for turns in ("1", "12"):
                run.on_stream(
                    f"kubectl -n shop exec {pod_name} -c app -- python3 -c <SCRIPT> {turns} <PAUSE>", [DENIED]
                )
        seen = gather(QUICK, Means(server.api(), Kubectl(run)))

    assert [(caller.name, caller.found_by) for caller in seen.callers] == [("shop/checkout", "environment")]
    assert {(unseen.why, str(unseen.right)) for unseen in seen.unseen} >= {
        (Why.FORBIDDEN, "create pods/exec in namespace shop"), (Why.FORBIDDEN, "get nodes"),
    }  # fmt: skip


def test_a_caller_can_be_named(server: FakeApi) -> None:
    asked = Asked(NAMESPACE, "payments", callers=("checkout",), watch=0.01)
    with streams() as run:
        run.on_stream(script("checkout", "1"), [b"@look\nS sockets\n"])
        for pod_name in ("payments-a", "payments-b"):
            run.on_stream(
                f"kubectl -n shop exec {pod_name} -c app -- python3 -c <SCRIPT> 12 <PAUSE>", [b"@look\nS sockets\n" * 2]
            )
        seen = gather(asked, Means(server.api(), Kubectl(run)))

    assert [(caller.name, caller.found_by) for caller in seen.callers] == [("shop/checkout", "asked")]


@pytest.mark.parametrize(
    ("asked", "hint"),
    [
        (Asked(NAMESPACE, "nope"), "there are payments"),
        (Asked("elsewhere", "payments"), "-n NAME"),
        (Asked(NAMESPACE, "payments", callers=("nobody",)), "name a caller as"),
    ],
)
def test_who_is_not_there_is_said_to_be_so(server: FakeApi, asked: Asked, hint: str) -> None:
    with FakeStreams() as run, pytest.raises(InputError) as caught:
        gather(asked, Means(server.api(), Kubectl(run)))

    assert hint in caught.value.hint


def test_a_name_for_something_outside_has_nothing_to_watch(server: FakeApi) -> None:
    named = replace(service_of(server.api(), QUICK), external_name="shop.example")

    with pytest.raises(InputError, match=r"another name of shop\.example"):
        port_of(named, "")


@pytest.mark.parametrize(
    ("name", "port", "typed"),
    [
        ("payments.shop.svc.cluster.local", "", "`lbdemo diagnose shop/payments` looks at"),
        ("payments.shop.svc.corp.example.", "grpc", "`lbdemo diagnose shop/payments --port grpc` looks at"),
        ("payments.shop.svc", "", "`lbdemo diagnose shop/payments` looks at"),
        ("payments.shop.example", "", "if it is one of a cluster"),
        ("shop", "", "if it is one of a cluster"),
    ],
)
def test_a_name_for_a_service_of_the_cluster_is_told_with_what_to_type(
    server: FakeApi, name: str, port: str, typed: str
) -> None:
    named = replace(service_of(server.api(), QUICK), external_name=name)

    with pytest.raises(InputError) as caught:
        port_of(named, port)

    assert typed in caught.value.hint


def test_endpoints_that_somebody_wrote_by_hand_are_the_pods_at_their_addresses() -> None:
    whole: dict[str, Any] = SERVICE["spec"]  # type: ignore[assignment]
    spec = {name: value for name, value in whole.items() if name != "selector"}
    bare = [{"addresses": [address]} for address in ("10.0.0.1", "10.0.0.2", "192.0.2.7")]
    with FakeApi().add(SERVICE | {"spec": spec}, SLICE | {"endpoints": bare}, *SHOP[2:]) as server:
        found = behind(server.api(), service_of(server.api(), QUICK), port_of(service_of(server.api(), QUICK), ""))

    assert isinstance(found.servers, tuple)
    seen = Evidence(found.service, found.port, found.slices, found.servers)
    assert [one.name for one in Case(seen).servers] == ["192.0.2.7", "shop/payments-a", "shop/payments-b"]


@pytest.mark.parametrize(("app", "told"), [("payments", []), ("payment", ["payments", "search"])])
def test_where_a_selector_fits_no_pods_those_that_may_be_meant_are_told(
    server: FakeApi, app: str, told: list[str]
) -> None:
    server.add(*({"kind": "Deployment", "metadata": meta(name)} for name in ("payments", "search")))
    server.add(SLICE | {"endpoints": []})
    service = replace(service_of(server.api(), QUICK), selector={"app": app})

    found = surroundings(server.api(), behind(server.api(), service, port_of(service, "")), []).deployments

    assert isinstance(found, tuple)
    assert [one.meta.name for one in found] == told


def test_the_port_is_the_one_that_speaks_grpc_or_the_one_that_is_named(server: FakeApi) -> None:
    service = service_of(server.api(), QUICK)

    assert port_of(service, "").number == 8080
    assert port_of(service, "80").name == "http"
    assert port_of(service, "grpc").number == 8080
    with pytest.raises(InputError, match="has no port 99"):
        port_of(service, "99")


@pytest.mark.parametrize(
    ("ports", "chosen"),
    [
        ((ServicePort(9100, "http-metrics"), ServicePort(50051, "api")), 50051),
        ((ServicePort(9100, "metrics"), ServicePort(50051, "tcp-api")), 50051),
        ((ServicePort(53, "dns", protocol="UDP"), ServicePort(443, "https")), 443),
        ((ServicePort(80, "web", app_protocol="http"), ServicePort(81, "rpc")), 81),
        ((ServicePort(80, "http"), ServicePort(9100, "metrics")), 80),
        ((ServicePort(70, "a"), ServicePort(71, "b")), 70),
    ],
)
def test_a_port_that_says_something_else_is_not_the_one_for_grpc(
    server: FakeApi, ports: tuple[ServicePort, ...], chosen: int
) -> None:
    assert port_of(replace(service_of(server.api(), QUICK), ports=ports), "").number == chosen


def test_of_many_services_each_is_told_when_it_is_done_and_who_cannot_be_seen(server: FakeApi) -> None:
    said: list[str] = []
    lost: list[str] = []
    with busy() as run:
        means = Means(server.api(), Kubectl(run), said.append)
        found = gather_each([replace(QUICK, service="gone"), QUICK], means, lambda asked, _: lost.append(asked.service))

    assert ([one.service.meta.name for one in found], lost) == (["payments"], ["gone"])
    assert said == ["1 of 2: shop/payments"]


def test_how_long_many_services_take_is_said_before() -> None:
    assert expected([replace(QUICK, watch=10.0)] * 100) == 13 * 12.0


def test_several_services_are_those_with_a_port_for_grpc(server: FakeApi) -> None:
    web = {"selector": {"app": "web"}, "ports": [{"port": 80, "name": "http"}]}
    server.add({"kind": "Service", "metadata": meta("web"), "spec": web})
    with FakeStreams() as run:
        means = Means(server.api(), Kubectl(run))

        assert [each.service for each in several(QUICK, means, everywhere=True, selector="")] == ["payments"]
        with pytest.raises(InputError, match="no service in namespace shop has the labels team=x"):
            several(QUICK, means, everywhere=False, selector="team=x")


def test_labelled_services_without_a_port_for_grpc_are_none(server: FakeApi) -> None:
    web = {"selector": {"app": "web"}, "ports": [{"port": 80, "name": "http"}]}
    server.add({"kind": "Service", "metadata": meta("web") | {"labels": {"team": "x"}}, "spec": web})
    with FakeStreams() as run, pytest.raises(InputError, match="in any namespace has a port for gRPC"):
        several(QUICK, Means(server.api(), Kubectl(run)), everywhere=True, selector="team=x")


def test_who_is_selected_by_labels_and_left_out_is_named(server: FakeApi) -> None:
    spec = {"selector": {"app": "web"}, "ports": [{"port": 80, "name": "api"}]}
    server.add({"kind": "Service", "metadata": meta("web") | {"labels": {"team": "x"}}, "spec": spec})
    server.add(SERVICE | {"metadata": meta("paid") | {"labels": {"team": "x"}}})
    said: list[str] = []
    with FakeStreams() as run:
        found = several(QUICK, Means(server.api(), Kubectl(run), said.append), everywhere=False, selector="team=x")

    assert [each.service for each in found] == ["paid"]
    assert [line for line in said if line.startswith("left out: shop/web (")] == said != []


def test_of_all_services_it_is_said_how_many_are_left_out(server: FakeApi) -> None:
    server.add({"kind": "Service", "metadata": meta("web"), "spec": {"ports": [{"port": 80, "name": "grpc"}]}})
    said: list[str] = []
    with FakeStreams() as run:
        several(QUICK, Means(server.api(), Kubectl(run), said.append), everywhere=True, selector="")

    assert [line for line in said if line.startswith("left out: 1 service more (")] == said != []


def test_the_role_to_diagnose_has_what_is_asked_for(server: FakeApi) -> None:
    role = yaml.safe_load((Path(__file__).parents[3] / "docs" / "roles" / "diagnose.yaml").read_text())
    given = {
        (group, resource) for rule in role["rules"] for group in rule["apiGroups"] for resource in rule["resources"]
    }

    server.add(PROMETHEUS)
    with busy() as run:
        gather(QUICK, Means(server.api(), Kubectl(run), finder=Finder(server.api())))

    assert len(server.asked) > 10
    asked = {match for line in server.asked if (match := kind_of(line))}
    assert asked <= given
    assert any("/services/prometheus:9090/proxy/" in line for line in server.asked)
    assert {
        ("", "pods/exec"),
        ("", "pods/proxy"),
        ("", "services/proxy"),
        ("", "pods/log"),
        ("", "configmaps"),
        *(("networking.istio.io", plural) for plural in ("sidecars", "serviceentries", "envoyfilters")),
    } <= given


def kind_of(line: str) -> tuple[str, str] | None:
    """Group and plural of what a line asks for."""
    found = re.search(r" /(?:api|apis/([^/]+))/v[^/]+/(?:namespaces/[^/]+/)?([a-z]+)", line)
    return (found[1] or "", found[2]) if found else None
