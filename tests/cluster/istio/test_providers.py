"""Who takes spans is a list in Istio's configuration: what is in it stays, and ours comes to it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml
from fake_api import FakeApi
from worlds import CONFIG, istiod

from lbdemo.cluster.istio.providers import Provider, kept, known, name_for, providers_of, read_providers, rendered
from lbdemo.cluster.istio.setup import PROVIDERS, setup
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.errors import OperationFailedError
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.kinds import CONFIG_MAPS

OURS = Provider(name_for("shop"), "echo-server-traces.shop.svc.cluster.local", 4317)
THEIRS: dict[str, Any] = {"name": "otel", "opentelemetry": {"service": "otel.obs.svc.cluster.local", "port": 4317}}
ANOTHER: dict[str, Any] = {"name": "lbdemo-other", "opentelemetry": {"service": "echo-server-traces.other", "port": 1}}
MESH = yaml.safe_dump({"accessLogFile": "", "extensionProviders": [THEIRS, OURS.to_value()]})


def told(istio: Istio, provider: Provider | None) -> list[dict[str, Any]] | None:
    """The list that istiod's release is given; None where it is not installed."""
    steps = setup(CONFIG.istio, istio, 60, provider)
    found = [step for step in steps if isinstance(step, InstallRelease) and step.key == "istiod"]
    listed: list[dict[str, Any]] | None = found[0].install.overrides.get(PROVIDERS, []) if found else None
    return listed


def test_a_new_istio_is_told_of_ours_and_of_what_its_chart_has() -> None:
    assert told(Istio(others=(THEIRS,)), OURS) == [THEIRS, OURS.to_value()]


def test_without_traces_nothing_is_said_of_the_list() -> None:
    assert told(Istio(others=(THEIRS,)), None) == []


def test_one_that_knows_it_is_left_alone() -> None:
    istio = replace(istiod(), providers=(THEIRS, OURS.to_value()))

    assert told(istio, OURS) is None
    assert told(istio, None) is None


def test_one_that_does_not_is_told_and_what_other_namespaces_need_stays() -> None:
    istio = replace(istiod(), providers=(THEIRS, ANOTHER), others=(THEIRS,))

    assert told(istio, OURS) == [THEIRS, ANOTHER, OURS.to_value()]


def test_a_provider_that_was_changed_by_hand_is_put_right() -> None:
    moved = {**OURS.to_value(), "opentelemetry": {"service": "elsewhere", "port": 4317}}

    assert told(replace(istiod(), providers=(moved,)), OURS) == [OURS.to_value()]


def test_an_upgrade_for_another_reason_keeps_ours() -> None:
    older = istiod()
    stale = {**older.releases, "istiod": replace(older.releases["istiod"], digest="older")}
    istio = replace(older, releases=stale, providers=(THEIRS, ANOTHER), others=(THEIRS,))

    assert told(istio, None) == [THEIRS, ANOTHER]


def test_a_name_of_ours_in_the_charts_own_list_stands_once() -> None:
    assert kept(Istio(others=(OURS.to_value(), THEIRS)), OURS) == [THEIRS, OURS.to_value()]


def test_one_that_sends_to_the_same_place_will_do() -> None:
    same = {"name": "anything", "opentelemetry": OURS.to_value()["opentelemetry"]}

    assert known([THEIRS, same], OURS) == "anything"
    assert known([same, OURS.to_value()], OURS) == OURS.name
    assert known([THEIRS], OURS) == ""
    other = {"name": "other", "opentelemetry": {**OURS.to_value()["opentelemetry"], "port": 14317}}
    assert known([other], OURS) == "", "another port is another place"
    assert known([{"name": "prometheus", "prometheus": {}}, {"name": "odd", "opentelemetry": None}], OURS) == ""


def test_the_list_is_read_from_the_control_planes_configuration() -> None:
    config = {"kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"}, "data": {"mesh": MESH}}
    with FakeApi().add(config) as server:
        assert read_providers(server.api(), istiod()) == (THEIRS, OURS.to_value())


def test_a_revision_has_a_configuration_of_its_own() -> None:
    config = {
        "kind": "ConfigMap",
        "metadata": {"name": "istio-1-9", "namespace": "istio-system"},
        "data": {"mesh": MESH},
    }
    with FakeApi().add(config) as server:
        assert read_providers(server.api(), istiod(revision="1-9")) == (THEIRS, OURS.to_value())
        assert read_providers(server.api(), istiod()) == ()


def test_what_may_not_be_seen_is_not_taken_for_none() -> None:
    with FakeApi().forbid("get", CONFIG_MAPS.plural) as server:
        found = read_providers(server.api(), istiod())

    assert isinstance(found, Unseen)
    assert found.why is Why.FORBIDDEN


def test_the_charts_own_list_is_that_of_its_config_map() -> None:
    other = yaml.safe_dump({"kind": "ConfigMap", "data": {"config": "x: 1"}})
    manifest = yaml.safe_dump({"kind": "ConfigMap", "data": {"mesh": MESH, "meshNetworks": "networks: {}"}})

    assert rendered(f"{other}---\n{manifest}---\n") == (THEIRS, OURS.to_value())


@pytest.mark.parametrize("text", ["", "a", "extensionProviders: 3", "extensionProviders: [1, 2]", "[]"])
def test_a_configuration_without_the_list_has_none(text: str) -> None:
    assert providers_of(text) == ()


def test_what_is_no_yaml_is_told() -> None:
    with pytest.raises(OperationFailedError, match="no YAML"):
        providers_of("a: [")
    with pytest.raises(OperationFailedError, match="no YAML"):
        rendered("a: [")
