"""What somebody's clients do themselves: connections for nothing, streams that stay, ports and policies in vain."""

from __future__ import annotations

import json

import pytest

from e2e.cluster import eventually, run
from e2e.foreign import (
    PORT,
    Shop,
    codes,
    finding,
    go_client,
    go_server,
    once,
    problems,
    python_client,
    python_server,
    service,
    wait_until_healthy,
)

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HEADLESS = f"dns:///parcels:{PORT}"


def test_a_connection_for_each_call(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels"), python_client("checkout", "parcels:80", "--dial-each"))
    shop.calling("checkout")

    record = shop.record("parcels")

    assert "checkout" in finding(record, "LB116")["sentence"]
    assert "LB101" not in codes(record)
    target = shop.let_the_client_choose(finding(record, "LB116"))
    shop.apply(python_client("checkout", target, "--policy=round_robin"))
    shop.calling("checkout")
    assert "LB116" not in codes(wait_until_healthy(shop, "parcels-headless"))


def test_a_stream_stays_where_it_began_though_its_caller_is_connected_to_all_pods(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels", headless=True))  # first, so that DNS names all three
    shop.apply(python_client("checkout", HEADLESS, "--policy=round_robin", "--stream"))
    shop.calling("checkout")

    record = once(shop, "parcels", lambda record: codes(record) == ["LB117"])

    assert record["verdict"]["outcome"] == "PINNED"
    assert record["callers"][0]["connections"] == 3


def test_streams_are_calls_that_hardly_ever_begin_where_servers_count_them(shop: Shop) -> None:
    shop.apply(go_server("parcels"), service("parcels", headless=True))
    shop.apply(go_client("checkout", HEADLESS, "-policy=round_robin", "-stream"))
    shop.calling("checkout")

    record = shop.record("parcels")

    assert record["verdict"]["outcome"] == "INCONCLUSIVE"
    assert problems(record) == []


def test_round_robin_in_vain(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels"),
               python_client("checkout", "dns:///parcels:80", "--policy=round_robin"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB101", "LB102"]
    shop.apply(python_client("checkout", shop.let_the_client_choose(finding(record, "LB102")), "--policy=round_robin"))
    shop.calling("checkout")
    assert not {"LB101", "LB102"} & {*codes(wait_until_healthy(shop, "parcels-headless"))}


def test_the_port_of_a_headless_service_at_which_nobody_listens(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels", headless=True, port={"port": 80}))
    shop.kubectl("apply", "-f", "-", stdin=json.dumps(python_client("checkout", "dns:///parcels:80")))
    shop.settled("checkout")

    record = shop.record("parcels", expect=1)

    assert problems(record)[0] == "LB111"
    shop.paste(finding(record, "LB111")["fixes"][0]["commands"])
    shop.apply(python_client("checkout", HEADLESS))
    shop.calling("checkout")
    assert "LB111" not in codes(shop.record("parcels"))


def test_of_two_services_of_the_same_pods_each_has_its_own_callers(shop: Shop) -> None:
    pods = service("parcels-pods", headless=True, selector={"app": "parcels"})
    shop.apply(python_server("parcels"), service("parcels"), pods)
    shop.apply(python_client("checkout", "parcels:80"),
               python_client("batch", f"dns:///parcels-pods:{PORT}", "--policy=round_robin"))  # fmt: skip
    for name in ("checkout", "batch"):
        shop.calling(name)

    one, other = shop.record("parcels", expect=1), shop.record("parcels-pods")

    assert (codes(one), problems(other)) == (["LB101"], [])
    assert [who["workload"] for who in one["callers"]] == ["deployment/checkout"]
    assert [(who["workload"], who["service"]) for who in one["others"]] == [("deployment/batch", "parcels-pods")]
    assert [who["workload"] for who in other["callers"]] == ["deployment/batch"]
    assert [who["choice"]["who"] for who in other["others"]] == ["kube-proxy"]
    shop.kubectl("delete", "deployment/checkout", "--cascade=foreground", "--wait=true")  # with its pod
    moved = shop.record("parcels")
    assert (moved["called_by"], problems(moved)) == ("parcels-pods", [])


def test_who_calls_from_the_network_of_its_node_is_named(shop: Shop) -> None:
    at_node = {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"}
    target = f"parcels.{shop.namespace}.svc.cluster.local:80"
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("agent", target, **at_node))
    shop.calling("agent")

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB101"]
    assert [(who["workload"], bool(who["node"])) for who in record["callers"]] == [("deployment/agent", True)]
    by_name = shop.record("parcels", "--from", "deployment/agent", expect=1)
    assert by_name["verdict"]["outcome"] == "PINNED"


def test_a_caller_that_is_restarted_by_a_schedule(shop: Shop) -> None:
    shop.apply(python_server("parcels", 2), service("parcels"), python_client("checkout", "parcels:80"))
    shop.calling("checkout")
    said = f"kubectl -n {shop.namespace} rollout restart deployment/checkout"
    pod = {"restartPolicy": "Never", "containers": [{"name": "kubectl", "image": "none:1", "args": ["-c", said]}]}
    spec = {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": {"spec": pod}}}}
    job = {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"}, "spec": spec}
    shop.kubectl("apply", "-f", "-", stdin=json.dumps(job))

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB101", "LB123"]
    shop.paste(finding(record, "LB123")["fixes"][0]["commands"])
    assert codes(shop.record("parcels", expect=1)) == ["LB101"]


def until_it_complains(shop: Shop, name: str, words: str) -> None:
    """Applied without waiting: a client that cannot call may end at once."""
    eventually(lambda: words in run(["kubectl", "-n", shop.namespace, "logs", f"deployment/{name}"]).out)


def test_clients_none_of_whose_calls_arrives_are_told_beside_one_that_is_answered(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels", headless=True))
    shop.apply(python_client("checkout", HEADLESS, "--policy=round_robin"))
    shop.calling("checkout")
    made = [python_client("misspelt", HEADLESS, "--policy=round_robbin"),
            go_client("ended", HEADLESS, "-policy=round_robbin")]  # fmt: skip
    shop.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": made}))
    for name in ("misspelt", "ended"):
        until_it_complains(shop, name, "round_robbin")

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB208"]
    (told,) = record["findings"]
    assert "ended" in told["sentence"]
    assert "misspelt" in told["sentence"]
    assert all("knows no policy round_robbin" in line["text"] for line in told["evidence"] if "logs" in line["source"])
    shop.kubectl("delete", "deployment/ended", "--cascade=foreground", "--wait=true")
    shop.apply(python_client("misspelt", HEADLESS, "--policy=round_robin"))
    shop.calling("misspelt")
    assert "LB208" not in codes(shop.record("parcels"))


def test_a_client_that_calls_a_port_which_the_service_does_not_have(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels"), python_client("checkout", "parcels:80"),
               python_client("batch", f"parcels:{PORT}"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB101", "LB406"]
    told = finding(record, "LB406")
    assert [who["workload"] for who in record["callers"]] == ["deployment/checkout", "deployment/batch"]
    before = shop.specification("service/parcels")
    shop.paste(told["fixes"][1]["commands"])
    shop.kubectl("rollout", "restart", "deployment/batch")  # which waits longer each time
    shop.calling("batch")
    eventually(lambda: "LB406" not in codes(shop.record("parcels", watch="2s")))
    shop.paste(told["fixes"][1]["undo"])
    assert shop.specification("service/parcels") == before
