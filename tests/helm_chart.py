"""Renders the chart with the real Helm, for the tests beside this file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

import yaml

from lbdemo import resources

Done = subprocess.CompletedProcess[str]
Manifest = dict[str, Any]


def helm(*arguments: str, stdin: str = "") -> Done:
    return subprocess.run(["helm", *arguments], input=stdin, capture_output=True, text=True, timeout=60, check=False)


def template(values: Mapping[str, Any], *, release: str, namespace: str, kinds: Sequence[str] = ()) -> Done:
    return _template(json.dumps(values), release=release, namespace=namespace, kinds=tuple(kinds))


@cache
def _template(values: str, *, release: str, namespace: str, kinds: tuple[str, ...]) -> Done:
    chart = str(resources.chart_folder())
    known = [word for kind in kinds for word in ("--api-versions", kind)]
    return helm("template", release, chart, "-n", namespace, *known, "-f", "-", stdin=values)


def render(
    values: Mapping[str, Any], *, release: str = "", namespace: str = "shop", kinds: Sequence[str] = ()
) -> list[Manifest]:
    """The manifests of a release, by default called echo-<role>; `kinds` are those that the cluster has besides."""
    done = template(values, release=release or f"echo-{values['role']}", namespace=namespace, kinds=kinds)
    assert done.returncode == 0, done.stderr
    return [manifest for manifest in yaml.load_all(done.stdout, Loader=yaml.CSafeLoader) if manifest]


def refusal(values: Mapping[str, Any]) -> str:
    """What Helm says to values that the chart does not take."""
    done = template(values, release="echo", namespace="shop")
    assert done.returncode != 0, done.stdout
    return done.stderr


def notes(values: Mapping[str, Any], namespace: str) -> str:
    """NOTES.txt, as an installation shows it."""
    chart = str(resources.chart_folder())
    options = ("--dry-run=client", "-n", namespace, "-f", "-")
    done = helm("install", f"echo-{values['role']}", chart, *options, stdin=json.dumps(values))
    assert done.returncode == 0, done.stderr
    return done.stdout.partition("NOTES:")[2]


def one(manifests: list[Manifest], kind: str, name: str) -> Manifest:
    [found] = [m for m in manifests if (m["kind"], m["metadata"]["name"]) == (kind, name)]
    return found


def names(manifests: list[Manifest]) -> set[str]:
    return {f"{m['kind']}/{m['metadata']['name']}" for m in manifests}


def pods(manifests: list[Manifest]) -> Iterator[Manifest]:
    """Every pod and pod template."""
    for manifest in manifests:
        if manifest["kind"] == "Pod":
            yield manifest
        elif manifest["kind"] == "Deployment":
            yield manifest["spec"]["template"]


def arguments(pod: Manifest) -> dict[str, str]:
    """The options of the echo container, name -> value."""
    _command, *options = pod["spec"]["containers"][0]["args"]
    return dict(zip(options[::2], options[1::2], strict=True))


def environment(pod: Manifest) -> dict[str, Any]:
    return {entry["name"]: entry for entry in pod["spec"]["containers"][0]["env"]}
