from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import jsonschema
import pytest
import yaml

from lbdemo import __version__, config, resources
from lbdemo.cluster.install.values import (
    BalancingValues,
    ClientValues,
    EnvoyValues,
    ImageValues,
    OutlierDetectionValues,
    PodValues,
    ServerValues,
    Values,
)

CHART = resources.chart_folder()
FILE: dict[str, Any] = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: dict[str, Any] = json.loads((CHART / "values.schema.json").read_text())


def resolve(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    reference = schema.get("$ref", "")
    found: Mapping[str, Any] = SCHEMA["definitions"][reference.rpartition("/")[2]] if reference else schema
    return found


def assert_same_keys(values: Mapping[str, Any], schema: Mapping[str, Any], path: str = "values") -> None:
    schema = resolve(schema)
    if "properties" not in schema:  # a mapping whose keys are somebody's own names
        assert schema["additionalProperties"] == {"type": ["string", "number", "boolean"]}, path
        return
    assert set(values) == set(schema["properties"]) == set(schema["required"]), path
    assert schema["additionalProperties"] is False, path
    for key, value in values.items():
        if isinstance(value, dict):
            assert_same_keys(value, schema["properties"][key], f"{path}.{key}")


def accepts(values: Mapping[str, Any]) -> bool:
    return jsonschema.Draft7Validator(SCHEMA).is_valid(values)


def test_defaults_are_those_of_values_yaml() -> None:
    values = Values("server").to_values()

    assert values == FILE | {"role": "server"}


def test_the_schema_knows_every_value_requires_it_and_knows_no_other() -> None:
    assert_same_keys(FILE, SCHEMA)


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMA)

    assert SCHEMA["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_every_value_in_values_yaml_is_explained() -> None:
    lines = (CHART / "values.yaml").read_text().splitlines()
    unexplained = [
        line.strip()
        for before, line in pairwise(lines)
        if line.strip() and not line.lstrip().startswith("#") and not before.lstrip().startswith("#")
    ]

    # Names that say it, inside blocks that are explained as a whole.
    assert {line.partition(":")[0] for line in unexplained} <= {
        "server", "client", "repository", "enabled", "image", "tag", "digest", "pullPolicy", "replicas", "resources",
        "requests", "limits",
    }  # fmt: skip


@pytest.mark.parametrize("role", ["server", "client"])
def test_both_roles_are_valid(role: Any) -> None:
    assert accepts(Values(role).to_values())


def test_a_full_set_of_settings_is_valid() -> None:
    values = Values(
        "server",
        replicas=5,
        image=ImageValues("localhost:5000/lbdemo/echo", "0.1.0-0123456789ab", "sha256:" + "0" * 64, "Always"),
        server=ServerValues(9000, 30.5, 0),
        client=ClientValues("dns:///echo-server-headless.shop.svc.cluster.local.:8080", "round_robin", 0.5, 50, 4, 1.5),
        balancing=BalancingValues("LEAST_REQUEST", OutlierDetectionValues(enabled=True)),
        envoy=EnvoyValues(enabled=True, retries=2),
        pod=PodValues(
            ("regcred",), {"pool": "blue"}, ({"key": "gpu", "operator": "Exists", "effect": "NoSchedule"},),
            {"team": "a"}, {"note": "b"}, 0,
        ),
        cluster_domain="corp.example",
    )  # fmt: skip

    assert accepts(values.to_values())


@pytest.mark.parametrize(
    "changes",
    [
        {"role": ""},
        {"role": "Server"},
        {"replicas": -1},
        {"replicas": 1.5},
        {"replicas": "2"},
        {"server": {"port": 80}},
        {"server": {"port": 15006}},  # Istio's
        {"server": {"port": 9901}},  # Envoy's
        {"server": {"drainSeconds": -1}},
        {"server": {"maxConnectionAgeSeconds": "30s"}},
        {"server": {"drain": 1}},
        {"image": {"repository": "Echo"}},
        {"image": {"repository": "echo:1"}},
        {"image": {"repository": "https://example.org/echo"}},
        {"image": {"tag": "-x"}},
        {"image": {"tag": "a b"}},
        {"image": {"digest": "sha256:12"}},
        {"image": {"pullPolicy": "never"}},
        {"client": {"target": "echo-server"}},
        {"client": {"target": "http://echo-server:8080"}},
        {"client": {"target": "echo-server:8080; rm"}},
        {"client": {"policy": "random"}},
        {"client": {"rate": 0}},
        {"client": {"concurrency": -1}},
        {"client": {"connections": 0}},
        {"client": {"timeoutSeconds": 0}},
        {"balancing": {"policy": "RANDOM"}},
        {"balancing": {"outlierDetection": {"maxEjectionPercent": 101}}},
        {"balancing": {"outlierDetection": {"consecutiveErrors": 0}}},
        {"istio": {"revision": "Canary"}},
        {"istio": {"enabled": "true"}},
        {"envoy": {"retries": -1}},
        {"xds": {"istiodAddress": "istiod"}},
        {"resources": {"requests": {"cpu": "lots"}}},
        {"resources": {"limits": {"memory": "64MB"}}},
        {"resources": {"limits": {"gpu": "1"}}},
        {"strategy": "istio"},
        {"pod": {"imagePullSecrets": [{"name": "regcred"}]}},
        {"pod": {"nodeSelector": {"pool": {"a": 1}}}},
        {"pod": {"tolerations": [{"operator": "Never"}]}},
        {"pod": {"runAsUser": None}},
        {"pod": {"priorityClassName": "high"}},
        {"clusterDomain": "cluster.local."},
        {"envoy": {"listen": "everywhere"}},
        {"ui": {"page": "index.html"}},
        {"ui": {"ways": 1}},
        {"ui": {"port": 9900}},
    ],
    ids=json.dumps,
)
def test_the_schema_refuses(changes: Mapping[str, Any]) -> None:
    def merged(values: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
        both = {k: merged(values[k], v) for k, v in new.items() if isinstance(v, dict) and k in values}
        return {**values, **new, **both}

    assert not accepts(merged(Values("server").to_values(), changes))


def test_names_are_camel_case_and_numbers_stay_numbers() -> None:
    values = Values("server", server=ServerValues(max_connection_age_seconds=30)).to_values()

    assert {"port": 8080, "maxConnectionAgeSeconds": 30, "drainSeconds": 5}.items() <= values["server"].items()
    assert values["envoy"]["image"]["pullPolicy"] == "IfNotPresent"


def test_values_survive_json() -> None:
    values = Values("client", client=ClientValues("echo-server:8080")).to_values()

    assert json.loads(json.dumps(values)) == values


def test_values_compare_by_content() -> None:
    one, same = Values("server", replicas=3), dataclasses.replace(Values("server"), replicas=3)

    assert one == same
    assert hash(one) == hash(same)


def test_the_default_envoy_image_is_that_of_the_option() -> None:
    image = EnvoyValues().image

    assert f"{image.repository}:{image.tag}" == config.ENVOY_IMAGE


def test_the_chart_has_the_packages_version() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())

    assert chart["version"] == chart["appVersion"] == __version__
