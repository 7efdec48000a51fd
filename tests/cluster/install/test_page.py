"""The page in the cluster: `up` keeps what `lbdemo ui` has brought, and `ui` changes nothing else."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fake_api import FakeApi
from fakes import FakeRun, tools
from worlds import CHART, CONFIG, converged, desired, documents, listed

from lbdemo.cluster.install.bringing import Wish, planned, with_page
from lbdemo.cluster.install.look import plan_up, with_page_kept
from lbdemo.cluster.install.page import NAME, PORT, TITLE, page_values, shown
from lbdemo.cluster.install.plan import build_plan
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.istio.rollout import AwaitPods
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.config import Place, UpConfig
from lbdemo.errors import InputError
from lbdemo.measure import Outcome
from lbdemo.tools.helm import Chart, Helm, Install
from lbdemo.tools.kubectl import Context

IMAGE = "registry/envoy:1"
PAGED = replace(CONFIG, page_image=IMAGE)
CONTEXT = Context("", "https://127.0.0.1:6443")
WISH = Wish(Place("", "lbdemo"), IMAGE)
GIVEN = {"role": "server", "replicas": 5, "resources": {"limits": {"cpu": "1"}}}


def world(config: UpConfig) -> ObservedWithIstio:
    """The cluster as `up` leaves it, with the page's Envoy of its own image."""
    found = converged(config)
    served = tuple(
        replace(d, images=(IMAGE,)) if d.meta.name == NAME else d
        for d in found.objects.deployments
    )  # fmt: skip
    return replace(found, objects=replace(found.objects, deployments=served))


def values(config: UpConfig) -> Mapping[str, Any]:
    [server] = [release.values for release in desired(config).releases if release.name == labels.SERVER]
    return server


def bringing(found: ObservedWithIstio, given: Mapping[str, Any]) -> Any:
    run = FakeRun().on("helm get values echo-server -o json -n lbdemo", answer=json.dumps(given))
    spaces = listed([found.namespace] if found.namespace else [])["items"]
    with FakeApi().add(*documents(found), *spaces) as server:
        return planned(tools(run, api=server.api()), WISH)


def test_up_without_a_page_brings_none() -> None:
    assert "ui" not in values(CONFIG)
    assert with_page_kept(CONFIG, converged(CONFIG)) == CONFIG


def test_up_keeps_the_page_and_its_image_whatever_else_it_changes() -> None:
    kept = with_page_kept(replace(CONFIG, replicas=7), world(PAGED))

    assert kept.page_image == IMAGE
    assert values(kept)["ui"]["enabled"]
    assert values(kept)["envoy"]["image"]["repository"] == "registry/envoy"
    assert values(kept)["replicas"] == 7


def test_a_page_that_stays_as_it_is_changes_nothing() -> None:
    found = world(PAGED)
    assert found.namespace

    with FakeApi().add(*documents(found), *listed([found.namespace])["items"]) as server:
        _, _, plan = plan_up(tools(FakeRun(), api=server.api()), CONFIG, CONTEXT)

    assert not plan


def test_the_strategys_own_envoy_keeps_its_own_image() -> None:
    own = replace(CONFIG, strategy="envoy", envoy_image="registry/other:2", page_image=IMAGE)

    assert values(own)["envoy"]["image"]["repository"] == "registry/other"


@pytest.mark.parametrize(("strategy", "outcome"), [("clusterip", Outcome.PINNED), ("istio", Outcome.BALANCED)])
def test_what_the_page_expects_of_the_cluster_ip_turns_in_a_mesh(strategy: str, outcome: Outcome) -> None:
    told = json.loads(values(replace(CONFIG, strategy=strategy, page_image=IMAGE))["ui"]["ways"])

    assert [way["expects"] for way in told["ways"]] == [outcome, Outcome.BALANCED]
    assert (told["title"], told["api"]) == (TITLE, None)


def test_a_changed_strategy_waits_for_the_pages_pod_too_and_its_rule_in_a_mesh() -> None:
    config = replace(CONFIG, strategy="istio", page_image=IMAGE)

    plan = build_plan(config, ObservedWithIstio(None), desired(config), str(CHART))

    [wait] = [step for step in plan.steps if isinstance(step, AwaitPods)]
    [server] = [release for release in desired(config).releases if release.name == labels.SERVER]
    assert NAME in wait.names
    assert server.policies == (labels.SERVER, labels.SERVER, f"{labels.SERVER}-headless")
    assert server.config_maps == (NAME,)


