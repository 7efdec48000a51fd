"""Images of services that are nobody's but a test's: a Go program alone in its image, and one of plain grpcio."""

from __future__ import annotations

import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import docker

HERE = Path(__file__).parent / "foreign"
GO_PATHS = ("/usr/local/go/bin", "/usr/lib/go/bin")
PIP = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST")


@functools.cache
def image(name: str) -> str:
    """The image of `go` or `python`, built and pushed once for a state of its sources."""
    sources = HERE / name
    digest = hashlib.sha256()
    for file in sorted(sources.iterdir()):
        digest.update(file.name.encode() + file.read_bytes())
    repository, tag = f"{os.environ['LBDEMO_REGISTRY']}/somebody/{name}", digest.hexdigest()[:12]
    client = docker.from_env()
    if not _there(client, f"{repository}:{tag}"):
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(sources, folder, dirs_exist_ok=True)
            if name == "go":
                _compile(Path(folder))
            arguments = {key: os.environ[key] for key in PIP if key in os.environ}
            client.images.build(
                path=folder, tag=f"{repository}:{tag}", rm=True, buildargs=arguments, network_mode="host"
            )
            for line in client.api.push(repository, tag, stream=True, decode=True):
                assert "error" not in line, line
    return f"{repository}:{tag}"


def _there(client: docker.DockerClient, name: str) -> bool:
    try:
        client.images.get_registry_data(name)
    except docker.errors.APIError:
        return False
    return True


def _compile(folder: Path) -> None:
    path = os.pathsep.join([os.environ["PATH"], *GO_PATHS])
    go = shutil.which("go", path=path)
    assert go, "Go is needed: a static program in an empty image is the hard case"
    environment = {**os.environ, "PATH": path, "CGO_ENABLED": "0"}
    command = [go, "build", "-trimpath", "-ldflags", "-s -w", "-o", "greeter", "."]
    subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True)
