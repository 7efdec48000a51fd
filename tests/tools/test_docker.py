"""A build or a push is told as it goes on, fails with the daemon's words, and can be stopped while it says nothing."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from docker.errors import APIError, ImageNotFound

from lbdemo.errors import OperationFailedError
from lbdemo.tools.docker import Base, Docker


class Daemon:
    """A daemon that answers a build with these events; what it raises in between is raised there."""

    def __init__(self, *events: Mapping[str, Any] | Exception, then: threading.Event | None = None) -> None:
        self.api = self
        self._events, self._then = events, then

    def version(self) -> Mapping[str, str]:
        return {"Arch": "arm64"}

    def build(self, **told: object) -> Iterator[Mapping[str, Any]]:
        self.told = told
        for event in self._events:
            if isinstance(event, Exception):
                raise event
            yield event
        if self._then is not None:
            self._then.wait(20)


def build(daemon: Daemon, said: list[str]) -> None:
    def say(text: str) -> None:
        if text:
            said.append(text)

    Docker(daemon).build(b"", "echo:1", {}, say)


def test_the_builders_lines_are_told_without_its_noise() -> None:
    said: list[str] = []

    build(Daemon({"stream": "Step 1/2 : FROM x\n"}, {"stream": " ---> ab12\n"}, {"aux": {}}, {"stream": "done"}), said)

    assert said == ["Step 1/2 : FROM x", "done"]


def test_a_failed_build_has_the_builders_last_lines() -> None:
    with pytest.raises(OperationFailedError, match=r"the build of echo:1 failed: no\n  pip: oh"):
        build(Daemon({"stream": "pip: oh\n"}, {"error": "no"}), [])


def test_a_daemon_that_dies_on_the_way_is_an_error() -> None:
    with pytest.raises(OperationFailedError, match="connection lost"):
        build(Daemon({"stream": "Step 1"}, OSError("connection lost")), [])


def test_a_build_that_says_nothing_can_be_stopped() -> None:
    silent = threading.Event()

    def stop(text: str) -> None:
        if not text:
            raise KeyboardInterrupt

    try:
        with pytest.raises(KeyboardInterrupt):
            Docker(Daemon(then=silent)).build(b"", "echo:1", {}, stop)
        assert not silent.is_set()
    finally:
        silent.set()


@pytest.mark.parametrize(("architecture", "platform"), [("amd64", "linux/amd64"), ("arm64", None), ("", None)])
def test_another_machines_image_is_asked_for_by_its_platform(architecture: str, platform: str | None) -> None:
    daemon = Daemon()

    Docker(daemon).build(b"", "echo:1", {}, lambda _: None, architecture)

    assert daemon.told.get("platform") == platform


class Images:
    """A daemon's images, and its registry's answer."""

    def __init__(self, digests: list[str] | None, registry: str = "") -> None:
        self.images, self._digests, self._registry = self, digests, registry

    def get(self, reference: str) -> SimpleNamespace:
        if self._digests is None:
            raise ImageNotFound(reference)
        return SimpleNamespace(id="sha256:0a", attrs={"RepoDigests": self._digests})

    def get_registry_data(self, reference: str) -> SimpleNamespace:
        if not self._registry:
            raise APIError(f"cannot reach the registry of {reference}")
        return SimpleNamespace(id=self._registry)


@pytest.mark.parametrize(
    ("images", "base"),
    [
        (Images(["mirror/python@sha256:1", "python@sha256:2"]), Base("python@sha256:2", "sha256:2")),
        (Images([]), Base("python:3.13-slim", "sha256:0a")),
        (Images(None, "sha256:3"), Base("python@sha256:3", "sha256:3")),
        (Images(None), Base("python:3.13-slim", "")),
    ],
    ids=["here, from a registry", "here, built by hand", "in the registry", "nowhere"],
)
def test_a_base_is_named_by_the_digest_that_a_registry_gave_it(images: Images, base: Base) -> None:
    assert Docker(images).base("python:3.13-slim") == base
