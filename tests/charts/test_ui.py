"""The page's Envoy in the chart: the same listener as on a person's machine, and what a pod needs beside it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from helm_chart import Manifest, names, one, refusal, render
from jsonschema import Draft7Validator

from lbdemo.cluster.install.page import NAME, PORT, page_values, shown
from lbdemo.cluster.install.values import BalancingValues, EnvoyValues, IstioValues, ServerValues, UiValues, Values
from lbdemo.front.envoy import place
from lbdemo.front.page import TYPES
from lbdemo.front.page_envoy import page_listener
from lbdemo.local.envoy import find_envoy

pytestmark = pytest.mark.helm

FILES = {f"page{ending}": ending for ending in TYPES if ending != ".html"}
FILES = dict(
    sorted({**FILES, "index.html": "<p>\n'hello' & \"{{ you }}\" é", "page.js": "let a = 1; // \u2028"}.items())
)
PAGE = UiValues(enabled=True, page=FILES, ways='{"v": 1, "title": "it\'s"}')
PLAIN = Values("server", ui=PAGE)
MESH = replace(PLAIN, istio=IstioValues(enabled=True, revision="canary"))
FOLDER = "/srv/page"


def bootstrap_text(values: Values) -> str:
    text: str = one(render(values.to_values()), "ConfigMap", NAME)["data"]["bootstrap.yaml"]
    return text


def resources(values: Values) -> Any:
    return yaml.safe_load(bootstrap_text(values))["static_resources"]


def deployment(values: Values) -> Manifest:
    return one(render(values.to_values()), "Deployment", NAME)


def test_the_listener_is_that_of_the_page_on_a_persons_machine() -> None:
    paths = {"/" if name == "index.html" else f"/{name}": f"{FOLDER}/{name}" for name in FILES}
    by_host = {way.name: {"auto_host_rewrite": True} for way in shown(mesh=False)}

    found = resources(PLAIN)["listeners"][0]

    assert found == page_listener(place("::", PORT), paths, PAGE.ways, shown(mesh=False), by_host)


def test_a_real_envoy_accepts_it(tmp_path: Path) -> None:
    for name, content in FILES.items():
        (tmp_path / name).write_text(content)
    (tmp_path / "bootstrap.yaml").write_text(bootstrap_text(PLAIN).replace(FOLDER, str(tmp_path)))

    argv = [str(find_envoy()), "--mode", "validate", "--config-path", str(tmp_path / "bootstrap.yaml")]
    done = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert "[warning]" not in done.stderr


def test_the_page_reaches_its_pod_unchanged() -> None:
    found = one(render(PLAIN.to_values()), "ConfigMap", f"{NAME}-page")
    pod = deployment(PLAIN)["spec"]["template"]["spec"]

    [container] = pod["containers"]
    assert found["data"] == FILES
    assert {"name": "page", "configMap": {"name": f"{NAME}-page"}} in pod["volumes"]
    assert {"name": "page", "mountPath": FOLDER, "readOnly": True} in container["volumeMounts"]


def test_one_way_goes_to_the_virtual_address_and_the_other_to_each_pod() -> None:
    values = replace(PLAIN, server=ServerValues(port=9000), balancing=BalancingValues("LEAST_REQUEST"))

    found = {c["name"]: c for c in resources(values)["clusters"]}

    places = {
        name: cluster["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]["address"]["socket_address"]
        for name, cluster in found.items()
    }
    assert (places["connection"]["address"], places["connection"]["port_value"]) == ("echo-server", 9000)
    assert (places["call"]["address"], places["call"]["port_value"]) == ("echo-server-headless", 9000)
    assert found["call"]["lb_policy"] == "LEAST_REQUEST"
    assert "health_checks" in found["call"]
    assert "health_checks" not in found["connection"]


def test_one_pod_with_one_worker_has_one_connection_to_show() -> None:
    spec = deployment(PLAIN)["spec"]

    arguments = spec["template"]["spec"]["containers"][0]["args"]
    assert spec["replicas"] == 1
    assert arguments[arguments.index("--concurrency") + 1] == "1"


@pytest.mark.parametrize(("values", "injected"), [(PLAIN, "false"), (MESH, "true")])
def test_the_pod_gets_a_sidecar_where_the_servers_get_one(values: Values, injected: str) -> None:
    labels = deployment(values)["spec"]["template"]["metadata"]["labels"]

    assert labels["sidecar.istio.io/inject"] == injected
    assert labels.get("istio.io/rev") == ("canary" if injected == "true" else None)


def test_no_user_is_one_that_a_sidecar_lets_pass() -> None:
    pod = deployment(MESH)["spec"]["template"]["spec"]

    assert pod["securityContext"]["runAsUser"] != 1337
    assert pod["securityContext"]["runAsNonRoot"]


def test_in_a_mesh_calls_to_pods_by_their_own_address_are_told_to_be_encrypted() -> None:
    rule = one(render(MESH.to_values()), "DestinationRule", "echo-server-headless")

    assert rule["spec"]["trafficPolicy"]["tls"]["mode"] == "ISTIO_MUTUAL"
    assert "DestinationRule/echo-server-headless" not in names(render(replace(MESH, ui=UiValues()).to_values()))


def test_a_changed_page_rolls_the_pod_and_an_equal_one_does_not() -> None:
    def template(values: Values) -> Any:
        return deployment(values)["spec"]["template"]

    assert template(replace(PLAIN, ui=replace(PAGE, page={"index.html": "other"}))) != template(PLAIN)
    assert template(replace(PLAIN, ui=replace(PAGE, ways="{}"))) != template(PLAIN)
    assert template(replace(PLAIN, replicas=5)) == template(PLAIN)


def test_the_page_comes_with_the_servers_only_and_only_when_enabled() -> None:
    added = names(render(PLAIN.to_values())) - names(render(Values("server").to_values()))

    assert added == {f"Deployment/{NAME}", f"ConfigMap/{NAME}", f"ConfigMap/{NAME}-page"}
    both = names(render(replace(PLAIN, envoy=EnvoyValues(enabled=True)).to_values()))
    assert {f"Deployment/{NAME}", "Deployment/echo-server-envoy"} <= both


@pytest.mark.parametrize(
    ("ui", "words"), [(replace(PAGE, page={"page.js": ""}), "index.html"), (replace(PAGE, ways=""), "ui.ways")]
)
def test_a_page_that_is_none_is_refused_in_words(ui: UiValues, words: str) -> None:
    assert words in refusal(replace(PLAIN, ui=ui).to_values())


def test_what_lbdemo_brings_fits_the_schema_and_a_config_map() -> None:
    import json

    from lbdemo.resources import chart_folder

    brought = Values("server", ui=page_values(mesh=False)).to_values()

    schema = json.loads((chart_folder() / "values.schema.json").read_text())
    assert Draft7Validator(schema).is_valid(brought)
    assert sum(len(content.encode()) for content in brought["ui"]["page"].values()) < 1 << 20
