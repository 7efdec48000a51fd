"""Whether a DestinationRule has callers' sidecars speak what the pods take: mutual TLS, or plain text."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.ambient import in_ambient
from lbdemo.diagnose.findings import Fix, Line
from lbdemo.diagnose.fixes import applied, kubectl
from lbdemo.diagnose.istio_scope import destination_rule_for, mutual_tls_of, strict_for, whole_name
from lbdemo.diagnose.parts import pods
from lbdemo.diagnose.patches import Change, exchanged
from lbdemo.diagnose.proxies import ISTIO, proxy_of
from lbdemo.diagnose.refusals import failing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.diagnose.servers import Server
    from lbdemo.kube.records.istio import DestinationRule, PeerAuthentication, TrafficPolicy

PLAIN, MUTUAL = "DISABLE", "ISTIO_MUTUAL"
OWN = ("SIMPLE", "MUTUAL")
"""TLS by certificates that a rule names itself, or that public authorities have signed."""
POLICY = "/spec/trafficPolicy"


@dataclass(frozen=True, slots=True)
class Contrary:
    """A rule by which a caller's sidecar speaks what no pod takes: its mode, where that stands, and why it fits none.

    No call of the caller was answered.
    """

    caller: Caller
    rule: DestinationRule
    mode: str
    place: str
    why: tuple[str, ...]
    settings: str = ""  # what else it says of TLS, as JSON


def contrary(case: Case, caller: Caller) -> Contrary | None:
    """What a rule tells the caller's sidecar against what all ready pods take, where none of its calls is answered."""
    told = _told(case.evidence, caller) if case.meshed(caller) else None
    if told is None or not case.ready or not failing(case, caller):
        return None
    rule, policy, place = told
    mode = policy.tls
    refusing = {PLAIN: _strict, MUTUAL: _plain, **dict.fromkeys(OWN, _strict)}.get(mode)
    reasons = [refusing(case, server) for server in case.ready] if refusing else [""]
    why = tuple(dict.fromkeys(reasons))
    return Contrary(caller, rule, mode, place, why, policy.tls_settings) if all(reasons) else None


def contraries(case: Case, mode: str) -> list[Contrary]:
    """The callers whose sidecars a rule has speak in this mode, which no pod takes."""
    return [told for caller in case.evidence.callers if (told := contrary(case, caller)) and told.mode == mode]


def unanswered(found: Iterable[Contrary]) -> Line:
    """That no call of theirs was answered."""
    return Line(f"all calls of {pods(told.caller.name for told in found)} fail", "callers' proxies")


def refused_by(found: Sequence[Contrary]) -> tuple[Line, ...]:
    """What the pods take, what the rule says instead, and that no call was answered."""
    first = found[0]
    rule = Line(f"{first.rule.meta.reference}: tls {first.mode}", "API")
    return (*(Line(why, "API") for why in first.why), rule, unanswered(found))


def wants_mutual_tls(case: Case) -> PeerAuthentication | None:
    """What has the sidecar of some ready pod refuse plain text; None where nothing does."""
    inside = (server for server in case.ready if proxy_of(server.pod) == ISTIO)
    rules = (strict_for(case.evidence, server.pod, server.port) for server in inside if server.pod is not None)
    return next((rule for rule in rules if rule is not None), None)


def _told(evidence: Evidence, caller: Caller) -> tuple[DestinationRule, TrafficPolicy, str] | None:
    """The rule, what it says, and where it says it of TLS: what it says of the port goes before what it says of all."""
    rule = destination_rule_for(evidence, caller.pod.meta.namespace) if caller.pod is not None else None
    if rule is None:
        return None
    port = evidence.port.number
    if port in rule.ports:
        return rule, rule.ports[port], f"{POLICY}/portLevelSettings/{list(rule.ports).index(port)}/tls"
    return rule, rule.policy, f"{POLICY}/tls"


def _strict(case: Case, server: Server) -> str:
    """What has the pod's sidecar refuse plain text; "" for nothing."""
    if server.pod is None or proxy_of(server.pod) != ISTIO:
        return ""
    rule = strict_for(case.evidence, server.pod, server.port)
    return f"{rule.meta.reference}: STRICT" if rule is not None else ""


def _plain(case: Case, server: Server) -> str:
    """Why the pod takes no mutual TLS; "" where it may. A client's agent beside a server that has xDS itself does."""
    pod = server.pod
    if pod is None or in_ambient(pod, case.namespace(pod.meta.namespace)):
        return ""
    if not any(container.name == ISTIO for container in pod.containers):
        return f"no sidecar beside {pods([server.name])}"
    told = mutual_tls_of(case.evidence, pod, server.port)
    return f"{told[0].meta.reference}: DISABLE" if told is not None and told[1] == "DISABLE" else ""


def agreed(evidence: Evidence, found: Contrary) -> Fix:
    """The rule with the mode that the pods take; beside one for many hosts, another one for this host."""
    other = PLAIN if found.mode == MUTUAL else MUTUAL
    title, meta = f"say {other} of this host, which the pods take", found.rule.meta
    if whole_name(found.rule.host, meta.namespace, evidence.domain) == evidence.host:
        return Fix(title, *exchanged(meta, [_change(found, other)]))
    name = f"{evidence.name}-tls"
    document = {
        "apiVersion": "networking.istio.io/v1", "kind": "DestinationRule",
        "metadata": {"name": name, "namespace": meta.namespace},
        "spec": {"host": evidence.host, "trafficPolicy": {"tls": {"mode": other}}},
    }  # fmt: skip
    return Fix(
        title, (applied(document),), (kubectl("-n", meta.namespace, "delete", "destinationrule", name),),
        f"what else {meta.reference} says of {found.rule.host} does not hold for this host then",
    )  # fmt: skip


def _change(found: Contrary, mode: str) -> Change:
    """The mode alone, or all that is said of TLS: with Istio's certificates nothing else may be said of any."""
    told = json.loads(found.settings or "{}")
    if found.mode in OWN and len(told) > 1:
        return found.place, told, {"mode": mode}
    return f"{found.place}/mode", found.mode, mode
