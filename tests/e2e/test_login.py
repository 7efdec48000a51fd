"""A credential plugin that fails or takes its time: asked once before anything goes side by side, and heard."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from e2e.cluster import Cluster, kubectl

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]
FAILING = "echo 'the session has expired: run corp login' >&2; exit 1"


def plugin(folder: Path, what: str) -> str:
    """A kubeconfig whose user is logged in by a program that notes each of its calls, then does this."""
    program = folder / "login"
    program.write_text(f"#!/bin/sh\necho called >> {folder}/calls\n{what}\n")
    program.chmod(0o755)
    view = json.loads(kubectl("config", "view", "--minify", "--raw", "--flatten", "-o", "json"))
    user = view["users"][0]
    given = user["user"]
    api = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never"}
    user["user"] = {"exec": {**api, "command": str(program)}}
    text = {key: base64.b64decode(given[f"{key}-data"]).decode() for key in ("client-certificate", "client-key")}
    credential = {"clientCertificateData": text["client-certificate"], "clientKeyData": text["client-key"]}
    status = {"apiVersion": api["apiVersion"], "kind": "ExecCredential", "status": credential}
    (folder / "credential").write_text(json.dumps(status))
    config = folder / "kubeconfig"
    config.touch(mode=0o600)
    config.write_text(json.dumps(view))
    return str(config)


def calls(folder: Path) -> int:
    return len((folder / "calls").read_text().splitlines())


@pytest.mark.parametrize("command", [("status",), ("up",), ("clean",), ("verify",), ("logs", "client", "--no-follow")])
def test_a_login_that_fails_is_asked_for_once_and_heard(
    cluster: Cluster, tmp_path: Path, command: tuple[str, ...]
) -> None:
    said = cluster(*command, expect=5, KUBECONFIG=plugin(tmp_path, FAILING)).err

    assert "the session has expired: run corp login" in said
    assert "log in again" in said
    assert "is the cluster running" not in said
    assert calls(tmp_path) == 1


def test_a_login_that_takes_its_time_is_waited_for_once(cluster: Cluster, tmp_path: Path) -> None:
    config = plugin(tmp_path, f"sleep 2; cat {tmp_path}/credential")

    done = cluster("status", "--json", KUBECONFIG=config)

    assert done.json["namespace"]["state"] == "absent"
    assert calls(tmp_path) == 1, f"{os.linesep}{done.err}"
