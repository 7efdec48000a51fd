from __future__ import annotations

from dataclasses import replace

import yaml
from diagnose.causes.said import found, silent
from diagnose.shops import caller, held, shop

from lbdemo.diagnose.causes.kubernetes_resolver_rights import cause
from lbdemo.diagnose.evidence import Caller


def client(target: str) -> Caller:
    one = caller("checkout", namespace="web")
    assert one.pod is not None
    told = replace(one.pod.containers[0], args=(f"--target={target}",))
    return replace(one, pod=replace(one.pod, containers=(told,), service_account="front"))


RESOLVES = client("kubernetes:///payments.shop:grpc")


def test_a_client_that_asks_the_api_server_and_reaches_nobody_may_lack_rights() -> None:
    said = found(cause, shop({}, callers=[RESOLVES]))

    assert said.possible
    ask, apply = said.fixes[0].commands
    assert ask.endswith("--as=system:serviceaccount:web:front")
    role, binding = yaml.safe_load_all(apply.partition("\n")[2].removesuffix("EOF"))
    assert role["metadata"] == binding["metadata"] == {"name": "payments-endpoints", "namespace": "shop"}
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "front", "namespace": "web"}]
    assert "&id" not in apply, "no anchors: people read it"
    assert said.fixes[0].undo == ("kubectl -n shop delete role,rolebinding payments-endpoints",)


def test_who_reaches_pods_has_them() -> None:
    assert silent(cause, shop(held(1), callers=[RESOLVES]))


def test_other_resolvers_need_none() -> None:
    assert silent(cause, shop({}, callers=[client("dns:///payments.shop:8080")]))


def test_without_sockets_nobody_knows_whom_it_reaches() -> None:
    assert silent(cause, shop(None, callers=[RESOLVES]))
