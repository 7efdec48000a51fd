"""Image references, taken apart and put together."""

from __future__ import annotations

from dataclasses import dataclass

from lbdemo.config import DOCKER_HUB


@dataclass(frozen=True, slots=True)
class Image:
    """An image reference in its two halves."""

    repository: str
    tag: str

    @property
    def reference(self) -> str:
        """REPOSITORY:TAG, or REPOSITORY@DIGEST."""
        return f"{self.repository}{self.tag}" if self.tag.startswith("@") else f"{self.repository}:{self.tag}"

    def at(self, registry: str) -> Image:
        """The same image under a registry's address; at Docker Hub, whose names have two parts, lbdemo-echo."""
        hub = registry.partition("/")[0] == DOCKER_HUB
        return Image(f"{registry}/{self.repository.replace('/', '-') if hub else self.repository}", self.tag)


def split(reference: str) -> Image:
    """REPOSITORY[:TAG][@DIGEST] as an Image: a digest says more than a tag; without either the tag is `latest`."""
    repository, tag, digest = parts(reference)
    return Image(repository, f"@{digest}" if digest else tag or "latest")


def parts(reference: str) -> tuple[str, str, str]:
    """Repository, tag and digest of an image reference; "" for what it does not name."""
    named, _, digest = reference.partition("@")
    head, colon, tag = named.rpartition(":")
    return (head, tag, digest) if colon and "/" not in tag else (named, "", digest)
