"""What a cluster wants of our releases (--set, --values, --cluster-domain) reaches Helm, and changes nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from worlds import CHART, CONFIG, converged, desired

from lbdemo.cluster.install.desired import decided
from lbdemo.cluster.install.plan import build_plan
from lbdemo.cluster.install.strategies.base import Cluster
from lbdemo.cluster.install.values import Values
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.config import DECIDED, Place, UpConfig, up_config
from lbdemo.errors import InputError
from lbdemo.tools.helm import Install

PLACE = Place("", "lbdemo")


def installs(config: UpConfig) -> dict[str, Install]:
    plan = build_plan(config, ObservedWithIstio(None), desired(config), str(CHART))
    return {step.install.release: step.install for step in plan.steps if isinstance(step, InstallRelease)}


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "wishes.yaml"
    path.write_text("pod: {imagePullSecrets: [regcred]}\nclient: {target: 'elsewhere:80'}\n")
    return str(path)


def test_both_releases_are_told(file: str) -> None:
    config = replace(CONFIG, values_files=(file,), sets=("resources.limits.cpu=1",))

    for install in installs(config).values():
        assert install.values_files == (file,)
        assert install.sets == ("resources.limits.cpu=1",)


def test_a_file_cannot_change_what_lbdemo_decides(file: str) -> None:
    found = installs(replace(CONFIG, strategy="headless", values_files=(file,)))

    client = found[labels.CLIENT].overrides
    assert client["client.target"] == "dns:///echo-server-headless.lbdemo.svc:8080"
    assert client["client.policy"] == "round_robin"
    assert client["istio"] == {"enabled": False, "revision": ""}
    assert found[labels.SERVER].overrides["server.maxConnectionAgeSeconds"] == 5
    assert found[labels.SERVER].overrides["role"] == "server"


def test_without_a_file_there_is_nothing_to_override() -> None:
    assert all(install.overrides == {} for install in installs(CONFIG).values())


def test_everything_that_lbdemo_decides_is_a_value_of_the_chart() -> None:
    plain = Values("server").to_values()

    assert all(value is not None for value in decided({"role": "server", "replicas": 2}).values())
    assert {name.partition(".")[0] for name in DECIDED} <= set(plain)


@pytest.mark.parametrize("change", ["sets", "file", "nothing"])
def test_another_wish_is_another_release(change: str, file: str) -> None:
    config = replace(CONFIG, values_files=(file,))
    world = converged(config)
    wanted = replace(config, sets=("pod.runAsUser=0",)) if change == "sets" else config
    if change == "file":
        Path(file).write_text("pod: {runAsUser: 0}\n")

    plan = build_plan(wanted, world, desired(wanted), str(CHART))

    assert bool(plan) is (change != "nothing")


@pytest.mark.parametrize(
    ("text", "decided"),
    [
        ("replicas=3", "replicas"), ("client.target=a:1", "client.target"), ("client=x", "client.target"),
        ("resources.limits.cpu=1,istio.enabled=true", "istio"), ("xds.enabled=true", "xds"), ("image=x", "image"),
        ("server.port=9000", "server.port"), ("envoy.image.tag=1", "envoy.image.tag"),
    ],
)  # fmt: skip
def test_what_lbdemo_decides_is_not_to_be_set(text: str, decided: str) -> None:
    with pytest.raises(InputError, match=f"lbdemo decides {decided}"):
        up_config(PLACE, sets=[text])


@pytest.mark.parametrize(
    "text",
    [
        "resources.limits.cpu=1",
        "pod.tolerations[0].key=gpu,pod.tolerations[0].operator=Exists",
        r"pod.nodeSelector.kubernetes\.io/arch=amd64",
        "pod.imagePullSecrets={a,b}",
        "image.pullPolicy=Always",
        "envoy.replicas=2",
        "server.appProtocol=grpc",
    ],
)
def test_the_rest_is_to_be_set(text: str) -> None:
    assert up_config(PLACE, sets=[text]).sets == (text,)


@pytest.mark.parametrize("text", ["", "resources", "=1"])
def test_what_is_no_setting_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="NAME=VALUE"):
        up_config(PLACE, sets=[text])


def test_a_file_that_is_not_there_is_refused() -> None:
    with pytest.raises(InputError, match=r"no file nowhere\.yaml"):
        up_config(PLACE, values_files=["nowhere.yaml"])


@pytest.mark.parametrize("name", ["cluster.local.", "Cluster.local", "a..b", "a b"])
def test_a_domain_that_can_be_none_is_refused(name: str) -> None:
    with pytest.raises(InputError, match="not a DNS domain"):
        up_config(PLACE, cluster_domain=name)


@pytest.mark.parametrize(
    ("strategy", "domain", "target"),
    [
        ("clusterip", "", "echo-server.lbdemo.svc:8080"),
        ("clusterip", "cluster.local", "echo-server.lbdemo.svc:8080"),  # whether or not an istiod has told it yet
        ("clusterip", "corp.example", "echo-server.lbdemo.svc.corp.example:8080"),
        ("xds", "", "xds:///echo-server.lbdemo.svc.cluster.local:8080"),
        ("xds", "corp.example", "xds:///echo-server.lbdemo.svc.corp.example:8080"),
    ],
)
def test_names_hold_in_a_cluster_of_any_domain(strategy: str, domain: str, target: str) -> None:
    wanted = desired(replace(CONFIG, strategy=strategy), Cluster(domain=domain))

    client = next(release for release in wanted.releases if release.name == labels.CLIENT)
    assert client.values["client"]["target"] == target
    assert client.values.get("clusterDomain", "cluster.local") == (domain or "cluster.local")


@pytest.mark.helm
def test_helm_itself_takes_a_file_and_lets_our_own_decisions_stand(file: str) -> None:
    import yaml
    from fakes import FakeRun
    from helm_chart import helm

    from lbdemo.tools.helm import Helm

    config = replace(CONFIG, values_files=(file,), sets=("resources.limits.cpu=1",))
    install = installs(config)[labels.CLIENT]
    argv = Helm(FakeRun().on("helm version --short", answer="v4.1.0")).install_argv(install)
    options = argv[argv.index("-f") : argv.index("-n")]
    done = helm("template", install.release, str(CHART), *options, stdin=json.dumps(install.values))

    assert done.returncode == 0, done.stderr
    [deployment] = [m for m in yaml.safe_load_all(done.stdout) if m["kind"] == "Deployment"]
    pod = deployment["spec"]["template"]["spec"]
    assert pod["imagePullSecrets"] == [{"name": "regcred"}]
    assert pod["containers"][0]["resources"]["limits"]["cpu"] == 1
    assert "echo-server.lbdemo.svc:8080" in pod["containers"][0]["args"]
