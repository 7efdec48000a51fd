"""LB404: kube-proxy works by IPVS, whose connections stay where they are, also when their pod has gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lbdemo.diagnose.causes.restart_order_skew import skew
from lbdemo.diagnose.findings import Finding, Fix, Line, Severity
from lbdemo.diagnose.fixes import kubectl, limit_connection_age
from lbdemo.diagnose.looks import SYN_SENT
from lbdemo.diagnose.parts import part_of, pods, short
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller

CODE, NAME = "LB404", "ipvs-sticky"
IPVS = "ipvs"


def cause(case: Case) -> Iterator[Finding]:
    """With IPVS: connections that are where the older pods are, or a client whose dialling nobody answers.

    Both have other causes, too: it is never more than possible.
    """
    if case.evidence.surroundings.proxy_mode != IPVS or case.evidence.service.headless or not case.ready:
        return
    unanswered = [caller for caller in case.evidence.callers if _unanswered(case, caller)]
    held = skew(case)
    if held:
        told = listing([f"{short(name)} {many}" for name, many in held])
        line = Line(f"connections, the oldest pod first: {told}", "server sockets")
        callers = [caller for caller in case.plain if case.connections(caller)]
        yield _finding(case, Severity.PROBLEM, line, part_of(case, callers))
    elif unanswered:
        told = f"{pods(c.name for c in unanswered)} waits for an answer of {case.evidence.service.cluster_ips[0]}"
        yield _finding(case, Severity.RISK, Line(f"{told}, and pods are ready", "caller's sockets"), 0.0)


def _unanswered(case: Case, caller: Caller) -> bool:
    ends = {(address, case.evidence.port.number) for address in case.evidence.service.cluster_ips}
    return any(s.state == SYN_SENT and (s.peer, s.peer_port) in ends for s in case.sockets(caller.name))


def _finding(case: Case, severity: Severity, line: Line, part: float) -> Finding:
    where = ("-n", "kube-system")
    return Finding(
        CODE, NAME,
        sentence="kube-proxy works by IPVS, which leaves connections where they are, and sends a client's port that "
        "is used again to the pod that it had before, gone or not.",
        severity=severity,
        evidence=(Line("kube-proxy's configuration says mode: ipvs", "API"), line),
        fixes=(
            limit_connection_age(case),
            Fix("let kube-proxy work in another mode",
                (kubectl(*where, "edit", "configmap", "kube-proxy"),
                 kubectl(*where, "rollout", "restart", "daemonset/kube-proxy")),
                advice="say mode: nftables (Kubernetes 1.33 and newer) or iptables; it concerns the whole cluster"),
        ),
        explains=part,
        possible=True,
    )  # fmt: skip
