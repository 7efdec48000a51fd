from __future__ import annotations

import pytest
from diagnose.meshes import SIDECAR, calling, passed_through, said
from diagnose.shops import CLUSTER_IP, LISTENS, PORT, caller, shop

from lbdemo.diagnose.causes.passthrough_from_the_start import cause
from lbdemo.diagnose.findings import Finding

HELD = {"payments-a": {"10.0.1.1": 1}}


@pytest.mark.parametrize(("address", "port"), [(CLUSTER_IP, PORT.number), ("10.0.0.2", LISTENS)])
def test_a_connection_to_the_service_or_to_a_pod_that_the_sidecar_takes_for_any(address: str, port: int) -> None:
    looks = passed_through(SIDECAR, address, port)

    (found,) = said(cause, shop(HELD, callers=[SIDECAR], envoys=looks))

    assert isinstance(found, Finding)
    assert f"1 connection to {address}:{port} in PassthroughCluster" in found.evidence[0].text
    assert found.fixes[0].commands == ("kubectl -n shop rollout restart deployment/checkout",)
    assert found.explains == 1.0


@pytest.mark.parametrize(("address", "port"), [("10.96.9.9", PORT.number), (CLUSTER_IP, 443)])
def test_what_goes_to_other_addresses_and_ports_is_none_of_this_services(address: str, port: int) -> None:
    assert not said(cause, shop(HELD, callers=[SIDECAR], envoys=passed_through(SIDECAR, address, port)))


def test_a_connection_that_has_ended_or_one_in_the_services_own_cluster_is_another_case() -> None:
    own = calling(SIDECAR, 9, 9, 9)
    both = tuple(
        type(look)(look.pod, look.turn, look.at, look.hosts + old.hosts)
        for look, old in zip(own["envoys"], passed_through(SIDECAR), strict=False)
    )

    assert not said(cause, shop(HELD, callers=[SIDECAR], envoys=passed_through(SIDECAR, active=0)))
    assert not said(cause, shop(HELD, callers=[SIDECAR], envoys=both))


def test_without_a_sidecar_there_is_nothing_that_passes_on() -> None:
    assert not said(cause, shop(HELD, callers=[caller("checkout")]))
