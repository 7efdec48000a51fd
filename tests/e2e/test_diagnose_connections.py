"""Somebody's clients and proxies whose connections are fewer, or end sooner, than their people think."""

from __future__ import annotations

import re

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
    python_client,
    python_server,
    service,
    wait_until_healthy,
)
from e2e.foreign_proxies import LISTENS, envoy

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

HEADLESS = f"dns:///parcels:{PORT}"


def test_channels_of_one_client_share_a_connection_until_each_is_given_its_own(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels"), python_client("checkout", "parcels:80", "--channels=5"))
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB101", "LB121"]
    assert not record["findings"][1]["possible"], "the library was seen"
    assert "use_local_subchannel_pool" in record["findings"][1]["fixes"][0]["advice"]
    shop.apply(python_client("checkout", "parcels:80", "--channels=5", "--own-connections"))
    shop.calling("checkout")
    eventually(lambda: "LB121" not in codes(shop.record("parcels")))


def test_a_client_that_pings_more_often_than_its_servers_allow(shop: Shop) -> None:
    told = (HEADLESS, "--policy=round_robin", "--calls=25")  # then it is silent, and pings all the same
    shop.apply(python_server("parcels"), service("parcels", headless=True))
    shop.apply(python_client("checkout", *told, "--ping=1"))
    shop.calling("checkout")

    record = once(shop, "parcels", lambda record: codes(record)[:1] == ["LB120"])

    assert "too_many_pings" in record["findings"][0]["evidence"][0]["text"]
    assert "grpc.keepalive_time_ms" in record["findings"][0]["fixes"][0]["advice"]
    shop.apply(python_client("checkout", *told, "--ping=300"))
    shop.calling("checkout")
    eventually(lambda: "LB120" not in codes(shop.record("parcels")))


def test_servers_that_end_connections_after_two_seconds(shop: Shop) -> None:
    """What people do since they have read that connections should have an age."""
    shop.apply(python_server("parcels", 2, "--max-age=2"), service("parcels", headless=True))
    shop.apply(python_client("checkout", HEADLESS, "--policy=round_robin"))
    shop.calling("checkout")

    record = shop.record("parcels", watch="8s")

    assert codes(record) == ["LB119"]
    assert (record["findings"][0]["severity"], record["findings"][0]["explains"]) == ("risk", 0.0)
    shop.apply(python_server("parcels", 2, "--max-age=60"))
    shop.calling("checkout")
    eventually(lambda: codes(shop.record("parcels", watch="8s")) == [])


def test_an_envoy_that_takes_the_first_of_all_addresses(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels", headless=True))
    shop.apply(envoy("front", "parcels", kind="LOGICAL_DNS"), service("front", port={"targetPort": LISTENS}),
               python_client("checkout", "front:80"))  # fmt: skip
    shop.calling("checkout")

    record = shop.record("parcels", expect=1)

    assert codes(record) == ["LB122"]
    assert (record["verdict"]["outcome"], record["findings"][0]["explains"]) == ("PINNED", 1.0)
    shop.paste(record["findings"][0]["fixes"][0]["commands"])
    shop.settled("front")
    wait_until_healthy(shop, "parcels")
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    shop.settled("front")
    eventually(lambda: codes(shop.record("parcels")) == ["LB122"])


def test_a_client_whose_variables_send_it_to_a_proxy(shop: Shop) -> None:
    whole = f"parcels.{shop.namespace}.svc.cluster.local:{PORT}"
    env = [{"name": "https_proxy", "value": "http://egress:3128"}, {"name": "no_proxy", "value": "localhost"}]
    shop.apply(python_server("parcels"), service("parcels", headless=True),
               python_client("checkout", f"dns:///{whole}", container={"env": env}))  # fmt: skip

    record = shop.record("parcels", watch="3s")

    assert codes(record)[0] == "LB104"
    [fix, *_] = record["findings"][0]["fixes"]
    shop.paste(fix["commands"])
    shop.settled("checkout")
    shop.calling("checkout")
    assert "LB104" not in codes(shop.record("parcels", watch="3s"))


def test_a_client_that_looks_up_pods_at_the_api_server_and_may_not(shop: Shop) -> None:
    shop.apply(python_server("parcels"), service("parcels", headless=True),
               python_client("checkout", f"kubernetes:///parcels:{PORT}"))  # fmt: skip

    record = shop.record("parcels", watch="3s")

    assert codes(record)[0] == "LB110"
    may = ("auth", "can-i", "watch", "endpointslices.discovery.k8s.io")
    account = f"--as=system:serviceaccount:{shop.namespace}:default"
    assert run(["kubectl", "-n", shop.namespace, *may, account]).out.strip() == "no"
    shop.paste([command for command in record["findings"][0]["fixes"][0]["commands"] if " can-i " not in command])
    assert shop.kubectl(*may, account).strip() == "yes"
    shop.paste(record["findings"][0]["fixes"][0]["undo"])
    assert run(["kubectl", "-n", shop.namespace, *may, account]).out.strip() == "no"


def test_pods_that_leave_under_their_callers_with_nothing_to_wait_for(shop: Shop) -> None:
    """As the first program of a container Python ignores SIGTERM: it serves on until it is killed."""
    shop.apply(python_server("parcels", terminationGracePeriodSeconds=25), service("parcels", headless=True),
               python_client("checkout", HEADLESS, "--policy=round_robin"))  # fmt: skip
    shop.calling("checkout")
    shop.kubectl("rollout", "restart", "deployment/parcels")
    shop.settled("parcels")

    record = shop.record("parcels", watch="3s")

    assert "LB206" in codes(record)
    told = next(finding for finding in record["findings"] if finding["code"] == "LB206")
    assert told["severity"] == "risk"
    assert [line["text"] for line in told["evidence"]][1:] == [
        "no container of them has a preStop hook",
        "it has 25 s to end",
    ]
    longer = next(fix for fix in told["fixes"] if fix["commands"])
    waits = ("get", "deployment/parcels", "-o", "jsonpath={.spec.minReadySeconds}")
    shop.paste(longer["commands"])
    assert shop.kubectl(*waits) == "35"
    shop.paste(longer["undo"])
    assert shop.kubectl(*waits) in ("", "0")


def test_a_client_that_sends_plain_text_to_servers_of_tls_then_trusts_no_such_certificate(shop: Shop) -> None:
    shop.apply(go_server("parcels", 2, "-tls"), service("parcels"), go_client("checkout", "parcels:80", "-tls"),
               python_client("billing", "parcels:80"))  # fmt: skip
    shop.calling("checkout")

    record = once(shop, "parcels", lambda record: codes(record) == ["LB101", "LB209"])

    told = finding(record, "LB209")
    assert "The pods want TLS, and billing" in told["sentence"]
    assert told["possible"], "a connection may be reset for other reasons, too"
    shop.apply(python_client("billing", "parcels:80", "--tls"))
    once(shop, "parcels", lambda record: any("certificate" in one["sentence"] for one in record["findings"]))
    shop.apply(go_client("billing", "parcels:80", "-tls"))
    shop.calling("billing")
    eventually(lambda: "LB209" not in codes(shop.record("parcels")))


def test_clients_that_want_tls_of_servers_of_plain_text(shop: Shop) -> None:
    shop.apply(python_server("parcels", 2), service("parcels"), go_client("checkout", "parcels:80"),
               go_client("batch", "parcels:80", "-tls"), python_client("billing", "parcels:80", "--tls"))  # fmt: skip
    shop.calling("checkout")

    both = re.compile(r"The pods speak plain text, and batch\S* and billing\S* asked for TLS")
    record = once(shop, "parcels", lambda record: any(both.match(one["sentence"]) for one in record["findings"]))

    assert codes(record) == ["LB101", "LB209"]
    told = finding(record, "LB209")
    assert not told["possible"], "both say so"
