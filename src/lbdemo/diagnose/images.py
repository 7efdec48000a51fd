"""What a container's image tells of what runs in it: by its name only, so it is a hint and no proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.diagnose.proxies import ISTIO, LINKERD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdemo.kube.records.pods import Pod

PROXIES = ("envoy", "nginx", "haproxy", "traefik", "contour", "kong", "apisix", "emissary", "gloo", "caddy")
DOTNET = ("dotnet", "aspnet"), ("DOTNET_", "ASPNETCORE_")
JAVA = ("java", "jdk", "jre", "temurin", "corretto"), ("JAVA_", "JDK_JAVA_", "JVM_")
CORE = ("python", "ruby", "php"), ("PYTHON", "RUBY", "BUNDLE_", "PHP_")
"""Words of images, and how names of variables begin."""
RUNTIMES = (*DOTNET[1], *JAVA[1], *CORE[1])


def name_of(image: str) -> str:
    """An image's own name, without registry, tag and digest."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0].lower()


def hints(image: str) -> tuple[str, ...]:
    """The words in an image's own name that tell what runs in it."""
    return tuple(word for word in (*PROXIES, *DOTNET[0], *JAVA[0], *CORE[0]) if word in name_of(image))


def is_dotnet(pod: Pod | None) -> bool:
    """Whether .NET runs in the pod, by its images and by the names of its variables."""
    return _runs(pod, *DOTNET)


def is_java(pod: Pod | None) -> bool:
    """Whether a Java machine runs in the pod, by its images and by the names of its variables."""
    return _runs(pod, *JAVA)


def is_on_core(pod: Pod | None) -> bool:
    """Whether the pod's language has its gRPC from the C core: Python, Ruby, PHP."""
    return _runs(pod, *CORE)


def _runs(pod: Pod | None, images: Sequence[str], variables: Sequence[str]) -> bool:
    return any(
        any(word in name_of(c.image) for word in images) or any(name.startswith(tuple(variables)) for name in c.env)
        for c in (pod.containers if pod is not None else ())
        if c.name not in (ISTIO, LINKERD)
    )


def is_envoy(pod: Pod | None) -> bool:
    """Whether the pod's own program is an Envoy, which a mesh's proxy is not."""
    return _runs(pod, ("envoy",), ())


def is_proxy(pod: Pod | None) -> bool:
    """Whether the pod's own program is one of the proxies that people put in front of services."""
    if pod is None:
        return False
    own = [c for c in pod.containers if not c.init and c.name not in (ISTIO, LINKERD)]
    return any(word in name_of(container.image) for container in own for word in PROXIES)


def is_gateway(pod: Pod | None) -> bool:
    """Whether Istio's Envoy is all that runs in the pod: a gateway or a waypoint, and nobody's sidecar."""
    return pod is not None and {c.name for c in pod.containers if not c.init} == {ISTIO}
