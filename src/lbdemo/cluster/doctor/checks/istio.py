"""Istio: whether there is one that can be used, injects sidecars, and serves proxyless clients."""

from __future__ import annotations

from lbdemo.cluster.doctor.asked import COMPARE, UP, Asked
from lbdemo.cluster.doctor.checks.base import Check
from lbdemo.cluster.doctor.evidence import Evidence
from lbdemo.cluster.doctor.results import GAPS, Judged, bad, missing, ok
from lbdemo.cluster.istio.state import chosen
from lbdemo.cluster.kernel.observe import Observed
from lbdemo.errors import InputError

NONE = "no Istio is there; `up` with a strategy that needs it installs one"
AGENT = "grpc-agent"


def control_plane(asked: Asked, evidence: Evidence) -> Judged:
    """One that is ready; or none."""
    istio = evidence.istio
    assert not isinstance(istio, GAPS), "it is needed"
    if istio.hidden:
        return missing(istio.unseen[0])
    if istio.plane is None:
        return ok(NONE)
    if istio.daemon is not None and not istio.daemon.complete:
        place = istio.daemon.meta
        return bad(
            f"Istio is there and not ready: {istio.summary}",
            f"`kubectl -n {place.namespace} describe deployment {place.name}` says why",
            fatal=asked.mesh,
        )
    return ok(f"Istio {istio.summary}")


def injection(asked: Asked, evidence: Evidence) -> Judged:
    """Its webhook would be called for our pods."""
    istio, there = evidence.istio, evidence.namespace
    assert not isinstance(istio, GAPS), "it is needed"
    assert not isinstance(there, GAPS), "it is needed"
    if istio.hidden:
        return missing(istio.unseen[0])
    if istio.plane is None:
        return ok(NONE)
    if not istio.reachable:
        return bad(
            "no webhook asks Istio's control plane to inject sidecars",
            "`kubectl get mutatingwebhookconfigurations` lists them; whoever runs Istio can install them again",
            fatal=asked.sidecars,
        )
    try:
        found = chosen(istio, asked.revision, Observed(there.meta if there else None), sidecars=True)
    except InputError as error:
        return bad(error.message, error.hint, fatal=asked.sidecars)
    if found.plane is None:
        return bad(
            f"no control plane answers to revision {asked.revision}",
            "`lbdemo status` names what is there",
            fatal=asked.sidecars,
        )
    return ok(f"sidecars come from revision {found.revision or 'default'}")


def discovery(asked: Asked, evidence: Evidence) -> Judged:
    """istiod's port for plain-text discovery."""
    istio, service = evidence.istio, evidence.discoverer
    assert not isinstance(istio, GAPS), "it is needed"
    assert not isinstance(service, GAPS), "it is needed"
    if istio.hidden:
        return missing(istio.unseen[0])
    if istio.plane is None:
        return ok(NONE)
    if service is None or not service.port:
        what = f"Service {service.name} has no port 15010" if service else "istiod's Service is not in istio-system"
        return bad(
            f"{what}: proxyless clients cannot ask it",
            "sidecars work without it: --strategy istio",
            fatal=asked.proxyless,
        )
    return ok(f"Service {service.name} answers proxyless clients at port 15010")


def agent(_: Asked, evidence: Evidence) -> Judged:
    """The injector's template for proxyless pods; lbdemo's own have their bootstrap from the chart."""
    istio, template = evidence.istio, evidence.template
    assert not isinstance(istio, GAPS), "it is needed"
    assert not isinstance(template, GAPS), "it is needed"
    if istio.plane is None and not istio.hidden:
        return ok(NONE)
    if template is None or AGENT not in template.names:
        where = template.source if template else "the injector's ConfigMap, which is not in istio-system,"
        return bad(
            f"{where} has no template {AGENT}",
            "lbdemo's own pods need none; for others use Istio's own injector",
            fatal=False,
        )
    return ok(f"{template.source} has the template {AGENT}")


def _sidecars(asked: Asked) -> bool:
    return asked.sidecars or not asked.strategy


def _proxyless(asked: Asked) -> bool:
    return asked.proxyless or not asked.strategy


def _any(asked: Asked) -> bool:
    return asked.mesh or not asked.strategy


INSTALLING = (UP, COMPARE)
CHECKS = (
    Check(
        "control plane",
        "Istio",
        "strategies with a mesh need one that works",
        ("istio",),
        control_plane,
        INSTALLING,
        _any,
    ),
    Check(
        "sidecar injection",
        "Istio",
        "without its webhook pods get no sidecar",
        ("istio", "namespace"),
        injection,
        INSTALLING,
        _sidecars,
    ),
    Check(
        "discovery",
        "proxyless",
        "proxyless clients ask istiod itself",
        ("istio", "discoverer"),
        discovery,
        INSTALLING,
        _proxyless,
    ),
    Check(
        "grpc-agent",
        "proxyless",
        "proxyless pods of others are injected by it",
        ("istio", "template"),
        agent,
        INSTALLING,
        _proxyless,
    ),
)
