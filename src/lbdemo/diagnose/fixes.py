"""Ways to mend what several causes have in common, as commands to paste, each with its undo."""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lbdemo.diagnose.findings import Fix
from lbdemo.diagnose.istio_scope import INJECT, INJECTION, injects, refuses
from lbdemo.diagnose.patches import exchanged, merged
from lbdemo.diagnose.workloads import TEMPLATES
from lbdemo.kube.records.meta import Meta
from lbdemo.words import listing

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.evidence import Caller
    from lbdemo.diagnose.patches import Change
    from lbdemo.kube.records.services import Service, ServicePort

ROUND_ROBIN = '{"loadBalancingConfig": [{"round_robin": {}}]}'
AGE = "max_connection_age of 30 s to 5 min"
HEADLESS = "-headless"  # what a second Service's name ends with
READ = 3  # pods whose logs are named to be read


def kubectl(*words: str) -> str:
    """A line to paste."""
    return shlex.join(["kubectl", *words])


def applied(*documents: Mapping[str, Any]) -> str:
    """`kubectl apply` of these objects, as lines to paste."""
    import yaml

    return f"kubectl apply -f - <<'EOF'\n{yaml.safe_dump_all(documents, sort_keys=False)}EOF"


def mesh_the_callers(case: Case, callers: Collection[Caller]) -> Fix:
    """A proxy beside each caller, which chooses a server for each call. In a node's network there are none.

    A namespace that has sidecars injected keeps its labels; another gets back, by the undo, what it had. Workloads that
    want none are told otherwise: that makes their pods anew.
    """
    inside = [caller for caller in callers if not caller.node]
    spaces = [name for name in _spaces(inside) if not injects(case.namespace(name))]
    let, back = let_in(inside)
    anew = made_anew(caller for caller in inside if not refuses(caller.pod))
    return Fix(
        "a proxy at the callers: Istio's sidecar chooses for each call",
        commands=(
            *(kubectl("label", "namespace", name, f"{INJECTION}=enabled", "--overwrite") for name in spaces),
            *let, *anew,
        ),
        undo=(
            *(kubectl("label", "namespace", name, *_as_before(case.namespace(name))) for name in spaces),
            *back, *anew,
        ),
        advice=_for_sidecars(callers),
    )  # fmt: skip


