"""The image is named by its content, and holds what runs in a pod and nothing else."""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from lbdemo.cluster.image.content import (
    Recipe,
    archive,
    build_arguments,
    content_image,
    context_files,
    on_another_base,
)
from lbdemo.cluster.kernel.reference import Image, split


def test_the_context_is_the_runtime_subset() -> None:
    names = set(context_files())

    assert {"Dockerfile", "requirements.txt", "lbdemo/cli/serve.py", "lbdemo/echo/server.py"} <= names
    assert not any(
        part in name for name in names for part in ("cluster", "kube", "tools", "local/", "__pycache__", ".pyc")
    )


@pytest.mark.parametrize("command", ["serve", "client", "peer"])
def test_each_command_of_a_pod_starts_with_the_contexts_files_alone(command: str, tmp_path: Path) -> None:
    for name, content in context_files().items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    alone = {"PYTHONPATH": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    help_ = [sys.executable, "-m", "lbdemo", command, "--help"]
    done = subprocess.run(help_, env=alone, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert "Usage" in done.stdout


def test_the_name_follows_the_content() -> None:
    files = context_files()
    changed = {**files, "lbdemo/errors.py": files["lbdemo/errors.py"] + b"#"}
    moved = {name if name != "lbdemo/errors.py" else "lbdemo/other.py": content for name, content in files.items()}

    assert content_image(files) == content_image(dict(files))
    assert len({content_image(f).tag for f in (files, changed, moved)}) == 3


BASE = "sha256:0123456789abcdef" + "0" * 48


def test_the_name_tells_base_and_machine_apart() -> None:
    files = context_files()
    recipes = [Recipe(), Recipe(BASE, "amd64"), Recipe(BASE, "arm64"), Recipe(BASE.replace("0", "f"), "amd64")]

    tags = [content_image(files, recipe).tag for recipe in recipes]

    assert len(set(tags)) == 4
    assert tags[1] == f"{tags[0]}-0123456789ab-amd64"


def test_without_docker_what_runs_already_is_right_on_whatever_base() -> None:
    files = {"a": b"1"}
    running = content_image(files, Recipe(BASE, "amd64")).at("localhost:5000").reference
    other = content_image({"a": b"2"}, Recipe(BASE, "amd64")).reference

    found = on_another_base(files, "amd64", [other, running])

    assert found == content_image(files, Recipe(BASE, "amd64"))
    assert on_another_base(files, "", [running]) == found, "the nodes may not be seen either"
    assert on_another_base(files, "arm64", [running]) is None
    assert on_another_base(files, "amd64", [other]) is None


def test_the_archive_is_the_same_each_time() -> None:
    files = context_files()

    assert archive(files) == archive(files)
    with tarfile.open(fileobj=io.BytesIO(archive(files))) as tar:
        assert tar.getnames() == sorted(files)


def test_pips_settings_are_passed_on() -> None:
    assert build_arguments({"PIP_INDEX_URL": "u", "HOME": "/", "PIP_TRUSTED_HOST": ""}) == {"PIP_INDEX_URL": "u"}


@pytest.mark.parametrize(
    ("reference", "image"),
    [("a", Image("a", "latest")), ("a:1", Image("a", "1")), ("h:5000/a", Image("h:5000/a", "latest")),
     ("h:5000/a:2", Image("h:5000/a", "2")), ("a@sha256:1", Image("a", "@sha256:1"))],
)  # fmt: skip
def test_references_are_split(reference: str, image: Image) -> None:
    assert split(reference) == image


@pytest.mark.parametrize(
    ("registry", "name"),
    [("ghcr.io/me", "ghcr.io/me/lbdemo/echo"), ("docker.io/me", "docker.io/me/lbdemo-echo")],
)
def test_names_at_docker_hub_have_two_parts(registry: str, name: str) -> None:
    assert Image("lbdemo/echo", "1").at(registry).repository == name
