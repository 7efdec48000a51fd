"""ServiceEntries that stand for the service's own name or address, and lead callers' sidecars elsewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lbdemo.diagnose.claims import ENTRY
from lbdemo.diagnose.istio_scope import exported_to
from lbdemo.diagnose.patches import Change

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.looks import EnvoyLook
    from lbdemo.kube.records.istio_listeners import ListenerRule

NOWHERE = ["~"]
"""An exportTo by which an object holds in no namespace: it can be put back."""


@dataclass(frozen=True, slots=True)
class Astray:
    """A caller whose sidecar follows an entry: where to, how many of its calls went there, and of how many.

    Where the entry stands for the address, no call reaches the service, and nobody counts them: `of` is 0.
    """

    caller: Caller
    entry: ListenerRule
    to: tuple[str, ...]
    calls: int = 0
    of: int = 0

    @property
    def by_address(self) -> bool:
        """Whether it is the Service's address that the entry stands for, and not its name."""
        return not self.of

    @property
    def part(self) -> float:
        """The part of the caller's calls that go elsewhere."""
        return 1.0 if self.by_address else self.calls / self.of

    @property
    def changes(self) -> list[Change]:
        """What sets the entry aside."""
        hosts = list(self.entry.hosts)
        return [("/spec/hosts", hosts, hosts), ("/spec/exportTo", list(self.entry.export_to) or None, NOWHERE)]


def astray(case: Case) -> list[Astray]:
    """The callers whose sidecars follow such an entry."""
    found = (each for caller in case.evidence.callers if case.meshed(caller) for each in _of(case, caller))
    return list(found)


def _of(case: Case, caller: Caller) -> Iterator[Astray]:
    route = case.route_of(caller)
    elsewhere = tuple(name for name, _ in route.clusters) if route is not None and route.kind == "tcp" else ()
    if elsewhere and not any(case.for_service(name) for name in elsewhere):
        entry = next((one for one in _entries(case, caller) if _has_address(case, one)), None)
        if entry is not None:
            yield Astray(caller, entry, tuple(name.rpartition("|")[2] for name in elsewhere))
    else:
        yield from _by_name(case, caller)


def _by_name(case: Case, caller: Caller) -> Iterator[Astray]:
    sent = _sent(case, caller)
    strangers = tuple(sorted(address for address in sent if address not in case.by_address))
    entries = [one for one in _entries(case, caller) if case.evidence.host in one.hosts]
    entry = next((one for one in entries if not one.leads_to or set(one.leads_to) & set(strangers)), None)
    if strangers and entry is not None:
        yield Astray(caller, entry, strangers, sum(sent[each] for each in strangers), max(1, sent.total()))


def _sent(case: Case, caller: Caller) -> Counter[str]:
    """By address: the calls while it was watched, those to which none went among them."""
    found = Counter[str]()
    for sign, look in zip((-1, 1), _ends(case, caller), strict=False):
        for host in case.hosts(look):
            found[host.address] += sign * host.calls_total
    return found


def _ends(case: Case, caller: Caller) -> tuple[EnvoyLook, ...]:
    looks = case.envoy_looks(caller.name)
    return (looks[0], looks[-1]) if looks else ()


def _entries(case: Case, caller: Caller) -> Iterator[ListenerRule]:
    """Those that hold for the caller."""
    found = case.evidence.surroundings.listener_rules
    space = caller.pod.meta.namespace if caller.pod is not None else ""
    for one in found if isinstance(found, tuple) else ():
        if one.meta.kind == ENTRY and exported_to(one.export_to, one.meta.namespace, space):
            yield one


def _has_address(case: Case, entry: ListenerRule) -> bool:
    ours, port = case.evidence.service.cluster_ips, case.evidence.port.number
    return any(told.port == port and not set(told.addresses).isdisjoint(ours) for told in entry.listeners)
