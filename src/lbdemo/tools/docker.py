"""Docker, through its SDK: build, look, push. The only place that knows `docker`. No policy."""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import Any

import docker
from docker.context import ContextAPI
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from urllib3.exceptions import HTTPError

from lbdemo.errors import InputError, MissingProgramError, OperationFailedError

Say = Callable[[str], None]
# A daemon that dies in the middle of a stream shows as an error of the layers below the SDK.
FAILURES = (DockerException, HTTPError, OSError)
NO_DAEMON = "start Docker (Docker Desktop, colima, dockerd …), or name a ready image with --image NAME"
PING_TIMEOUT = 10  # seconds a daemon may take to say that it is there
TICK = 0.2  # seconds
TIMEOUT = 600  # seconds the daemon may take to answer one request of a build or a push


@dataclass(frozen=True, slots=True)
class Base:
    """An image that others are built on: how to name it in a Dockerfile, and its digest ("" where nobody knows it)."""

    reference: str
    digest: str


class Docker:
    """A connected Docker daemon. Make one with `connect`."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def has(self, reference: str) -> bool:
        """Whether the daemon has the image."""
        try:
            self._client.images.get(reference)
        except ImageNotFound:
            return False
        except FAILURES as error:
            raise OperationFailedError(f"docker cannot look up {reference}: {error}") from error
        return True

    def base(self, reference: str) -> Base:
        """What a build on this image builds on: as a registry knows it where one does, else as the daemon has it."""
        repository = reference.rpartition(":")[0]
        try:
            here = self._client.images.get(reference)
        except ImageNotFound:
            return self._remote_base(reference, repository)
        except FAILURES as error:
            raise OperationFailedError(f"docker cannot look up {reference}: {error}") from error
        known = (digest for digest in here.attrs.get("RepoDigests") or () if digest.startswith(f"{repository}@"))
        pinned = next(known, "")
        return Base(pinned, pinned.rpartition("@")[2]) if pinned else Base(reference, str(here.id))

    def _remote_base(self, reference: str, repository: str) -> Base:
        try:
            digest = str(self._client.images.get_registry_data(reference).id)
        except FAILURES:  # the build will say what is wrong, if it is
            return Base(reference, "")
        return Base(f"{repository}@{digest}", digest)

    @cached_property
    def architecture(self) -> str:
        """That of the daemon's own machine, in the words of images and of Kubernetes, such as amd64."""
        try:
            return str(self._client.version().get("Arch", ""))
        except FAILURES as error:
            raise OperationFailedError(f"docker does not say what it runs on: {error}") from error

    def build(
        self, context: bytes, reference: str, arguments: Mapping[str, str], say: Say, architecture: str = ""
    ) -> None:
        """Builds an image from a tar archive with a Dockerfile at its top; `say` gets the builder's lines.

        For another `architecture` than the daemon's own, its builder needs an emulator (binfmt).

        Raises OperationFailedError with the builder's last lines.
        """
        try:
            events = self._client.api.build(
                fileobj=BytesIO(context), custom_context=True, tag=reference, rm=True, forcerm=True, decode=True,
                buildargs=dict(arguments),
                **({"platform": f"linux/{architecture}"} if architecture not in ("", self.architecture) else {}),
            )  # fmt: skip
            _follow(events, say, f"the build of {reference} failed")
        except FAILURES as error:
            raise OperationFailedError(f"the build of {reference} failed: {error}") from error

    def tag(self, reference: str, repository: str, tag: str) -> None:
        """Gives the image another name."""
        try:
            self._client.api.tag(reference, repository, tag, force=True)
        except FAILURES as error:
            raise OperationFailedError(f"docker cannot tag {reference}: {error}") from error

    def pushed(self, reference: str) -> bool:
        """Whether the registry holds exactly the image that the daemon holds under this name."""
        try:
            remote = self._client.images.get_registry_data(reference).id
            local = self._client.images.get(reference).attrs.get("RepoDigests") or []
        except (APIError, NotFound):
            return False
        except FAILURES as error:
            raise OperationFailedError(f"docker cannot look up {reference} in its registry: {error}") from error
        repository = reference.rpartition(":")[0]
        return f"{repository}@{remote}" in local

    def push(self, repository: str, tag: str, say: Say) -> None:
        """Pushes an image. Raises OperationFailedError with the registry's own words."""
        try:
            events = self._client.api.push(repository, tag, stream=True, decode=True)
            _follow(events, say, f"the push of {repository}:{tag} failed")
        except FAILURES as error:
            raise OperationFailedError(f"the push of {repository}:{tag} failed: {error}", PUSH_HINT) from error