def let_in(callers: Iterable[Caller]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Commands that take refusals of sidecars off the callers' workloads (which makes pods anew), and their undo."""
    refusing = {
        (c.workload, c.pod.meta.namespace, refuses(c.pod)) for c in callers
        if c.pod is not None and refuses(c.pod) and c.workload.partition("/")[0] in TEMPLATES
    }  # fmt: skip
    pairs = [_let_in(*one) for one in sorted(refusing)]
    return tuple(commands for commands, _ in pairs), tuple(undo for _, undo in pairs)


def _let_in(workload: str, namespace: str, places: Sequence[str]) -> tuple[str, str]:
    kind, _, name = workload.partition("/")
    meta, mark = Meta(kind, namespace, name), INJECT.replace("/", "~1")
    changes: list[Change] = [(f"/spec/template/metadata/{place}/{mark}", "false", None) for place in places]
    back = {"spec": {"template": {"metadata": {place: {INJECT: "false"} for place in places}}}}
    return exchanged(meta, changes)[0][0], merged(meta, back)  # by then there may be no annotations at all


def _as_before(namespace: Meta | None) -> tuple[str, ...]:
    had = namespace.labels.get(INJECTION) if namespace is not None else None
    return (f"{INJECTION}-",) if had is None else (f"{INJECTION}={had}", "--overwrite")


def _for_sidecars(callers: Collection[Caller]) -> str:
    at_nodes = [caller.name.rpartition("/")[2] for caller in callers if caller.node]
    no = f"; in a node's network, where {listing(at_nodes)} {'calls' if len(at_nodes) == 1 else 'call'}, there are none"
    made = "pods that no workload restarts, such as those of a Job, must be made anew by whoever made them"
    return f"needs Istio in the cluster; {made}{no if at_nodes else ''}"


def choose_in_the_client(case: Case) -> Fix:
    """A headless Service beside this one: the client sees all pods, and chooses by itself."""
    apply, undo, target = headless_beside(case)
    return Fix(
        "the client chooses: a headless Service, round_robin, and a limited age of connections",
        apply,
        undo,
        f"{_by_hand(case)}let clients call {target} with the service config {ROUND_ROBIN}, and servers end "
        f"connections after a while ({AGE}): clients ask DNS anew only then",
    )


def _by_hand(case: Case) -> str:
    """What to make before, for a Service without a selector: a manifest without one would have no endpoints."""
    service = case.evidence.service
    if service.selector or _headless(case) is not None:
        return ""
    return (f"make a headless Service {service.meta.name}{HEADLESS} with EndpointSlices like those of "
            f"{service.meta.name}, which has no selector; then ")  # fmt: skip


def headless_beside(case: Case) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """A second, headless Service for the same pods: commands that make it and undo that, and a client's target.

    Where there is one already, there is nothing to make.
    """
    service, port = case.evidence.service, case.evidence.port
    if (there := _headless(case)) is not None:
        number = next((each.number for each in there.ports if each.name == port.name), _target(case))
        return (), (), f"dns:///{there.meta.name}.{there.meta.namespace}.svc.{case.evidence.domain}:{number}"
    return second(service, port, _target(case), case.evidence.domain)


def second(
    service: Service, port: ServicePort, listens: int, domain: str
) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    """A headless Service for the pods of this one, which listen on that port: as `headless_beside` tells it."""
    name = f"{service.meta.name}{HEADLESS}"
    target = f"dns:///{name}.{service.meta.namespace}.svc.{domain}:{listens}"
    if not service.selector:
        return (), (), target
    document = {
        "apiVersion": "v1", "kind": "Service",
        "metadata": {"name": name, "namespace": service.meta.namespace},
        "spec": {
            "clusterIP": "None", "selector": dict(service.selector),
            "ports": [{"name": port.name or "grpc", "port": listens, "targetPort": port.target or port.number}],
        },
    }  # fmt: skip
    return (applied(document),), (kubectl("-n", service.meta.namespace, "delete", "service", name),), target


def _headless(case: Case) -> Service | None:
    """A headless Service of ready pods that is there already."""
    found = case.evidence.surroundings.services
    there = found if isinstance(found, tuple) else ()
    return next((one for one in there if one.headless and not one.unready_too), None)


def ask_for_round_robin(case: Case) -> Fix:
    """What a client's code has to say, so that it uses all addresses that it sees."""
    return Fix(
        "ask for round_robin in the client's code",
        advice=f"dial dns:///{case.evidence.host}:{_target(case)} (a bare name may mean another resolver) "
        f"with the service config {ROUND_ROBIN}; and let servers end connections after a while ({AGE}), or clients "
        "never learn of new pods",
    )


def limit_connection_age(case: Case) -> Fix:
    """What servers have to do, so that clients ask DNS again."""
    return Fix(
        "let servers end connections after a while",
        advice=f"{AGE}, with some seconds of grace: Go keepalive.ServerParameters MaxConnectionAge; Java "
        "NettyServerBuilder.maxConnectionAge; C++, Python, Ruby, Node grpc.max_connection_age_ms. Until then restart "
        f"the callers of {case.evidence.name} after each change of its pods; or let a mesh choose",
    )


def _target(case: Case) -> int:
    """The port on which the pods listen: a headless Service translates none."""
    return case.servers[0].port if case.servers else case.evidence.port.number


def _spaces(callers: Collection[Caller]) -> list[str]:
    return sorted({caller.pod.meta.namespace for caller in callers if caller.pod is not None})


def made_anew(callers: Iterable[Caller]) -> tuple[str, ...]:
    """The commands that make the callers' pods anew, of those that `kubectl rollout restart` can: a Job's it cannot."""
    workloads = {
        (c.pod.meta.namespace, c.workload)
        for c in callers if c.pod is not None and c.workload.partition("/")[0] in TEMPLATES
    }  # fmt: skip
    return tuple(kubectl("-n", space, "rollout", "restart", owner) for space, owner in sorted(workloads))


def what_they_say(case: Case, callers: Sequence[Caller]) -> Fix:
    """The logs of the first few callers, to be read."""
    return Fix("see what they say", logs_of(case, [caller.name for caller in callers[:READ]]))


def logs_of(case: Case, pods: Iterable[str]) -> tuple[str, ...]:
    """The commands that show what these pods (namespace/name) said last."""
    split = (pod.rpartition("/") for pod in pods)
    return tuple(
        kubectl("-n", space or case.evidence.namespace, "logs", name, "--tail=100") for space, _, name in split
    )
