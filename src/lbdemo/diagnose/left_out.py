"""What no cause reads and what may name somebody: it is left out of evidence that shall name nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.images import RUNTIMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WORDS = ("uid", "id", "message", "detail", "provider")
"""Members whose words are others', such as those of an API server, a login, or a program's last ones."""
LISTS = ("finalizers", "taints")
ANNOTATIONS = (
    "istio.io/dataplane-mode", "ambient.istio.io/redirection", "sidecar.istio.io/inject", "inject.istio.io/templates",
    "traffic.sidecar.istio.io/", "config.linkerd.io/", "service.kubernetes.io/topology-", "prometheus.io/scrape",
    "prometheus.io/port", "lbdemo.dev/ignore",
)  # fmt: skip
"""How keys of annotations begin that are kept: their values are numbers, addresses, and words of the field."""


def bare(document: Any, known: tuple[str, ...]) -> Any:
    """The document without them; of variables, those that are `known` and those that tell of a runtime are kept."""
    if isinstance(document, list | tuple):
        return [bare(one, known) for one in document]
    if not isinstance(document, dict):
        return document
    return {name: _member(name, value, known) for name, value in document.items()}


def _member(name: str, value: Any, known: tuple[str, ...]) -> Any:
    if name in WORDS and isinstance(value, str):
        return ""
    if name in LISTS:
        return []
    if name in ("annotations", "pod_annotations") and isinstance(value, dict):
        return {key: told for key, told in value.items() if key.startswith(ANNOTATIONS)}
    if name == "env" and isinstance(value, dict):
        return dict(_variables(value, known))
    return bare(value, known)


def _variables(env: Mapping[str, str], known: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Variables by names that are nobody's own, as far as they tell something."""
    for number, (name, value) in enumerate(env.items(), 1):
        runtime = next((each for each in RUNTIMES if name.startswith(each)), "")
        if name.upper() in known:
            yield name, value
        elif runtime or not value.startswith("("):
            yield f"{runtime or 'VARIABLE_'}{number}{'_GRPC_CHANNELS' if 'channels=' in value else ''}", value
