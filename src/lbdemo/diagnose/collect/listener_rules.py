"""What tells sidecars of listeners beside Services: asked after the watch, where one takes for TCP what says gRPC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lbdemo.diagnose.app_protocols import reads_http2
from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect.objects import ISTIO_ROOT, Many, everywhere, in_each
from lbdemo.kube.answers import Unseen
from lbdemo.kube.traffic_kinds import ENVOY_FILTERS, SERVICE_ENTRIES, SIDECARS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lbdemo.diagnose.evidence import Evidence
    from lbdemo.diagnose.looks import EnvoyLook, EnvoyRoute
    from lbdemo.kube.api import Api
    from lbdemo.kube.records.istio_listeners import ListenerRule


def listener_rules(
    api: Api, bare: Evidence, routes: Sequence[EnvoyRoute], looks: Sequence[EnvoyLook] = ()
) -> Many[ListenerRule]:
    """Those that may hold for callers whose listener passes connections on, or ServiceEntries where an Envoy knows
    hosts of the service that are none of its pods; nobody is asked where there are no such callers."""
    spaces = {route.pod.partition("/")[0] for route in routes if route.kind == "tcp"}
    if bare.service.headless or not (spaces and reads_http2(bare.port)):
        return everywhere(api, SERVICE_ENTRIES, sorted({bare.namespace, ISTIO_ROOT})) if _strangers(bare, looks) else ()
    mesh = sorted({*spaces, bare.namespace, ISTIO_ROOT})
    answers = (in_each(api, SIDECARS, mesh), everywhere(api, SERVICE_ENTRIES, mesh), in_each(api, ENVOY_FILTERS, mesh))
    unseen = next((answer for answer in answers if isinstance(answer, Unseen)), None)
    return unseen or tuple(one for answer in answers if not isinstance(answer, Unseen) for one in answer)


def _strangers(bare: Evidence, looks: Sequence[EnvoyLook]) -> bool:
    """Whether some Envoy sends the service's calls to an address that is no endpoint's."""
    case = Case(bare)
    return any(host.address not in case.by_address for look in looks for host in case.hosts(look))
