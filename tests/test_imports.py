"""Start-up is a feature, and `sh` and live gRPC never share a process: looked at in real processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = ("grpc", "docker", "sh", "google.protobuf", "asyncio")


def modules(*arguments: str, **environment: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    program = (
        "import atexit, json, sys\n"
        "atexit.register(lambda: print('\\n' + json.dumps(sorted(sys.modules))))\n"
        f"sys.argv = ['lbdemo', *{list(arguments)!r}]\n"
        "from lbdemo.cli.main import main\n"
        "main()\n"
    )
    env = {**os.environ, **environment}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=env, check=False)
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("arguments", [("--version",), ("up", "--strategy", "no-such"), ("report", "no-such-file")])
def test_a_command_that_does_little_loads_little(arguments: tuple[str, ...]) -> None:
    assert not modules(*arguments) & set(HEAVY)


def test_help_loads_no_program_runner_and_no_grpc() -> None:
    assert not modules("--help") & {"grpc", "docker", "sh"}


def test_commands_on_the_cluster_never_load_grpc(tmp_path: Path) -> None:
    kubectl = tmp_path / "kubectl"
    kubectl.write_text(
        '#!/bin/sh\necho \'{"clusters": [{"cluster": {"server": "https://127.0.0.1:1"}}], "items": []}\'\n'
    )
    kubectl.chmod(0o755)

    loaded = modules("status", "--json", PATH=f"{tmp_path}:/usr/bin:/bin")

    assert "sh" in loaded, "it ran kubectl"
    assert "grpc" not in loaded


def test_a_look_before_up_loads_neither_what_changes_a_cluster_nor_what_measures_it() -> None:
    look = "import json, sys; import lbdemo.cluster.install.up; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    further = (
        "lbdemo.cluster.install.converge",
        "lbdemo.cluster.cleanup",
        "lbdemo.cluster.doctor.checks",
        "lbdemo.records",
    )
    assert not set(json.loads(done.stdout)) & set(further)


def test_what_runs_in_pods_needs_neither_docker_nor_sh() -> None:
    loaded = modules("client", "--target", "127.0.0.1:1", "--count", "1", "--interval", "0")

    assert "grpc" in loaded, "it called"
    assert not loaded & {"docker", "sh", "lbdemo.cluster", "lbdemo.tools"}


def test_python_ends_without_a_last_look_for_garbage() -> None:
    program = (
        "import atexit, gc, sys\n"
        "atexit.register(lambda: print(gc.get_freeze_count()))\n"
        "sys.argv = ['lbdemo', '--version']\n"
        "from lbdemo.cli.main import main\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert int(done.stdout.splitlines()[-1]) > 0


def test_a_server_loads_nothing_of_what_judges_calls() -> None:
    loaded = modules("serve", "--listen", "192.0.2.1:1")

    assert "grpc" in loaded, "it would have served"
    assert not loaded & {"lbdemo.records", "lbdemo.measure"}
