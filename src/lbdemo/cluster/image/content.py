"""The pods' image: named by its content, so that only a changed tree is built and rolls the pods."""

from __future__ import annotations

import hashlib
import io
import os
import re
import tarfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lbdemo import __version__, resources
from lbdemo.cluster.kernel.reference import Image

REPOSITORY = "lbdemo/echo"
# The runtime subset: what `serve`, `client`, `peer` and `collector` import inside a pod.
FILES = ("__init__.py", "__main__.py", "durations.py", "errors.py", "py.typed", "words.py")
ROOMS = ("_proto", "echo", "measure", "records", "render", "traces")
COMMANDS = (
    "__init__.py",
    "main.py",
    "context.py",
    "streams.py",
    "serve.py",
    "client.py",
    "lines.py",
    "peer.py",
    "collector.py",
    "traces.py",
)
# What pip and proxies are told through the environment reaches the build as well.
BUILD_ARGUMENTS = ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_TRUSTED_HOST", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


def context_files() -> dict[str, bytes]:
    """The build context: archive name -> content, sorted by name. The same from a checkout and from a wheel."""
    package = Path(__file__).parent.parent.parent
    files = {path.name: path.read_bytes() for path in _plain(resources.docker_folder())}
    for part in (*FILES, *ROOMS):
        files |= _tree(package / part, package)
    for name in COMMANDS:
        files |= _tree(package / "cli" / name, package)
    return dict(sorted(files.items()))


def _tree(path: Path, package: Path) -> dict[str, bytes]:
    found = _plain(path) if path.is_dir() else [path]
    return {f"lbdemo/{file.relative_to(package).as_posix()}": file.read_bytes() for file in found}


def _plain(folder: Path) -> list[Path]:
    return [p for p in sorted(folder.rglob("*")) if p.is_file() and "__pycache__" not in p.parts and p.suffix != ".pyc"]


BASE = "python:3.13-slim"  # what the Dockerfile builds on


@dataclass(frozen=True, slots=True)
class Recipe:
    """What an image is made of beside its files: on which base (its digest, "" unknown), for which machines."""

    base: str = ""
    architecture: str = ""


UNKNOWN = Recipe()


def content_image(files: Mapping[str, bytes], recipe: Recipe = UNKNOWN) -> Image:
    """`lbdemo/echo:<version>-<hash>[-<base>][-<architecture>]`: two that differ never have the same name.

    The hash is over the names and contents of the build context.
    """
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    base = recipe.base.rpartition(":")[2][:12]
    return Image(REPOSITORY, "-".join(filter(None, (__version__, digest.hexdigest()[:12], base, recipe.architecture))))


def on_another_base(files: Mapping[str, bytes], architecture: str, references: Iterable[str]) -> Image | None:
    """The image of these files among the references, on whatever base it was built; None when there is none."""
    plain = content_image(files)
    machine = re.escape(architecture) if architecture else "[a-z0-9]+"
    like = re.compile(rf"(?:.+/)?{plain.repository}:({re.escape(plain.tag)}-[0-9a-f]{{12}}-{machine})")
    found = next((match for match in map(like.fullmatch, references) if match), None)
    return Image(plain.repository, found[1]) if found else None


def archive(files: Mapping[str, bytes]) -> bytes:
    """The context as a tar archive, the same bytes for the same files (no times, no owners)."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def build_arguments(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The build arguments for pip and proxies, as far as the environment has them."""
    return {name: environment[name] for name in BUILD_ARGUMENTS if environment.get(name)}
