"""Where a Prometheus may be: as a person names it, or by the labels that its charts and its operator give Services."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lbdemo.diagnose.collect.prometheus_asked import TIMEOUT, ByService, ByUrl, Prometheus
from lbdemo.errors import InputError
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.kinds import SERVICES
from lbdemo.kube.side_by_side import each

if TYPE_CHECKING:
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.services import Service

SELECTORS = (
    "app.kubernetes.io/name=prometheus",  # charts of its own, Istio's sample, the operator's Prometheuses
    "app=prometheus",
    "operated-prometheus=true",  # the Service prometheus-operated, which the operator makes
    "linkerd.io/extension=viz,component=prometheus",
)
USUAL = 9090
NAMED = ("web", "http-web", "http")
LISTED = 20  # Services of each kind that are looked at
TRIED = 4  # of them are asked, the service's own namespace first
SERVICE = re.compile(r"([a-z0-9-]+)/([a-z0-9-]+)(?::([a-z0-9-]+))?")


@dataclass(frozen=True, slots=True)
class Found:
    """Those that may be asked, and what could not be seen."""

    prometheuses: tuple[Prometheus, ...] = ()
    unseen: tuple[Unseen, ...] = ()


def check(name: str) -> None:
    """Raises InputError for a name of a Prometheus that is neither a URL nor a Service's."""
    if name.startswith(("http://", "https://")):
        try:
            good = bool(urlsplit(name).hostname) and urlsplit(name).port != 0
        except ValueError:
            good = False
    else:
        good = SERVICE.fullmatch(name) is not None
    if not good:
        raise InputError(
            f"{name!r} names no Prometheus", "give a URL that this machine reaches, or NAMESPACE/SERVICE[:PORT]"
        )


class Finder:
    """Finds them, in the cluster once however many services are looked at. Safe to use from several threads."""

    def __init__(self, api: Api, name: str = "") -> None:
        self.name = name
        self._api = api
        self._lock = threading.Lock()
        self._everywhere: Found | None = None

    @property
    def shown(self) -> str:
        """The one that is named, without any password."""
        return ByUrl(self.name).where if "://" in self.name else self.name

    def near(self, namespace: str) -> Found:
        """The one that is named; else those of all namespaces, or of this one where a user may not see all."""
        with self._lock:
            if self._everywhere is None:
                self._everywhere = named(self._api, self.name) if self.name else found(self._api)
        there = self._everywhere
        if any(unseen.why is Why.FORBIDDEN for unseen in there.unseen) and not self.name:
            here = found(self._api, namespace)
            there = Found(here.prometheuses, tuple(dict.fromkeys((*there.unseen, *here.unseen))))
        order = sorted(there.prometheuses, key=lambda one: not one.where.startswith(f"{namespace}/"))
        return replace(there, prometheuses=tuple(order[:TRIED]))


def named(api: Api, name: str) -> Found:
    """The one that a person names; of a Service without a port, the port that fits."""
    shape = SERVICE.fullmatch(name)
    if shape is None:
        return Found((ByUrl(name),))
    namespace, service, port = shape.groups()
    if port:
        return Found((ByService(api, namespace, service, int(port) if port.isdigit() else port),))
    there = api.get(SERVICES, service, namespace, timeout=TIMEOUT)
    if there is None:
        return Found(unseen=(Unseen(SERVICES.where(namespace, service), Why.ABSENT, "--prometheus names it"),))
    number = USUAL if isinstance(there, Unseen) else port_of(there) or USUAL
    return Found((ByService(api, namespace, service, number),))


def found(api: Api, namespace: str = "") -> Found:
    """Those that Services' labels show, of all namespaces where none is given."""
    answers = each(
        lambda labels: api.list(SERVICES, namespace, selector=labels, limit=LISTED, timeout=TIMEOUT), SELECTORS
    )
    unseen = dict.fromkeys(_elsewhere(answer) for answer in answers if isinstance(answer, Unseen))
    services = {
        (one.meta.namespace, one.meta.name): one for many in answers if not isinstance(many, Unseen) for one in many
    }
    ports = ((place, port_of(service)) for place, service in sorted(services.items()))
    return Found(tuple(ByService(api, *place, port) for place, port in ports if port), tuple(unseen))


def _elsewhere(unseen: Unseen) -> Unseen:
    """In words of what was looked for: Services themselves were of no interest."""
    return replace(unseen, what="a Prometheus in the cluster", detail="--prometheus NAMESPACE/SERVICE names one")


def port_of(service: Service) -> int:
    """The port at which a Prometheus answers; 0 where none looks like it."""
    for port in service.ports:
        if port.number == USUAL:
            return USUAL
    return next((port.number for port in service.ports if port.name in NAMED), 0)
