"""LB322: a client asks a control plane (xds:///) that nothing tells it of, or for a name that this does not know."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import pods, short
from lbdemo.diagnose.proxies import GENERATOR
from lbdemo.diagnose.told import bootstrapped, names_from, xds_target
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB322", "xds-not-bootstrapped"
LABEL, TEMPLATES, AGENT = "sidecar.istio.io/inject", "inject.istio.io/templates", "grpc-agent"
SETTINGS, HOLD = "proxy.istio.io/config", '{"holdApplicationUntilProxyStarts": true}'


def cause(case: Case) -> Iterator[Finding]:
    """Callers with a target xds:///… that hold no connection to any pod, and could not get one.

    Certain is only what Istio's agent cannot know: a program may set its variables itself, and who wrote a bootstrap by
    hand may have a control plane with names of its own.
    """
    if not case.ready or not case.all_sockets_seen:
        return
    asking = [c for c in case.evidence.callers if xds_target(c.pod, case.evidence.name) and not case.reached(c)]
    lost = [caller for caller in asking if not bootstrapped(caller.pod)]
    if lost:
        yield _without_plane(case, lost)
    unknown = [caller for caller in asking if caller not in lost and not _known(case, caller)]
    if unknown:
        yield _unknown(case, unknown)
    early = [caller for caller in asking if caller not in (*lost, *unknown) and _before_its_agent(caller)]
    if early:
        yield _too_early(case, early)


def _known(case: Case, caller: Caller) -> bool:
    """Whether istiod takes the target for this service: by its whole name, or, in its own namespace, a shorter one.

    A target without a port is nobody's to judge here.
    """
    host, colon, port = xds_target(caller.pod, case.evidence.name).partition(":")
    numbers = {str(each.number) for each in case.evidence.service.ports}
    service, domain, namespace = case.evidence.service, case.evidence.domain, case.evidence.namespace
    near = caller.pod is not None and caller.pod.meta.namespace == namespace
    names = names_from(service, domain, namespace) if near else (case.evidence.host,)
    return not colon or (host in names and port in numbers)


def _agents(caller: Caller) -> list[bool]:
    """Of each container in the order of their starts, whether it is Istio's agent."""
    containers = caller.pod.containers if caller.pod else ()
    return [one.env.get(GENERATOR) == "grpc" for one in containers if not one.init]


def _before_its_agent(caller: Caller) -> bool:
    """Whether the client was started before Istio's agent: the agent was not waited for."""
    return any(_agents(caller)[1:])


def _too_early(case: Case, early: list[Caller]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="The client was started before the agent that writes its bootstrap file: it may have found none.",
        severity=Severity.RISK,
        evidence=(Line(f"{pods(c.name for c in early)}: the agent is not its first container, so nobody waited for it",
                       "API"), _no_connection(early)),
        fixes=(*(_agent(caller) for caller in early[:1] if caller.workload), _dns(case)),
        possible=True,
    )  # fmt: skip


def _without_plane(case: Case, lost: list[Caller]) -> Finding:
    return Finding(
        CODE, NAME,
        sentence="The client asks a control plane (xds:///), and nothing tells it where that is: it can call nobody.",
        severity=Severity.PROBLEM,
        evidence=(
            *(Line(f"{short(c.name)}: a target is xds:///{xds_target(c.pod, case.evidence.name)}, and no container is "
                   "given GRPC_XDS_BOOTSTRAP", "API") for c in lost),
            _no_connection(lost),
        ),
        fixes=(*(_agent(caller) for caller in lost[:1] if caller.workload), _dns(case)),
        possible=True,
    )  # fmt: skip


def _unknown(case: Case, unknown: list[Caller]) -> Finding:
    ports = listing([str(port.number) for port in case.evidence.service.ports])
    right = f"xds:///{case.evidence.host}:{case.evidence.port.number}"
    return Finding(
        CODE, NAME,
        sentence="The client asks its control plane for a name and a port that no Service there has.",
        severity=Severity.PROBLEM,
        evidence=(
            *(Line(f"{short(c.name)}: a target is xds:///{xds_target(c.pod, case.evidence.name)}", "API")
              for c in unknown),
            Line(f"Service {case.evidence.name} is {case.evidence.host}, with port {ports}", "API"),
            _no_connection(unknown),
        ),
        fixes=(Fix("ask for the Service's whole name and its own port", advice=f"let the client's target be {right}"),
               _dns(case)),
        possible=not all(any(_agents(caller)) for caller in unknown),
    )  # fmt: skip


def _no_connection(callers: list[Caller]) -> Line:
    return Line(f"no pod holds a connection of {pods(c.name for c in callers)}", "server sockets")


def _agent(caller: Caller) -> Fix:
    """Istio's agent beside the client: it writes the file, and tells the client by its variable."""
    where = ("-n", caller.pod.meta.namespace if caller.pod else "", "patch", caller.workload, "--type", "merge", "-p")
    return Fix(
        "let Istio put its agent beside the client, and start it first: it tells the client all that it needs",
        (kubectl(*where, _marked("true", AGENT, HOLD)),),
        (kubectl(*where, _marked(None, None, None)),),
        "needs Istio; with a revision the pods take the label istio.io/rev, too",
    )


def _marked(inject: str | None, template: str | None, settings: str | None) -> str:
    meta: dict[str, Any] = {"labels": {LABEL: inject}, "annotations": {TEMPLATES: template, SETTINGS: settings}}
    return json.dumps({"spec": {"template": {"metadata": meta}}})


def _dns(case: Case) -> Fix:
    number = case.servers[0].port if case.evidence.service.headless and case.servers else case.evidence.port.number
    return Fix("or go without a control plane", advice=f"dns:///{case.evidence.host}:{number}, with round_robin where "
               "the Service is headless")  # fmt: skip
