"""The cluster: whether it answers, as whom, how old it is, whether the namespace and the nodes take pods."""

from __future__ import annotations

from lbdemo.cluster.doctor.asked import COMMANDS, COMPARE, DIAGNOSE, UP, VERIFY, Asked
from lbdemo.cluster.doctor.checks.base import Check
from lbdemo.cluster.doctor.evidence import Evidence
from lbdemo.cluster.doctor.results import GAPS, Judged, bad, failed, missing, ok, warning
from lbdemo.cluster.image.delivery import looks_local
from lbdemo.cluster.kernel import labels
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.cluster import Namespace, Node
from lbdemo.tools.failures import CHOOSE
from lbdemo.words import count, listing

OLDEST = (1, 27)  # Kubernetes: as the chart has it
ANONYMOUS = "system:anonymous"
LOGINS = (Why.LOGIN, Why.UNKNOWN_USER)
KEEP_OFF = ("NoSchedule", "NoExecute")


def context(asked: Asked, _: Evidence) -> Judged:
    """There is one; and it looks as if the cluster were on this machine, or `up` wants a word."""
    if asked.context.why:
        return failed(f"kubectl cannot read its configuration: {asked.context.why}",
                      "mend that file, or name another one by the variable KUBECONFIG")  # fmt: skip
    if not asked.context.server:
        return failed("kubectl has no current context", CHOOSE)
    if asked.installs and not looks_local(asked.context):
        return warning(f"{asked.context} does not look like a cluster on this machine",
                       f"if it is the right one, say so: `lbdemo {asked.command} --yes`")  # fmt: skip
    return ok(str(asked.context))


def server(_: Asked, evidence: Evidence) -> Judged:
    """It answers; one that does not is no matter of rights, so this one fails. A login that fails is told there."""
    if isinstance(evidence.server, Unseen) and evidence.server.why not in LOGINS:
        return failed(f"cannot see {evidence.server}", evidence.server.hint)
    if isinstance(evidence.server, GAPS):
        return missing(evidence.server)
    major, minor = evidence.server
    if (major, minor) < OLDEST:
        return failed(
            f"Kubernetes {major}.{minor} is too old: lbdemo needs {OLDEST[0]}.{OLDEST[1]} or newer",
            "update the cluster",
        )
    return ok(f"Kubernetes {major}.{minor} answers")


def login(_: Asked, evidence: Evidence) -> Judged:
    """The API server knows who asks."""
    if isinstance(evidence.user, Unseen) and evidence.user.why in LOGINS:
        return failed(f"the login does not work: {evidence.user}", evidence.user.hint)
    if isinstance(evidence.user, GAPS):
        return missing(evidence.user)
    if evidence.user == ANONYMOUS:
        return failed(
            "the API server takes this user for nobody: no credentials reach it",
            "log in again, or choose another context with --context NAME",
        )
    return ok(f"known as {evidence.user}" if evidence.user else "the API server takes the credentials")


def namespace(asked: Asked, evidence: Evidence) -> Judged:
    """It is there, or can be made; it is not on its way out; and it is ours to use."""
    there, name = evidence.namespace, asked.namespace
    assert not isinstance(there, GAPS), "it is needed"
    if there is None:
        absent = f"namespace {name} is not there"
        return ok(f"{absent} yet") if asked.installs else failed(absent, _installed(asked, evidence))
    if there.meta.deleting:
        held = there.stuck or "its objects are being deleted"
        return bad(
            f"namespace {name} is being deleted: {held}",
            f"`kubectl get namespace {name} -o yaml` shows what holds it; or use another --namespace",
            fatal=bool(there.stuck) or not asked.installs,
        )
    if asked.command == UP and not labels.ours(there.meta):
        return warning(
            f"namespace {name} exists, and lbdemo did not make it",
            "use it all the same with `lbdemo up --adopt`, or choose another with --namespace",
        )
    return ok(f"namespace {name} is there")


def _installed(asked: Asked, evidence: Evidence) -> str:
    if asked.command != VERIFY:
        return "name another with --namespace"
    strategy = f" --strategy {asked.strategy}" if asked.strategy else ""
    theirs = isinstance(evidence.namespace, Namespace) and not labels.ours(evidence.namespace.meta)
    return f"`lbdemo up -n {asked.namespace}{strategy}{' --adopt' if theirs else ''}` installs it"


def release(asked: Asked, evidence: Evidence) -> Judged:
    """There is something to verify, it is complete, and it is what was meant."""
    found = evidence.installed
    assert not isinstance(found, GAPS), "it is needed"
    there = {one.meta.name: one for one in found}
    if absent := [name for name in (labels.SERVER, labels.CLIENT) if name not in there]:
        return failed(f"lbdemo is not installed in namespace {asked.namespace}: there is no {' and no '.join(absent)}",
                      _installed(asked, evidence))  # fmt: skip
    waiting = [f"{name}: {count(one.available, 'pod')} of {one.replicas}" for name, one in there.items()
               if one.available < one.replicas]  # fmt: skip
    if waiting:
        return failed(f"not all pods are ready ({listing(waiting)})", f"`lbdemo status -n {asked.namespace}` shows why")
    strategy = there[labels.SERVER].meta.labels.get(labels.STRATEGY, "")
    if asked.strategy and strategy != asked.strategy:
        return failed(f"strategy {strategy} is installed, not {asked.strategy}", _installed(asked, evidence))
    return ok(f"strategy {strategy} is installed, with {count(there[labels.SERVER].replicas, 'server')}")


def nodes(_: Asked, evidence: Evidence) -> Judged:
    """Some node takes pods."""
    found = evidence.nodes
    assert not isinstance(found, GAPS), "it is needed"
    if not found:
        return failed("the cluster has no node", "add one; `kubectl get nodes` lists them")
    taking = [node for node in found if not refusal(node)]
    if not taking:
        said = listing([f"{node.meta.name} {refusal(node)}" for node in found])
        return failed(
            f"no node takes pods: {said}",
            f"`kubectl describe node {found[0].meta.name}` says why; `kubectl uncordon NODE` takes a cordon away",
        )
    return ok(f"{count(len(taking), 'node')} of {len(found)} take{'s' if len(taking) == 1 else ''} pods")


def refusal(node: Node) -> str:
    """Why the node takes none of our pods, "" when it does."""
    if not node.ready:
        return "is not ready"
    if node.unschedulable:
        return "is cordoned"
    if node.system not in ("", "linux"):
        return f"runs {node.system}"
    keep_off = [key for key, _, effect in node.taints if effect in KEEP_OFF]
    return f"has the taint {keep_off[0]}" if keep_off else ""


CHECKS = (
    Check("context", "cluster", "it says which cluster is meant", (), context),
    Check("API server", "cluster", "nothing can be seen or changed without it", (), server, beside=("server",)),
    Check("login", "cluster", "the API server must know who asks", (), login, beside=("user",)),
    Check("namespace", "cluster", "the pods live there", ("namespace",), namespace, (UP, VERIFY, DIAGNOSE)),
    Check(
        "release",
        "cluster",
        "calls are made by its client, to its servers",
        ("installed",),
        release,
        (VERIFY,),
        beside=("namespace",),
    ),
    Check("nodes", "cluster", "pods need a Linux node that takes them", ("nodes",), nodes, (UP, COMPARE)),
)
assert {command for check in CHECKS for command in check.commands} == set(COMMANDS)
