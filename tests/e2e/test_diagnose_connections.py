"""Somebody's clients and proxies whose connections are fewer, or end sooner, than their people think."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from e2e.cluster import eventually
from e2e.foreign import Shop, codes, python_client, python_server, service

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]


@pytest.fixture
def shop() -> Iterator[Shop]:
    opened = Shop.open()
    yield opened
    opened.close()


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
