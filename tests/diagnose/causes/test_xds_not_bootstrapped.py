from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import commands, found, silent, texts
from diagnose.shops import caller, held, shop

from lbdemo.diagnose.causes.xds_not_bootstrapped import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.proxies import proxy_of
from lbdemo.kube.records.pods import Container

WHOLE = "payments.shop.svc.cluster.local"
TOLD = {"GRPC_XDS_BOOTSTRAP": "/etc/istio/proxy/grpc-bootstrap.json"}


def asking(
    target: str, env: dict[str, str] | None = None, *, namespace: str = "shop", connections: int = 0
) -> Evidence:
    who = caller("checkout", namespace=namespace)
    assert who.pod is not None
    app = Container("app", "app:1", running=True, args=(f"xds:///{target}",), env=env or {})
    return shop(held(connections), callers=[replace(who, pod=replace(who.pod, containers=(app,)))])


def test_nothing_tells_the_client_where_its_control_plane_is() -> None:
    said = found(cause, asking(f"{WHOLE}:8080"))

    assert "no container is given GRPC_XDS_BOOTSTRAP" in texts(said)
    assert said.possible, "a program may know it all the same"
    assert "patch deployment/checkout" in commands(said)
    assert "grpc-agent" in commands(said)
    assert '"inject.istio.io/templates": null' in said.fixes[0].undo[0]


@pytest.mark.parametrize(
    ("target", "namespace"),
    [(f"{WHOLE}:9090", "shop"), ("payments.shop:8080", "web"), ("payments:8080", "web"),
     ("payments.shop.svc.corp.example:8080", "shop")],
    ids=["the pods' port", "a part of the name", "a short name", "another domain"],
)  # fmt: skip
def test_a_control_plane_does_not_know_it(target: str, namespace: str) -> None:
    said = found(cause, asking(target, TOLD, namespace=namespace))

    assert f"a target is xds:///{target}" in texts(said)
    assert f"xds:///{WHOLE}:8080" in said.fixes[0].advice
    assert not commands(said)


@pytest.mark.parametrize(
    ("target", "namespace"),
    [(f"{WHOLE}:8080", "web"), ("payments:8080", "shop"), ("payments.shop:8080", "shop"),
     ("payments.shop.svc:8080", "shop"), ("payments", "shop")],
)  # fmt: skip
def test_what_a_control_plane_knows_is_another_case(target: str, namespace: str) -> None:
    assert silent(cause, asking(target, TOLD, namespace=namespace))


def test_who_is_connected_found_his_control_plane_somehow() -> None:
    assert silent(cause, asking(f"{WHOLE}:8080", connections=1))


def test_without_the_servers_sockets_nobody_knows_who_is_connected() -> None:
    assert silent(cause, replace(asking(f"{WHOLE}:8080"), sockets=()))


def beside_agent(target: str, *, first: bool) -> Evidence:
    """A client with Istio's agent beside it, which was started first, or was not."""
    seen = asking(target, TOLD)
    (who,) = seen.callers
    assert who.pod is not None
    agent = Container("istio-proxy", "proxyv2", running=True, env={"ISTIO_META_GENERATOR": "grpc"})
    both = (agent, *who.pod.containers) if first else (*who.pod.containers, agent)
    return replace(seen, callers=(replace(who, pod=replace(who.pod, containers=both)),))


def test_of_istios_names_alone_it_is_certain_that_nobody_knows_this_one() -> None:
    assert not found(cause, beside_agent(f"{WHOLE}:9090", first=True)).possible
    assert found(cause, asking(f"{WHOLE}:9090", TOLD)).possible


@pytest.mark.parametrize("first", [True, False])
def test_a_client_that_started_before_its_agent_may_have_found_no_file(first: bool) -> None:
    seen = beside_agent(f"{WHOLE}:8080", first=first)

    if first:
        assert silent(cause, seen)
    else:
        said = found(cause, seen)
        assert said.possible
        assert "holdApplicationUntilProxyStarts" in commands(said)


def test_istios_agent_beside_a_client_by_xds_is_no_proxy() -> None:
    pod = caller("checkout", proxy="istio-proxy").pod
    assert pod is not None
    agent = replace(pod.containers[0], env={"ISTIO_META_GENERATOR": "grpc"})

    assert proxy_of(pod) == "istio-proxy"
    assert not proxy_of(replace(pod, containers=(agent, pod.containers[1])))
