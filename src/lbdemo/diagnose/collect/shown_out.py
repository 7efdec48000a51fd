"""Whose connections servers' sidecars refuse, for they are no mutual TLS: access logs say it, where they are kept."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.collect import callers as who
from lbdemo.diagnose.collect import clients
from lbdemo.diagnose.connections import names_by_address
from lbdemo.diagnose.looks import ClientLook
from lbdemo.diagnose.mutual_tls import wants_mutual_tls
from lbdemo.diagnose.proxies import ISTIO, proxy_of
from lbdemo.kube.side_by_side import each

if TYPE_CHECKING:
    from lbdemo.diagnose.collect.asked import Means
    from lbdemo.diagnose.evidence import Caller, Evidence
    from lbdemo.diagnose.servers import Server

MOST = 8
"""So many servers' logs are read."""
WHY = b"filter_chain_not_found"
"""How Envoy says that nothing of what a listener takes fits what came."""
TEXT = re.compile(rb" \S+:(\d+) (\S+):\d+ \S+ \S+\s*$")
LOCAL, REMOTE = (re.compile(rb'"downstream_%s_address":\s*"([^"]+):(\d+)"' % side) for side in (b"local", b"remote"))


@dataclass(frozen=True, slots=True)
class ShownOut:
    """Pods that were refused and are no callers yet, and how often each pod was."""

    callers: tuple[Caller, ...] = ()
    clients: tuple[ClientLook, ...] = ()


def shown_out(means: Means, evidence: Evidence) -> ShownOut:
    """What the logs of the ready servers' sidecars say, where these take nothing but mutual TLS."""
    case = Case(evidence)
    if wants_mutual_tls(case) is None:
        return ShownOut()
    asked = [server for server in case.ready if proxy_of(server.pod) == ISTIO][:MOST]
    refused = sum(each(lambda server: _refused(means, server), asked), Counter[str]())
    known = names_by_address(evidence)
    found = who.by_addresses(means.api, [one for one in refused if one not in known], evidence.namespace)
    new = tuple(replace(one, found_by="refused") for one in found.callers if one.pod is not None)
    told = (_told(one, refused) for one in (*evidence.callers, *new))
    return ShownOut(new, tuple(look for look in told if look.refused))


def _told(caller: Caller, refused: Counter[str]) -> ClientLook:
    return ClientLook(caller.name, refused=sum(refused[address] for address in caller.addresses))


def _refused(means: Means, server: Server) -> Counter[str]:
    """By address: how often the server's sidecar says so."""
    logs = clients.logs(means, server.pod, [ISTIO]) if server.pod is not None else None
    lines = (line for log in logs or () for line in log.splitlines() if WHY in line)
    return Counter(peer for line in lines if (peer := peer_of(line, server.port)))


def peer_of(line: bytes, port: int) -> str:
    """Who wanted to connect to this port, by a line of Istio's access log (text or JSON); "" for another port."""
    text, local, remote = TEXT.search(line), LOCAL.search(line), REMOTE.search(line)
    if local is not None and remote is not None:
        at, peer = local[2], remote[1]
    elif text is not None:
        at, peer = text[1], text[2]
    else:
        return ""
    return peer.decode("ascii", "replace").strip("[]") if int(at) == port else ""
