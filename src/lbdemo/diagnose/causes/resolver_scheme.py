"""LB104: a client's environment sends its connections to an HTTP proxy, which resolves names in its place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl
from lbdemo.diagnose.parts import UNEVEN, pods, short
from lbdemo.diagnose.proxies import proxy_of
from lbdemo.diagnose.told import variables

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB104", "resolver-scheme"
PROXY = ("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "grpc_proxy")
EXCEPT = ("NO_PROXY", "no_proxy", "no_grpc_proxy")


def cause(case: Case) -> Iterator[Finding]:
    """Callers that hold no connection of their own, and whose variables send what goes to this service to a proxy.

    Who is connected to a pod under its own address goes through none, whatever its variables say.
    """
    if len(case.ready) < 2 or not (case.all_sockets_seen or case.judged.outcome in UNEVEN):
        return
    told = [c for c in case.evidence.callers if not proxy_of(c.pod) and not case.reached(c) and proxied(case, c)]
    if told:
        yield _finding(case, told)


def proxied(case: Case, caller: Caller) -> str:
    """The variable that sends the caller's connections to a proxy; "" for none, or where the service is excepted."""
    env = variables(caller.pod)
    names = next((name for name in PROXY if env.get(name)), "")
    excepted = [each.strip().lstrip(".") for name in EXCEPT for each in env.get(name, "").split(",") if each.strip()]
    return "" if any(case.evidence.host.endswith(each) or each == "*" for each in excepted) else names


def _finding(case: Case, told: list[Caller]) -> Finding:
    fixes = tuple(_excepted(case, c) for c in told[:1] if c.pod is not None and c.workload)
    return Finding(
        CODE, NAME,
        sentence=f"{pods(c.name for c in told)} may reach the service through an HTTP proxy, which sees one name only.",
        severity=Severity.RISK,
        evidence=tuple(Line(f"{short(c.name)} has {proxied(case, c)}, and nothing excepts {case.evidence.host}", "API")
                       for c in told),
        fixes=fixes,
        possible=True,
    )  # fmt: skip


def _excepted(case: Case, caller: Caller) -> Fix:
    """Both spellings: gRPC's C core reads the one in lower case only. What stands there stays there."""
    set_env = ("-n", caller.pod.meta.namespace if caller.pod else "", "set", "env", caller.workload)
    before = {name: variables(caller.pod).get(name, "") for name in ("NO_PROXY", "no_proxy")}
    ours = f".{case.evidence.domain},.svc"
    return Fix(
        "except the cluster's names from the proxy",
        (kubectl(*set_env, *(f"{name}={f'{told},' if told else ''}{ours}" for name, told in before.items())),),
        (kubectl(*set_env, *(f"{name}={told}" if told else f"{name}-" for name, told in before.items())),),
        f"and call the service by its whole name, dns:///{case.evidence.host}:{case.evidence.port.number}: "
        "what is excepted is a name's end",
    )
