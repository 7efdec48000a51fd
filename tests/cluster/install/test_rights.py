"""Only what the plan takes is asked for, and what is missing is named with the command that asks for it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fake_api import FakeApi
from worlds import CHART, CONFIG, converged, desired, namespace

from lbdemo.cluster.install import rights
from lbdemo.cluster.install.plan import build_plan
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.kernel.steps import Plan
from lbdemo.config import UpConfig
from lbdemo.errors import OperationFailedError
from lbdemo.kube.answers import Right, UnseenError

ISTIO = replace(CONFIG, strategy="istio")


def plan(world: ObservedWithIstio, config: UpConfig = CONFIG) -> Plan:
    return build_plan(config, world, desired(config), str(CHART))


def asked(world: ObservedWithIstio, config: UpConfig = CONFIG, **further: bool) -> set[str]:
    known = {"new": world.namespace is None, "installs_istio": False, **further}
    policies = 2 if config.strategy == "istio" else 0
    return {str(right) for right in rights.needed(plan(world, config), "lbdemo", policies=policies, **known)}


def test_in_a_namespace_that_is_there_nothing_is_asked_for_the_whole_cluster() -> None:
    found = asked(ObservedWithIstio(namespace(ours=False)))

    assert all(right.endswith("in namespace lbdemo") for right in found)
    assert {"create deployments.apps in namespace lbdemo", "create secrets in namespace lbdemo"} <= found


def test_a_new_namespace_takes_the_right_to_make_it() -> None:
    assert "create namespaces" in asked(ObservedWithIstio(None))


def test_istios_policies_are_asked_for_where_the_strategy_brings_them() -> None:
    policy = "create destinationrules.networking.istio.io in namespace lbdemo"

    assert policy in asked(ObservedWithIstio(namespace(ours=False)), ISTIO)
    assert policy not in asked(ObservedWithIstio(namespace(ours=False)))


def test_only_who_installs_istio_must_be_allowed_to() -> None:
    crds = "create customresourcedefinitions.apiextensions.k8s.io"

    assert crds in asked(ObservedWithIstio(namespace()), ISTIO, installs_istio=True)
    assert crds not in asked(converged(ISTIO), ISTIO)


def test_all_that_is_missing_is_named_with_commands_to_paste() -> None:
    wanted = [Right("create", "secrets", "", "lbdemo"), Right("create", "deployments", "apps", "lbdemo")]
    refusing = FakeApi().forbid("create", "secrets").forbid("create", "deployments.apps")

    with refusing as server, pytest.raises(OperationFailedError) as refused:
        rights.check(server.api(), wanted)

    assert "create secrets in namespace lbdemo, create deployments.apps in namespace lbdemo" in refused.value.message
    assert "kubectl auth can-i create deployments.apps -n lbdemo" in refused.value.hint
    assert "docs/roles" in refused.value.hint


def test_who_has_all_of_them_goes_on() -> None:
    with FakeApi() as server:
        rights.check(server.api(), [Right("create", "secrets", "", "lbdemo")])


def test_an_answer_that_does_not_come_is_no_yes() -> None:
    with FakeApi().proxy_says("getting credentials: exec: it failed") as server, pytest.raises(UnseenError):
        rights.check(server.api(), [Right("create", "secrets", "", "lbdemo")])
