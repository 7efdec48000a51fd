"""Somebody's services, each broken in a way that people meet: the cause is found first, and no wrong one is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import pytest

from e2e.cluster import Cluster, eventually, kubectl, run
from e2e.foreign import (
    FINE,
    PORT,
    Shop,
    codes,
    go_client,
    go_server,
    problems,
    python_client,
    python_part,
    python_server,
    service,
    wait_until_healthy,
)
from e2e.foreign_images import image

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def grown() -> Iterator[Shop]:
    """A shop with more pods than its clients know of, once `grow` was called: they age while others are tested."""
    shop = Shop.open()
    shop.apply(python_server("parcels", 2), service("parcels", headless=True),
               python_client("checkout", f"dns:///parcels:{PORT}", "--policy=round_robin"))  # fmt: skip
    shop.calling("checkout")
    yield shop
    shop.close()


def grow(shop: Shop, name: str) -> None:
    """Scales parcels; makes letters all at once, of which some pods are ready only later. The second time, nothing."""
    if name == "parcels":
        shop.kubectl("scale", "deployment/parcels", "--replicas=4")
        shop.settled("parcels")
        return
    later = {"readinessProbe": {"tcpSocket": {"port": PORT}, "initialDelaySeconds": 15}}
    shop.apply(python_client("post", f"dns:///letters:{PORT}", "--policy=round_robin"),
               python_part("letters-a", "letters"), python_part("letters-b", "letters", 2, container=later),
               service("letters", headless=True))  # fmt: skip


@pytest.mark.parametrize("name", ["parcels", "letters"])
def test_pods_that_came_a_moment_ago_may_still_be_found(grown: Shop, name: str) -> None:
    grow(grown, name)

    found = codes(grown.record(name, watch="3s"))

    assert found[0] == "LB201"
    assert not {"LB103", "LB105", "LB107"} & set(found)


def test_one_connection_through_a_cluster_ip_explains_all_and_calls_are_counted_by_segments(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels"), python_client("checkout", "parcels:80"),
               python_client("batch", "parcels:80", "--rate=5"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB101"]
    assert record["findings"][0]["explains"] > 0.99
    assert record["verdict"]["outcome"] == "PINNED"
    assert record["verdict"]["source"].startswith("server sockets")
    calls = {c["workload"]: sum(a["calls"] for a in c["arrivals"]) for c in record["callers"]}
    ratio = calls["deployment/checkout"] / calls["deployment/batch"]
    assert 2 < ratio < 20, "ten times as many were sent, where the machine keeps up"


def test_a_service_without_a_shell_is_judged_by_its_own_counters(shop: Shop) -> None:
    shop.apply(go_server("payments"), service("payments"), go_client("checkout", "payments:80"))
    shop.calling("checkout")

    record = shop.record("payments", expect=1)

    assert codes(record) == ["LB101"]
    assert record["findings"][0]["possible"]
    assert record["verdict"]["source"] == "servers' metrics (grpc_server_started_total)"
    assert any("none of python3, sh, cat" in unseen["detail"] for unseen in record["unseen"])


def test_servers_that_nobody_can_look_into_are_judged_by_the_sockets_of_their_callers(shop: Shop) -> None:
    hello = "--method=/helloworld.Greeter/SayHello"
    shop.apply(go_server("payments", annotations={"prometheus.io/scrape": "false"}), service("payments"),
               service("payments-all", headless=True, selector={"app": "payments"}),
               python_client("checkout", "payments:80", hello))  # fmt: skip
    shop.calling("checkout")
    record = shop.record("payments", expect=1)
    assert codes(record) == ["LB101", "LB902"]
    assert record["findings"][0]["evidence"][0]["source"] == "callers' sockets"
    assert not any(server["seen"] for server in record["servers"])

    shop.retarget("checkout", f"dns:///payments-all:{PORT}")
    record = shop.record("payments-all", expect=1)
    assert codes(record) == ["LB103"]
    assert record["findings"][0]["evidence"][0]["source"] == "callers' sockets"

    shop.apply(python_client("checkout", f"dns:///payments-all:{PORT}", hello, "--policy=round_robin"))
    shop.calling("checkout")
    eventually(lambda: shop.diagnose("payments-all", watch="2s").code in FINE)  # nobody counts its calls


def test_a_probe_looks_where_nothing_else_can_and_is_used_again(shop: Shop) -> None:
    shop.apply(go_server("payments", 2), service("payments"), go_client("checkout", "payments:80"))
    shop.calling("checkout")

    record = shop.record("payments", "--probe", image("python"), expect=1)

    assert codes(record) == ["LB101"]
    assert not record["findings"][0]["possible"]
    assert record["callers"][0]["connections"] == 1
    again = shop.record("payments", expect=1)
    assert not again["findings"][0]["possible"], "the probe that is there is used"
    path = "jsonpath={.items[*].spec.ephemeralContainers[*].name}"
    added = shop.kubectl("get", "pods", "-l", "app=payments", "-o", path)
    assert len(added.split()) == 2, "one a pod"


def test_a_headless_service_and_the_default_policy_are_pick_first(shop: Shop) -> None:
    target = f"dns:///parcels:{PORT}"
    shop.apply(python_server("parcels"), service("parcels", headless=True), python_client("checkout", target))
    shop.calling("checkout")

    assert codes(shop.record("parcels", expect=1)) == ["LB103"]

    shop.apply(python_client("checkout", target, "--policy=round_robin"))
    shop.calling("checkout")
    record = wait_until_healthy(shop, "parcels")
    assert record["callers"][0]["choice"]["per"] == "call"


def test_affinity_by_address_is_told_beside_what_pins_the_calls(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels", sessionAffinity="ClientIP"),
               python_client("checkout", "parcels:80", "--channels=6", "--own-connections"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert codes(record)[0] == "LB401"
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.kubectl("rollout", "restart", "deployment/checkout")
    shop.settled("checkout")
    shop.calling("checkout")
    assert "LB401" not in codes(shop.record("parcels"))


def test_one_ready_pod_of_three(shop: Shop) -> None:
    shop.apply(python_server("parcels", 1), service("parcels"), python_client("checkout", "parcels:80"))
    shop.calling("checkout")
    broken = {"readinessProbe": {"tcpSocket": {"port": 1}}}
    ill = python_server("parcels-ill", 2, container=broken, labels={"app": "parcels"})
    ill["spec"]["selector"]["matchLabels"] = {"app": "parcels", "state": "ill"}
    ill["spec"]["template"]["metadata"]["labels"] = {"app": "parcels", "state": "ill"}
    shop.kubectl("apply", "-f", "-", stdin=json.dumps(ill))
    ill_pods = ("pod", "-l", "state=ill", "--timeout=60s")
    shop.kubectl("wait", "--for=create", *ill_pods)
    shop.kubectl("wait", "--for=jsonpath={.status.containerStatuses[0].started}=true", *ill_pods)

    record = shop.record("parcels", expect=1)

    assert codes(record)[0] == "LB202"
    assert "1 of 3" in record["findings"][0]["sentence"]
    told = shop.specification("deployment/parcels-ill")
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.settled("parcels-ill")
    assert "LB202" not in codes(shop.record("parcels"))
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert shop.specification("deployment/parcels-ill") == told


def test_a_service_that_finds_no_pods_no_port_and_only_one_pod_is_led_to_them(shop: Shop) -> None:
    shop.apply(python_server("parcels", 1), service("parcels", selector={"app": "parcel"}, port={"targetPort": "grcp"}))
    told = shop.specification("service/parcels")

    fits = pasted_for(shop, "its selector fits none")
    port = pasted_for(shop, "none of them has the port grcp")
    many = pasted_for(shop, "There is one pod")

    assert alone(shop) == ""
    shop.paste([*many, *port, *fits])
    assert shop.specification("service/parcels") == told
    assert shop.specification("deployment/parcels")["replicas"] == 1


def pasted_for(shop: Shop, sentence: str) -> list[str]:
    """Pastes the remedy of too few pods, waits until that is not said any more; what undoes it."""
    told = shop.record("parcels", watch="1s")["findings"][0]
    assert (told["code"], sentence in told["sentence"]) == ("LB202", True), told
    shop.paste(told["fixes"][0]["commands"])
    shop.settled("parcels")
    eventually(lambda: sentence not in alone(shop))
    return list(told["fixes"][0]["undo"])


def alone(shop: Shop) -> str:
    """What is said of too few pods; "" when they are enough."""
    found = shop.record("parcels", watch="1s")["findings"]
    return next((finding["sentence"] for finding in found if finding["code"] == "LB202"), "")


@pytest.mark.parametrize("strategy", ["headless", "envoy", "xds"])
def test_a_remedy_is_no_fault(make_cluster: Callable[..., Cluster], strategy: str) -> None:
    cluster = make_cluster()
    if strategy == "xds":
        cluster("up", "--istio")
    cluster("up", "--strategy", strategy)

    installed = Shop(cluster.namespace)
    eventually(lambda: any(a["calls"] for c in installed.record("echo-server")["callers"] for a in c["arrivals"]))
    record = installed.record("echo-server")

    assert problems(record) == []
    assert {caller["choice"]["per"] for caller in record["callers"]} == {"call"}


def test_silence_is_no_fault(shop: Shop) -> None:
    shop.apply(python_server("parcels", 2), service("parcels"))

    record = shop.record("parcels", watch="2s")

    assert codes(record)[-1] == "LB901"
    assert all(finding["severity"] == "note" for finding in record["findings"])


@pytest.mark.parametrize(("role", "counts"), [("view", False), ("edit", True)])
def test_who_has_few_rights_is_told_what_they_leave_open(shop: Shop, role: str, counts: bool) -> None:
    shop.apply(go_server("payments", 2), service("payments"), go_client("checkout", "payments:80"))
    shop.calling("checkout")
    shop.kubectl("create", "serviceaccount", "few")
    shop.kubectl("create", "rolebinding", "few", f"--clusterrole={role}", f"--serviceaccount={shop.namespace}:few")

    record = shop.record("payments", KUBECONFIG=kubeconfig_of(shop, "few"))

    assert record["callers"][0]["found_by"] == "environment"
    assert any("pods/exec" in unseen["hint"] for unseen in record["unseen"]) is not counts
    assert ("LB902" in codes(record)) is not counts
    assert (record["verdict"]["calls"] is not None) is counts
    assert any(unseen["what"].startswith("nodes") for unseen in record["unseen"])


def test_what_belongs_to_the_system_may_be_looked_at() -> None:
    done = run(["lbdemo", "-n", "kube-system", "diagnose", "kube-dns", "--watch", "1s"])

    assert done.code in FINE, done.err
    assert "kube-dns (kube-system)" in done.out


def test_who_sees_services_only_gets_an_answer_all_the_same(shop: Shop) -> None:
    shop.apply(go_server("payments", 1), service("payments"))
    shop.kubectl("create", "serviceaccount", "blind")
    shop.kubectl("create", "role", "blind", "--verb=get", "--resource=services")
    shop.kubectl("create", "rolebinding", "blind", "--role=blind", f"--serviceaccount={shop.namespace}:blind")

    done = shop.diagnose("payments", watch="2s", KUBECONFIG=kubeconfig_of(shop, "blind"))

    assert done.code == 7
    assert "endpointslices" in done.out


@pytest.mark.parametrize("name", ["parcels", "letters"])
def test_pods_that_came_later_are_never_called_without_a_connection_age(grown: Shop, name: str) -> None:
    grow(grown, name)  # this may be the first test that asks for it: pods of less than a minute may still be found
    eventually(lambda: codes(grown.record(name, watch="3s"))[:1] == ["LB107"], 150)
    assert grown.diagnose(name, watch="3s").code == 1


def test_with_the_connection_age_that_is_advised_pods_that_come_later_are_called(grown: Shop) -> None:
    grown.apply(python_server("parcels", 2, "--max-age=30"))
    grown.settled("parcels")
    grown.kubectl("scale", "deployment/parcels", "--replicas=4")
    grown.settled("parcels")

    def all_called() -> bool:
        record = grown.record("parcels", watch="3s")
        return record["callers"][0]["connections"] == 4 and not problems(record)

    eventually(all_called, 120)


def kubeconfig_of(shop: Shop, account: str) -> str:
    """A kubeconfig of a service account, in a file of the shop's own."""
    import tempfile

    view = json.loads(kubectl("config", "view", "--minify", "--raw", "--flatten", "-o", "json"))
    token = shop.kubectl("create", "token", account, "--duration=1h").strip()
    name = view["contexts"][0]["name"]
    context = {**view["contexts"][0]["context"], "user": account}
    view |= {"users": [{"name": account, "user": {"token": token}}], "contexts": [{"name": name, "context": context}]}
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as file:
        json.dump(view, file)
    return file.name
