"""A Prometheus in the cluster: found, asked, and named beside what else counts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.cluster import eventually
from e2e.foreign import Shop, codes, go_client, go_server, service
from e2e.prometheus_in_cluster import PROGRAM, install
from e2e.test_diagnose import kubeconfig_of

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(300),
    pytest.mark.skipif(PROGRAM is None, reason="there is no `prometheus` to make an image of"),
]


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    """All calls go to one of three servers, and a Prometheus reads those each second."""
    opened = Shop.open()
    try:
        opened.apply(go_server("parcels"), service("parcels"))
        install(opened, "parcels")
        opened.apply(go_client("checkout", "parcels:80"))
        opened.calling("checkout")
        eventually(lambda: bool(opened.record("parcels", watch="2s")["history"]))
        yield opened
    finally:
        opened.close()


def where(shop: Shop) -> str:
    return f"Prometheus {shop.namespace}/prometheus:9090 (grpc_server_started_total)"


def test_one_in_the_cluster_stands_beside_what_servers_count_themselves(shop: Shop) -> None:
    record = shop.record("parcels", expect=1, watch="12s")

    verdict = record["verdict"]
    assert codes(record)[0] == "LB101"
    assert (verdict["outcome"], verdict["source"]) == ("PINNED", "servers' metrics (grpc_server_started_total)")
    beside = verdict["beside"]
    assert (beside["source"], beside["outcome"], beside["agrees"], beside["window"]) == (
        where(shop),
        "PINNED",
        True,
        None,
    )
    assert beside["calls"] == pytest.approx(verdict["calls"], rel=0.25), "the same calls, but for a scrape at both ends"


def test_who_may_ask_only_that_one_is_told_the_shares_and_of_when_they_are(shop: Shop) -> None:
    shop.kubectl("create", "serviceaccount", "few")
    given = f"--serviceaccount={shop.namespace}:few"
    shop.kubectl("create", "rolebinding", "few", "--clusterrole=view", given)
    mine = kubeconfig_of(shop, "few")
    before = shop.record("parcels", watch="1s", KUBECONFIG=mine)
    shop.kubectl("create", "role", "asks", "--verb=get", "--resource=services/proxy")
    shop.kubectl("create", "rolebinding", "asks", "--role=asks", given)

    record = shop.record("parcels", watch="3s", KUBECONFIG=mine)
    text = shop.diagnose("parcels", watch="3s", KUBECONFIG=mine).out

    assert (record["verdict"]["outcome"], record["verdict"]["source"]) == ("PINNED", where(shop))
    shares = sorted(share["calls"] for share in record["verdict"]["shares"])
    assert shares[:2] == [0, 0]
    assert 400 < shares[2] < 800, "50 calls a second, 12 s of them"
    assert record["verdict"]["window"]["step"] == pytest.approx(1, abs=0.1)
    assert "it looks every 1.00 s, too seldom for the watch" in " ".join(text.split())
    assert "history: over" in text
    assert before["verdict"]["calls"] is None
    hints = " ".join(unseen["hint"] for unseen in before["unseen"])
    assert "get services/proxy in namespace" in hints
    assert "list services; " in hints, "there may be others elsewhere"
