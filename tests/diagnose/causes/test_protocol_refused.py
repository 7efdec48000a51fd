from __future__ import annotations

import pytest
from diagnose.meshes import refused, said
from diagnose.shops import shop

from lbdemo.diagnose.causes.protocol_refused import cause
from lbdemo.diagnose.evidence import Surroundings
from lbdemo.diagnose.findings import CannotTell, Finding
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.gateways import Route


def test_a_route_whose_controller_does_not_support_the_port() -> None:
    (found,) = said(cause, shop(surroundings=Surroundings(routes=(refused(),))))

    assert isinstance(found, Finding)
    assert "UnsupportedProtocol" in found.evidence[0].text
    assert '"value":"kubernetes.io/h2c"' in found.fixes[0].commands[0]
    assert '"value":"grpc"' in found.fixes[0].undo[0]


@pytest.mark.parametrize(
    "route",
    [refused("orders"), refused(reason="BackendNotFound"), refused(status="True"), refused(kind="Accepted")],
    ids=["of another service", "another reason", "resolved", "another condition"],
)
def test_other_routes_and_other_reasons_say_nothing_of_the_port(route: Route) -> None:
    assert not said(cause, shop(surroundings=Surroundings(routes=(route,))))


def test_without_the_routes_it_cannot_tell() -> None:
    (unknown,) = said(cause, shop(surroundings=Surroundings(routes=Unseen("routes", Why.FORBIDDEN))))

    assert isinstance(unknown, CannotTell)
