"""What is there of Istio, read from the cluster; and a namespace together with it, in one look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from lbdemo.cluster.istio.injectors import Injector, parse_injectors
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import parse_given
from lbdemo.cluster.kernel.observe import Observed, Release, observe_namespace, parse_releases
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.kube.answers import Unseen, Why, need, seen
from lbdemo.kube.api import Api
from lbdemo.kube.kinds import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    DESTINATION_RULES,
    MUTATING_WEBHOOKS,
    NAMESPACES,
    PEER_AUTHENTICATIONS,
    PODS,
    SECRETS,
    SERVICES,
    TELEMETRIES,
    raw,
)
from lbdemo.kube.side_by_side import together

T = TypeVar("T")
POLICIES = tuple(kind.read_as(parse_given) for kind in (DESTINATION_RULES, PEER_AUTHENTICATIONS, TELEMETRIES))
OLD = 2  # of these are of every Istio's
AUTHORITY = "istio-ca-root-cert"  # the ConfigMap that a control plane puts into each namespace that it serves
MESHED = "security.istio.io/tlsMode=istio"  # on every pod with a sidecar; the injector sets it


@dataclass(frozen=True, slots=True)
class ObservedWithIstio(Observed):
    """One look at a namespace, and at the cluster's Istio."""

    istio: Istio = field(default_factory=Istio)


def observe(
    tools: Tools, namespace: str, *, istio: bool, thorough: bool = False, lenient: bool = False
) -> ObservedWithIstio:
    """Looks at the namespace and, when `istio` says so, at Istio too, as `observe_istio` does; all side by side."""
    here, mesh = together(
        lambda: observe_namespace(tools.api, namespace, lenient=lenient),
        lambda: observe_istio(tools.api, namespace, thorough=thorough) if istio else Istio(),
    )
    return ObservedWithIstio(here.namespace, here.objects, here.releases, here.unseen, mesh)


def observe_istio(api: Api, namespace: str, *, thorough: bool = False) -> Istio:
    """Looks for Istio's control planes, wherever they are, and our own policies; what it may not see it says.

    Secrets in Istio's namespace, where the mesh's CA key lies, are asked for only where an Istio of lbdemo's own is
    likely, or none is there at all; `thorough` asks for them in any case, and raises UnseenError where it may not.
    """
    found: Istio
    found, policies, likely_ours, served = together(
        lambda: _control_planes(api),
        lambda: together(*(partial(api.list, kind, namespace, selector=labels.SELECTOR) for kind in POLICIES)),
        lambda: _likely_ours(api),
        lambda: bool(_value(api.get(CONFIG_MAPS, AUTHORITY, namespace))),
    )
    known = replace(
        found,
        policies=tuple(meta for answer in policies if not isinstance(answer, Unseen) for meta in answer),
        crds=not any(isinstance(answer, Unseen) and answer.why is Why.NO_SUCH_KIND for answer in policies[:OLD]),
        traces=f"ConfigMap {namespace}/{AUTHORITY}" if served else "",
    )
    alone = not known.planes and not known.unseen
    if thorough or likely_ours or alone:
        known = replace(known, releases=_releases(api, thorough=thorough))
    return replace(known, traces=_traces(api, known) if alone else known.traces)


def _control_planes(api: Api) -> Istio:
    hooks, daemons = together(
        lambda: api.list(MUTATING_WEBHOOKS.read_as(raw)),
        lambda: api.list(DEPLOYMENTS, selector="app=istiod"),
    )
    _, unseen = seen([hooks, daemons])
    injectors = () if isinstance(hooks, Unseen) else parse_injectors(hooks)
    there = () if isinstance(daemons, Unseen) else daemons
    return Istio(daemons=there, injectors=injectors, missing=_missing(api, injectors), unseen=tuple(unseen))


def _missing(api: Api, injectors: Sequence[Injector]) -> frozenset[tuple[str, str]]:
    """The Services that injectors ask and that are certainly not there."""
    asked = dict.fromkeys((i.home, i.service) for i in injectors if i.service)
    return frozenset((home, name) for home, name in asked if api.get(SERVICES.read_as(raw), name, home) is None)


def _likely_ours(api: Api) -> bool:
    """Whether lbdemo has made Istio's namespace, or has kept its inventory there, as it does before it installs one."""
    home = _value(api.get(NAMESPACES, ISTIO_NAMESPACE))
    return (home is not None and labels.ours(home.meta)) or bool(
        _value(api.get(CONFIG_MAPS, labels.INVENTORY, ISTIO_NAMESPACE))
    )


def _releases(api: Api, *, thorough: bool) -> Mapping[str, Release]:
    secrets = api.metas(SECRETS, ISTIO_NAMESPACE, selector="owner=helm")
    return parse_releases((need(secrets) if thorough else _value(secrets)) or ())


def _traces(api: Api, known: Istio) -> str:
    """A pod of somebody else with a sidecar: there must be, or have been, a control plane that it is of."""
    if known.begun:
        return ""
    pods = _value(api.metas(PODS, selector=f"{MESHED},{labels.PART_OF}!=lbdemo", limit=1))
    return f"the sidecar of pod {pods[0].namespace}/{pods[0].name}" if pods else ""


def _value(answer: T | Unseen) -> T | None:
    return None if isinstance(answer, Unseen) else answer