WIDTH = 110  # characters of a line that are enough to show how far the builder is
NOISE = (" --->", "Removing intermediate container")  # what the builder says between the steps
PUSH_HINT = "is the registry running, and are you logged in (`docker login`)?"


def connect(environment: Mapping[str, str] = os.environ) -> Docker:
    """The daemon that the `docker` command would talk to: DOCKER_HOST, else the current docker context.

    The SDK alone would read DOCKER_HOST only; users of Docker Desktop, Colima or OrbStack have a context.
    Raises MissingProgramError when no daemon answers.
    """
    where = environment.get("DOCKER_HOST") or "its usual socket"
    try:
        client = _client(environment)
        where = client.api.base_url
        client.api.timeout = PING_TIMEOUT
        client.ping()
        client.api.timeout = TIMEOUT
    except (*FAILURES, ValueError) as error:
        raise MissingProgramError(f"no Docker daemon answers at {where}", NO_DAEMON) from error
    return Docker(client)


def _client(environment: Mapping[str, str]) -> Any:
    if environment.get("DOCKER_HOST"):
        return docker.from_env(timeout=TIMEOUT, environment=dict(environment))
    context = ContextAPI.get_context(environment.get("DOCKER_CONTEXT") or None)
    if context is None:
        raise InputError(
            f"there is no docker context {environment.get('DOCKER_CONTEXT')}", "`docker context ls` lists them"
        )
    if context.Name == "default" or not context.Host:
        return docker.from_env(timeout=TIMEOUT, environment=dict(environment))
    return docker.DockerClient(base_url=context.Host, tls=context.TLSConfig or False, timeout=TIMEOUT)


def _follow(events: Iterable[Mapping[str, Any]], say: Say, failure: str) -> None:
    """Tells the daemon's events; its errors come in the stream, not as an exception."""
    said: list[str] = []
    for event in _ticking(events):
        if "error" in event:
            detail = "".join(f"\n  {line}" for line in said[-12:])
            hint = (
                PUSH_HINT
                if "push" in failure
                else "is the network there? pip's settings (PIP_INDEX_URL …) are passed on"
            )
            raise OperationFailedError(f"{failure}: {str(event['error']).strip()}{detail}", hint)
        say("")  # nothing new, but it may be time to stop
        for line in _words(event).splitlines():
            if line.strip() and not line.startswith(NOISE):
                said.append(line.rstrip())
                say(line.rstrip() if len(line) <= WIDTH else f"{line[: WIDTH - 1]}…")


def _ticking(events: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The events, and an empty one every TICK seconds in which the daemon says nothing: who waits may want to stop.

    The reading thread is left behind then, since nothing ends a read but the daemon's next word or the process's end.
    """
    came: queue.SimpleQueue[Mapping[str, Any] | BaseException | None] = queue.SimpleQueue()

    def read() -> None:
        try:
            for event in events:
                came.put(event)
        except BaseException as error:  # it is raised where the events are awaited
            came.put(error)
        else:
            came.put(None)

    threading.Thread(target=read, name="docker", daemon=True).start()
    while True:
        try:
            event = came.get(timeout=TICK)
        except queue.Empty:
            event = {}
        if event is None:
            return
        if isinstance(event, BaseException):
            raise event
        yield event


def _words(event: Mapping[str, Any]) -> str:
    if "stream" in event:
        return str(event["stream"])
    if event.get("status") in {"Pushed", "Layer already exists"} or ("status" in event and "id" not in event):
        return f"{event['status']} {event.get('id', '')}"
    return ""