def test_ui_adds_the_page_to_the_release_and_keeps_its_other_values() -> None:
    install, wait = bringing(converged(CONFIG), GIVEN).steps

    assert isinstance(install, InstallRelease)
    changed = install.install.values
    assert {key: changed[key] for key in GIVEN} == GIVEN
    assert changed["ui"]["enabled"]
    assert "page" not in changed["ui"]
    assert install.install.files["ui.page.index\\.html"].endswith("/_page/index.html")
    assert changed["envoy"] == {"image": {"repository": "registry/envoy", "tag": "1"}}
    assert install.install.labels[labels.STRATEGY] == "clusterip"
    assert wait.names == (labels.SERVER, NAME)
    assert labels.CLIENT not in wait.selector


def test_ui_where_the_page_is_changes_nothing() -> None:
    there = with_page(GIVEN, IMAGE)

    assert not bringing(world(PAGED), there)


def test_ui_brings_another_page_or_image_or_what_somebody_took_away() -> None:
    there = with_page(GIVEN, IMAGE)
    older = {**there, "ui": {**there["ui"], "page": {"index.html": "an older one"}}}

    assert bringing(world(PAGED), older)
    assert bringing(world(PAGED), with_page(GIVEN, "registry/envoy:2"))
    assert bringing(converged(CONFIG), there)


def test_ui_in_a_mesh_wants_a_sidecar_at_the_page() -> None:
    install, wait = bringing(converged(replace(CONFIG, strategy="istio")), GIVEN | {"istio": {"enabled": True}}).steps

    assert wait.sidecars
    assert json.loads(install.install.values["ui"]["ways"])["ways"][0]["expects"] == "BALANCED"


def test_ui_needs_what_up_installs() -> None:
    with FakeApi() as server, pytest.raises(InputError, match="no servers of lbdemo's in namespace lbdemo") as caught:
        planned(tools(FakeRun(), api=server.api()), WISH)

    assert "lbdemo up" in caught.value.hint


def test_ui_does_not_build_on_what_is_half_installed() -> None:
    found = converged(CONFIG)
    half = {name: replace(release, status="pending-upgrade") for name, release in found.releases.items()}

    with pytest.raises(InputError, match="pending-upgrade"):
        bringing(replace(found, releases=half), GIVEN)


def test_the_ways_have_the_paths_of_the_chart() -> None:
    assert [way.path for way in shown(mesh=True)] == [way.path for way in shown(mesh=False)] == ["/connection", "/call"]
    assert page_values(mesh=False).page["index.html"].startswith("<!doctype html>")
    assert f"{PORT}" in (CHART / "templates/ui/_bootstrap.tpl").read_text()


def test_what_up_runs_names_the_pages_files_and_does_not_spell_them_out() -> None:
    plan = build_plan(PAGED, ObservedWithIstio(None), desired(PAGED), str(CHART))

    [server] = [step for step in plan.steps if isinstance(step, InstallRelease) and "server" in step.key]
    [command] = server.commands(tools(FakeRun().on("helm version --short", answer="v4.1.0")))
    assert "--set-file 'ui.page.index\\.html=" in command
    assert "<!doctype" not in command


@pytest.mark.helm
def test_helm_reads_the_pages_files_as_they_are(tmp_path: Path) -> None:
    import yaml
    from helm_chart import helm

    odd = tmp_path / "a,b"
    odd.mkdir()
    text = "let a = '{{ x }}', b = \"{c,d}\";\n// é\n"
    (odd / "index.html").write_text(text)
    install = Install("echo-server", "lbdemo", Chart(str(CHART)), files={"ui.page.index\\.html": f"{odd}/index.html"})
    argv = Helm(FakeRun().on("helm version --short", answer="v4.1.0")).install_argv(install)

    file = argv[argv.index("--set-file") : argv.index("--set-file") + 2]
    options = [*file, "--set", "role=server,ui.enabled=true,ui.ways=x"]
    done = helm("template", "echo-server", str(CHART), *options)

    assert done.returncode == 0, done.stderr
    found = [each for each in yaml.safe_load_all(done.stdout) if each and each["metadata"]["name"] == f"{NAME}-page"]
    assert found[0]["data"] == {"index.html": text}
