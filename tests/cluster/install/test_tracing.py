"""`up --trace`: where pods are told to send spans, and who has to know of it."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
import yaml
from fake_api import FakeApi
from fakes import FakeRun, tools
from worlds import CHART, CONFIG, converged, desired, istiod, pod

from lbdemo.cluster.install import tracing
from lbdemo.cluster.install.plan import build_plan, restarting, up_to_date
from lbdemo.cluster.install.strategies.base import Cluster
from lbdemo.cluster.istio import sidecars
from lbdemo.cluster.istio.providers import Provider
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.config import UpConfig
from lbdemo.errors import InputError
from lbdemo.trace_config import TraceWish

DOMAIN = "cluster.local"
TRACED = replace(CONFIG, strategy="istio", trace=TraceWish("lbdemo"))
OURS = Provider("lbdemo-lbdemo", "echo-server-traces.lbdemo.svc.cluster.local", 4317)
MESH = Cluster(provider=OURS)
TEMPLATE = (
    f"helm template istiod istiod --repo {CONFIG.istio.charts} --version {CONFIG.istio.version}"
    " --show-only templates/configmap.yaml -n istio-system"
)
OTHERS: dict[str, Any] = {"name": "otel", "opentelemetry": {"service": "otel.obs.svc.cluster.local", "port": 4317}}


def values(config: UpConfig, cluster: Cluster = MESH) -> dict[str, Any]:
    return {release.name: release.values.get("trace", {}) for release in desired(config, cluster).releases}


def test_both_releases_send_to_the_backend_that_the_servers_bring() -> None:
    found = values(TRACED)

    assert found[labels.SERVER] == {
        "otlp": "echo-server-traces.lbdemo.svc:4317", "provider": "lbdemo-lbdemo", "backend": "lbdemo",
    }  # fmt: skip
    assert found[labels.CLIENT] == {"otlp": "echo-server-traces.lbdemo.svc:4317"}


def test_jaeger_is_the_image_that_was_named() -> None:
    told = values(replace(TRACED, trace=TraceWish("jaeger", image="r/jaeger:9")))[labels.SERVER]

    assert (told["backend"], told["image"]) == ("jaeger", {"repository": "r/jaeger", "tag": "9"})


def test_a_digest_stands_for_a_tag() -> None:
    digest = "sha256:" + "1" * 64
    told = tracing.values(TraceWish("jaeger", image=f"r/jaeger@{digest}"), "lbdemo", "", "")

    assert (told.image.repository, told.image.tag, told.image.digest) == ("r/jaeger", "", digest)


def test_an_address_needs_no_backend() -> None:
    told = values(replace(TRACED, trace=TraceWish("none", "otel.obs:4317")))[labels.SERVER]

    assert told == {"otlp": "otel.obs:4317", "provider": "lbdemo-lbdemo"}


def test_a_strategy_without_sidecars_names_no_provider() -> None:
    told = values(replace(TRACED, strategy="xds"))[labels.SERVER]

    assert "provider" not in told


def test_another_domain_is_in_the_backends_name() -> None:
    told = values(TRACED, replace(MESH, domain="corp.example"))[labels.CLIENT]

    assert told["otlp"] == "echo-server-traces.lbdemo.svc.corp.example:4317"


def test_without_traces_nothing_is_told() -> None:
    assert values(replace(CONFIG, strategy="istio")) == {labels.SERVER: {}, labels.CLIENT: {}}


def test_backend_and_telemetry_are_part_of_the_release() -> None:
    server = next(r for r in desired(TRACED, MESH).releases if r.name == labels.SERVER)

    assert server.deployments[tracing.NAME] == 1
    assert tracing.NAME in server.services
    assert server.policies.count(labels.SERVER) == 3


# The whole plan


def world(config: UpConfig = TRACED) -> Any:
    """The cluster as `up --trace` leaves it."""
    wanted = desired(config, MESH)
    there = converged(config, replace(istiod(), providers=(OTHERS, OURS.to_value())))
    releases = {r.name: replace(there.releases[r.name], digest=r.digest) for r in wanted.releases}
    telemetry = replace(there.istio.policies[0], kind="Telemetry")
    istio = replace(there.istio, policies=(*there.istio.policies, telemetry))
    return replace(there, releases=releases, istio=istio)


def test_what_is_as_it_should_be_needs_nothing() -> None:
    assert not build_plan(TRACED, world(), desired(TRACED, MESH), str(CHART))


def test_a_telemetry_that_somebody_deleted_comes_back() -> None:
    there = world()
    gone = tuple(meta for meta in there.istio.policies if meta.kind != "Telemetry")
    without = replace(there, istio=replace(there.istio, policies=gone))

    [server, _] = desired(TRACED, MESH).releases
    assert up_to_date(server, there, desired(TRACED, MESH))
    assert not up_to_date(server, without, desired(TRACED, MESH))


def test_a_provider_that_istio_lost_is_told_again() -> None:
    there = world()
    lost = replace(there, istio=replace(there.istio, providers=(OTHERS,), others=(OTHERS,)))

    steps = build_plan(TRACED, lost, desired(TRACED, MESH), str(CHART)).steps

    assert [step.key for step in steps] == ["istiod", "istio"]


def traces_pod(*, sidecar: bool = False) -> Any:
    found = pod("echo-server-traces-1", labels.SERVER, sidecar=sidecar)
    marks = {**found.meta.labels, labels.COMPONENT: labels.TRACES}
    return replace(found, meta=replace(found.meta, labels=marks))


def test_what_takes_spans_has_no_sidecar_and_is_not_restarted_for_that() -> None:
    assert sidecars.wrong([traces_pod()], wanted=True) == []
    assert sidecars.wrong([traces_pod(sidecar=True)], wanted=True) != []
    assert sidecars.wrong([pod("echo-1", labels.SERVER)], wanted=True) != []
    there = world()
    more = replace(there, objects=replace(there.objects, pods=(*there.objects.pods, traces_pod())))
    assert restarting(more, desired(TRACED, MESH), []) == ()


# Who sends to which Service


@pytest.mark.parametrize(
    ("host", "whole"),
    [("otel", "otel.shop.svc.cluster.local"), ("otel.obs", "otel.obs.svc.cluster.local"),
     ("otel.obs.svc", "otel.obs.svc.cluster.local"), ("otel.obs.svc.cluster.local", "otel.obs.svc.cluster.local"),
     ("otel.obs.svc.other.domain", ""), ("collector.eu.example.com", ""), ("10.0.0.1", ""), ("[::1]", "")],
)  # fmt: skip
def test_istio_knows_services_by_their_whole_names(host: str, whole: str) -> None:
    assert tracing.whole_name(host, "shop", DOMAIN) == whole


def test_sidecars_cannot_send_to_what_is_no_service() -> None:
    with pytest.raises(InputError, match="sidecars send spans to Services") as refused:
        tracing.wanted(replace(TRACED, trace=TraceWish("none", "collector.eu.example.com:4317")), DOMAIN)

    assert "ExternalName" in refused.value.hint


def with_providers(istio: Istio, mesh: str, run: FakeRun | None = None) -> tuple[Istio, Provider | None]:
    config = {"kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"}, "data": {"mesh": mesh}}
    with FakeApi().add(config) as server:
        means = tools(run or FakeRun(), api=server.api())
        return tracing.with_providers(means, TRACED, istio, tracing.wanted(TRACED, DOMAIN))


def test_of_our_own_istio_the_chart_is_asked_what_else_there_is() -> None:
    manifest = json.dumps({"kind": "ConfigMap", "data": {"mesh": yaml.safe_dump({"extensionProviders": [OTHERS]})}})
    run = FakeRun().on(TEMPLATE, answer=manifest)
    with run:
        istio, provider = with_providers(istiod(), "extensionProviders: []", run)

    assert provider == OURS
    assert istio.others == (OTHERS,)


def test_what_namespaces_that_are_gone_needed_goes_with_the_next_change() -> None:
    gone, there = ({"name": f"lbdemo-{name}", "opentelemetry": {}} for name in ("gone", "there"))
    mesh = yaml.safe_dump({"extensionProviders": [OTHERS, gone, there]})
    config = {"kind": "ConfigMap", "metadata": {"name": "istio", "namespace": "istio-system"}, "data": {"mesh": mesh}}
    run = FakeRun().on(TEMPLATE, answer="")
    with FakeApi().add(config, {"kind": "Namespace", "metadata": {"name": "there"}}) as server, run:
        istio, _ = tracing.with_providers(tools(run, api=server.api()), TRACED, istiod(), OURS)

    assert istio.providers == (OTHERS, there)


def test_who_traces_nothing_and_installs_nothing_asks_nothing() -> None:
    with FakeApi() as server:
        found = tracing.with_providers(tools(FakeRun(), api=server.api()), CONFIG, istiod(), None)
        assert server.asked == []

    assert found == (istiod(), None)


def test_one_that_knows_it_asks_no_chart() -> None:
    mesh = yaml.safe_dump({"extensionProviders": [OTHERS, OURS.to_value()]})

    istio, provider = with_providers(istiod(), mesh)

    assert (istio.providers, provider) == ((OTHERS, OURS.to_value()), OURS)


def test_somebody_elses_istio_is_asked_for_nothing_but_its_list() -> None:
    named = {"name": "company", "opentelemetry": OURS.to_value()["opentelemetry"]}

    _, provider = with_providers(istiod(ours=False), yaml.safe_dump({"extensionProviders": [named]}))

    assert provider == replace(OURS, name="company"), "one that sends there already is used by its name"


def test_what_its_operator_has_to_add_is_told_in_full() -> None:
    theirs, provider = with_providers(istiod(ours=False), "extensionProviders: []")

    said = "\n".join(tracing.lacking(theirs, provider))

    told = yaml.safe_load(said[said.index("  - name") :])
    assert told == [OURS.to_value()]
    assert tracing.lacking(istiod(), OURS) == ()
    assert tracing.lacking(theirs, None) == ()
    assert tracing.lacking(replace(theirs, providers=(OURS.to_value(),)), OURS) == ()


# The add-on


@pytest.mark.parametrize(("home", "place"), [("", "lbdemo"), ("istio-system", "istio-system")])
def test_the_add_on_jaeger_is_found_wherever_it_is(home: str, place: str) -> None:
    config = replace(TRACED, trace=TraceWish("addon"))
    there = {"kind": "Service", "metadata": {"name": "jaeger-collector", "namespace": home}, "spec": {}}
    with FakeApi().add(*([there] if home else [])) as server:
        found = tracing.settled(tools(FakeRun(), api=server.api()), config, world(), "istio-system")

    assert found.trace == TraceWish("addon", f"jaeger-collector.{place}:4317")
