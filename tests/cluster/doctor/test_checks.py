"""Each check: a case in which it does not hold, and one close to it in which it does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from worlds import istiod

from lbdemo.cluster.doctor.asked import Asked
from lbdemo.cluster.doctor.checks import CHECKS
from lbdemo.cluster.doctor.evidence import (
    Budgets,
    Discoverer,
    Evidence,
    Hook,
    Hooks,
    Lacking,
    Limit,
    Quota,
    Template,
    Tried,
)
from lbdemo.cluster.doctor.results import Result, Status
from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.istio.injectors import Requirement
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.errors import InputError, MissingProgramError
from lbdemo.kube.answers import Right, Unseen, Why
from lbdemo.kube.discovery import Discovery
from lbdemo.kube.records.cluster import Namespace, Node
from lbdemo.kube.records.meta import Condition, Meta
from lbdemo.kube.records.workloads import Deployment
from lbdemo.tools.kubectl import Context

HERE = Context("kind-a", "https://127.0.0.1:6443")
UP = Asked("up", HERE, "shop")
SIDECARS = replace(UP, strategy="istio", mesh=True, sidecars=True)
PROXYLESS = replace(UP, strategy="xds", mesh=True)
VERIFY, DIAGNOSE, COMPARE = (replace(UP, command=name) for name in ("verify", "diagnose", "compare"))
NODE = Node(Meta("Node", "", "n1"), (), "amd64", "linux", "v1.34.4", "", unschedulable=False, taints=(),
            conditions=(Condition("Ready", "True"),))  # fmt: skip
FORBIDDEN = Unseen("nodes", Why.FORBIDDEN, "", Right("list", "nodes"))
AWAY = Unseen("the API server's version", Why.AWAY)
STRANGER = Unseen("who this user is", Why.UNKNOWN_USER)
NO_DOCKER = MissingProgramError("no Docker daemon answers at its usual socket", "start Docker")
GET = Right("get", "services", "", "shop")


def namespace(*, deleting: bool = False, held: str = "", ours: bool = True, **marks: str) -> Namespace:
    own = {key.replace("__", "/").replace("_", "-"): value for key, value in marks.items()}
    meta = Meta("Namespace", "", "shop", {**(labels.OURS if ours else {}), **own}, deleting=deleting)
    conditions = (Condition("NamespaceFinalizersRemaining", "True", "Some", held),) if held else ()
    return Namespace(meta, "Terminating" if deleting else "Active", conditions)


def enforcing(level: str) -> Namespace:
    there = namespace()
    marks = {**there.meta.labels, "pod-security.kubernetes.io/enforce": level}
    return replace(there, meta=replace(there.meta, labels=marks))


def hook(*, refuses: bool = True, resource: str = "pods", only: str = "") -> Hook:
    taken = (Requirement("kubernetes.io/metadata.name", "In", (only,)),) if only else ()
    return Hook("validatingwebhookconfiguration/corp", "corp.example.com", refuses, "corp", "gate",
                frozenset({resource}), frozenset({"CREATE"}), taken)  # fmt: skip


def hooks(one: Hook, state: str = "is not there") -> Hooks:
    return Hooks((one,), {("corp", "gate"): state} if state else {})


def budgets(*, hard: dict[str, str] | None = None, used: dict[str, str] | None = None, scoped: bool = False,
            least: dict[str, str] | None = None, most: dict[str, str] | None = None,
            defaults: dict[str, str] | None = None) -> Budgets:  # fmt: skip
    quotas = (Quota("team", hard, used or {}, scoped),) if hard else ()
    limits = (Limit("small", least or {}, most or {}, defaults or {}, {}),) if least or most or defaults else ()
    return Budgets(quotas, limits)


def unready(istio: Istio) -> Istio:
    return replace(istio, daemons=(replace(istio.daemons[0], available=0),))


def template(*names: str, cni: bool = False) -> Template:
    return Template("ConfigMap istio-system/istio-sidecar-injector", frozenset(names), cni)


def ours(name: str = labels.SERVER, available: int = 2, strategy: str = "istio") -> Deployment:
    meta = Meta("Deployment", "shop", name, {labels.RELEASE: name, labels.STRATEGY: strategy})
    return Deployment(meta, 2, 2, available, 2, settled=True, generation=1, images=(), conditions=())


GOOD = Evidence(
    kubectl=(1, 34), helm=(4, 1), docker="amd64", delivery=Delivery("registry", "localhost:5000"), server=(1, 34),
    user="admin", rights=Lacking(9), namespace=namespace(),
    installed=(ours(), ours(labels.CLIENT)), nodes=(NODE,), stream=Tried("shop/a"), istio=istiod(),
    template=template("sidecar", "grpc-agent"), discoverer=Discoverer("istio-system/istiod", port=True),
    hooks=hooks(hook(), ""), budgets=Budgets(), kinds=Discovery((), ()),
)  # fmt: skip
NOWHERE = replace(UP, context=Context("", ""))
FAR = replace(UP, context=Context("prod", "https://prod.example.com"))
OK, WARNING, FAILED, SKIPPED = Status
GONE = {"istio": Istio()}

# The check; what was asked; evidence that differs from GOOD; what it comes to; what it says.
CASES: list[tuple[str, Asked, dict[str, Any], Status, str]] = [
    ("kubectl", UP, {"kubectl": MissingProgramError("kubectl is not on the PATH")}, FAILED, "not on the PATH"),
    ("kubectl", UP, {"kubectl": (1, 32)}, WARNING, "differ by one minor"),
    ("kubectl", UP, {"kubectl": (1, 33)}, OK, "1.33"),
    ("kubectl", UP, {"kubectl": (1, 32), "server": AWAY}, OK, "1.32"),
    ("helm", UP, {"helm": MissingProgramError("helm 3.9 is too old")}, FAILED, "too old"),
    ("helm", UP, {}, OK, "helm 4.1"),
    ("daemon", UP, {"docker": NO_DOCKER}, FAILED, "no Docker daemon"),
    ("daemon", UP, {}, OK, "amd64"),
    ("context", NOWHERE, {}, FAILED, "no current context"),
    ("context", replace(UP, context=Context("", "", why="yaml: line 1")), {}, FAILED, "configuration: yaml: line 1"),
    ("context", FAR, {}, WARNING, "does not look like a cluster on this machine"),
    ("context", replace(FAR, command="verify"), {}, OK, "prod"),
    ("API server", UP, {"server": AWAY}, FAILED, "does not answer"),
    ("API server", UP, {"server": Unseen("it", Why.TIMED_OUT, "no answer in 2 s")}, FAILED, "no answer in 2 s"),
    ("API server", UP, {"server": STRANGER}, SKIPPED, "does not know this user"),
    ("API server", UP, {"server": (1, 26)}, FAILED, "too old"),
    ("API server", UP, {"server": (1, 27)}, OK, "1.27"),
    ("login", UP, {"user": STRANGER}, FAILED, "does not know this user"),
    ("login", UP, {"user": "system:anonymous"}, FAILED, "nobody"),
    ("login", UP, {"user": AWAY}, SKIPPED, "does not answer"),
    ("login", UP, {"user": ""}, OK, "takes the credentials"),
    ("namespace", UP, {"namespace": namespace(ours=False)}, WARNING, "lbdemo did not make it"),
    ("namespace", UP, {"namespace": namespace(deleting=True, held="stuck")}, FAILED, "stuck"),
    ("namespace", UP, {"namespace": namespace(deleting=True)}, WARNING, "is being deleted"),
    ("namespace", UP, {"namespace": None}, OK, "is not there yet"),
    ("namespace", VERIFY, {"namespace": None}, FAILED, "is not there"),
    ("namespace", VERIFY, {"namespace": namespace(ours=False)}, OK, "is there"),
    ("release", VERIFY, {"installed": ()}, FAILED, "there is no echo-server and no echo-client"),
    ("release", VERIFY, {"installed": (ours(),)}, FAILED, "there is no echo-client"),
    ("release", VERIFY, {"installed": (ours(available=1), ours(labels.CLIENT))}, FAILED, "echo-server: 1 pod of 2"),
    ("release", replace(VERIFY, strategy="xds"), {}, FAILED, "strategy istio is installed, not xds"),
    ("release", replace(VERIFY, strategy="istio"), {}, OK, "strategy istio is installed, with 2 servers"),
    ("release", VERIFY, {"installed": FORBIDDEN}, SKIPPED, "cannot see"),
    ("nodes", UP, {"nodes": ()}, FAILED, "no node"),
    ("nodes", UP, {"nodes": (replace(NODE, unschedulable=True),)}, FAILED, "n1 is cordoned"),
    ("nodes", UP, {"nodes": (replace(NODE, conditions=()),)}, FAILED, "n1 is not ready"),
    ("nodes", UP, {"nodes": (replace(NODE, system="windows"),)}, FAILED, "n1 runs windows"),
    ("nodes", UP, {"nodes": (replace(NODE, taints=(("gpu", "", "NoSchedule"),)),)}, FAILED, "the taint gpu"),
    ("nodes", UP, {"nodes": (replace(NODE, taints=(("gpu", "", "PreferNoSchedule"),)),)}, OK, "1 node of 1"),
    ("nodes", UP, {"nodes": (NODE, replace(NODE, unschedulable=True))}, OK, "1 node of 2"),
    ("nodes", UP, {"nodes": FORBIDDEN}, SKIPPED, "cannot see nodes"),
    ("rights", DIAGNOSE, {"rights": Lacking(3, (GET,))}, FAILED, "may not get services in namespace shop"),
    ("rights", DIAGNOSE, {"rights": Lacking(3, (), (GET,))}, OK, "3 rights"),
    ("further rights", DIAGNOSE, {"rights": Lacking(3, (), (GET,))}, WARNING, "may not get services"),
    ("further rights", DIAGNOSE, {"rights": Lacking(3, (GET,))}, OK, "all that helps"),
    ("exec", VERIFY, {"stream": Tried("shop/a", "unable to upgrade connection")}, FAILED, "unable to upgrade"),
    ("exec", DIAGNOSE, {"stream": Tried("shop/a", "unable to upgrade connection")}, WARNING, "unable to upgrade"),
    ("exec", VERIFY, {"stream": Tried("shop/a")}, OK, "came through"),
    ("exec", VERIFY, {"stream": Tried()}, OK, "no pod runs"),
    ("way", UP, {"delivery": InputError("context 'x' does not say how an image reaches its nodes")}, FAILED, "nodes"),
    ("way", UP, {"delivery": Delivery("kind", "a")}, OK, "kind cluster a"),
    ("platform", UP, {"docker": "arm64"}, WARNING, "needs an emulator"),
    ("platform", UP, {"nodes": (NODE, replace(NODE, architecture="arm64"))}, WARNING, "nodes of one kind"),
    ("platform", UP, {}, OK, "amd64"),
    ("control plane", SIDECARS, {"istio": unready(istiod())}, FAILED, "not ready"),
    ("control plane", UP, {"istio": unready(istiod())}, WARNING, "not ready"),
    ("control plane", SIDECARS, GONE, OK, "no Istio is there"),
    ("control plane", SIDECARS, {"istio": Istio(unseen=(FORBIDDEN,))}, SKIPPED, "cannot see nodes"),
    ("sidecar injection", SIDECARS, {"istio": replace(istiod(), injectors=())}, FAILED, "no webhook asks"),
    ("sidecar injection", UP, {"istio": replace(istiod(), injectors=())}, WARNING, "no webhook asks"),
    ("sidecar injection", SIDECARS,
     {"istio": istiod(ours=False), "namespace": namespace(ours=False, istio_injection="disabled")},
     FAILED, "no sidecar"),
    ("sidecar injection", replace(SIDECARS, revision="nope"), {}, FAILED, "revision nope"),
    ("sidecar injection", SIDECARS, {}, OK, "revision default"),
    ("discovery", PROXYLESS, {"discoverer": Discoverer("istio-system/istiod", port=False)}, FAILED, "no port 15010"),
    ("discovery", PROXYLESS, {"discoverer": None}, FAILED, "not in istio-system"),
    ("discovery", UP, {"discoverer": None}, WARNING, "not in istio-system"),
    ("discovery", PROXYLESS, {"discoverer": None, **GONE}, OK, "no Istio"),
    ("discovery", PROXYLESS, {}, OK, "15010"),
    ("grpc-agent", PROXYLESS, {"template": template("sidecar")}, WARNING, "no template grpc-agent"),
    ("grpc-agent", PROXYLESS, {"template": None}, WARNING, "no template grpc-agent"),
    ("grpc-agent", PROXYLESS, {}, OK, "has the template"),
    ("pod security", SIDECARS, {"namespace": enforcing("baseline")}, FAILED, "enforces baseline"),
    ("pod security", SIDECARS, {"namespace": enforcing("restricted"), "template": template(cni=True)}, OK, "CNI"),
    ("pod security", SIDECARS, {"namespace": enforcing("baseline"), "template": FORBIDDEN}, SKIPPED, "cannot see"),
    ("pod security", SIDECARS, {"namespace": enforcing("privileged")}, OK, "privileged"),
    ("pod security", UP, {"namespace": enforcing("restricted")}, OK, "fit in"),
    ("quotas", UP, {"budgets": budgets(hard={"limits.cpu": "4"})}, FAILED, "do not name limits.cpu"),
    ("quotas", UP, {"budgets": budgets(hard={"limits.cpu": "4"}, scoped=True)}, OK, "leave room"),
    ("quotas", UP, {"budgets": budgets(hard={"limits.cpu": "4"}, defaults={"cpu": "1"})}, OK, "leave room"),
    ("quotas", replace(UP, own_resources=True), {"budgets": budgets(hard={"limits.cpu": "4"})}, OK, "leave room"),
    ("quotas", UP, {"budgets": budgets(hard={"requests.cpu": "4", "limits.memory": "1Gi"})}, OK, "leave room"),
    ("quotas", UP, {"budgets": budgets(hard={"pods": "5"}, used={"pods": "5"})}, WARNING, "used up"),
    ("quotas", UP, {"budgets": budgets(hard={"pods": "5"}, used={"pods": "2"})}, OK, "leave room"),
    ("limit ranges", UP, {"budgets": budgets(least={"cpu": "50m"})}, FAILED, "at least 50m cpu"),
    ("limit ranges", UP, {"budgets": budgets(least={"cpu": "10m"})}, OK, "within"),
    ("limit ranges", UP, {"budgets": budgets(most={"memory": "128Mi"})}, FAILED, "allows 128Mi memory"),
    ("limit ranges", UP, {"budgets": budgets(most={"memory": "256Mi"})}, OK, "within"),
    ("limit ranges", replace(UP, own_resources=True), {"budgets": budgets(least={"cpu": "1"})}, WARNING, "at least"),
    ("webhooks", UP, {"hooks": hooks(hook())}, FAILED, "Service corp/gate, which is not there"),
    ("webhooks", UP, {"hooks": hooks(hook(), "has no endpoint that is ready")}, FAILED, "no endpoint"),
    ("webhooks", replace(UP, repairs="corp"), {"hooks": hooks(hook())}, OK, "1 webhook"),
    ("webhooks", replace(UP, repairs="istio-system"), {"hooks": hooks(hook())}, FAILED, "which is not there"),
    ("webhooks", UP, {"hooks": hooks(hook(refuses=False))}, OK, "1 webhook"),
    ("webhooks", UP, {"hooks": hooks(hook(resource="virtualservices"))}, WARNING, "is not there"),
    ("webhooks", UP, {"hooks": hooks(hook(only="other"))}, WARNING, "is not there"),
    ("webhooks", VERIFY, {"hooks": hooks(hook())}, WARNING, "is not there"),
    ("webhooks", UP, {"hooks": Hooks(unseen=(FORBIDDEN,))}, SKIPPED, "cannot see"),
    ("aggregated APIs", UP, {"kinds": Discovery((), ("metrics.k8s.io/v1beta1",))}, WARNING, "metrics.k8s.io/v1beta1"),
    ("aggregated APIs", UP, {}, OK, "every API"),
]  # fmt: skip


def result(name: str, asked: Asked, **evidence: Any) -> Result:
    check = next(check for check in CHECKS if check.name == name)
    return check(asked, replace(GOOD, **evidence))


def test_where_nothing_is_installed_the_command_that_does_it_is_named() -> None:
    asked = replace(VERIFY, strategy="headless")

    for name, evidence in (("release", {"installed": ()}), ("namespace", {"namespace": None})):
        assert result(name, asked, **evidence).judged.mend == "`lbdemo up -n shop --strategy headless` installs it"
    theirs = result("release", VERIFY, installed=(), namespace=namespace(ours=False))
    assert theirs.judged.mend == "`lbdemo up -n shop --adopt` installs it"


@pytest.mark.parametrize(("name", "asked", "evidence", "status", "said"), CASES)
def test_a_check_holds_or_not(name: str, asked: Asked, evidence: dict[str, Any], status: Status, said: str) -> None:
    found = result(name, asked, **evidence)

    assert (found.status, said in found.judged.seen) == (status, True), found.judged


def test_all_that_failed_says_how_to_mend_it() -> None:
    found = [(name, result(name, asked, **evidence)) for name, asked, evidence, status, _ in CASES if status is FAILED]

    bare = {name for name, each in found if not each.judged.mend}
    assert bare <= {"kubectl", "helm", "way"}, "those say what the error says, which has a hint where it is raised"


def test_every_check_has_a_case_where_it_holds_and_one_where_it_does_not() -> None:
    seen = {
        name: {status is OK for each, _, _, status, _ in CASES if each == name} for name in (c.name for c in CHECKS)
    }

    assert seen == {check.name: {True, False} for check in CHECKS}


def test_names_are_unique_and_each_says_why_it_matters() -> None:
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    assert all(check.why and check.group for check in CHECKS)


def test_each_need_is_a_field_of_the_evidence() -> None:
    fields = set(Evidence.__dataclass_fields__)

    assert {name for check in CHECKS for name in (*check.needs, *check.beside)} <= fields


def test_what_may_not_be_seen_is_skipped_with_the_command_that_asks_for_the_right() -> None:
    found = result("nodes", UP, nodes=FORBIDDEN)

    assert (found.status, "kubectl auth can-i list nodes -A" in found.judged.mend) == (SKIPPED, True)


def test_each_missing_right_is_told_with_its_command() -> None:
    found = result("rights", DIAGNOSE, rights=Lacking(3, (GET, Right("list", "pods", "", "shop"))))

    assert "kubectl --context kind-a auth can-i get services -n shop" in found.judged.mend
    assert "kubectl --context kind-a auth can-i list pods -n shop" in found.judged.mend


@pytest.mark.parametrize(
    ("asked", "absent", "present"),
    [
        (UP, {"exec"}, {"helm", "daemon", "way", "pod security", "quotas", "grpc-agent"}),
        (replace(UP, image="echo:1"), {"daemon", "way", "platform"}, {"helm"}),
        (replace(UP, strategy="clusterip"), {"control plane", "grpc-agent"}, {"helm"}),
        (SIDECARS, {"discovery"}, {"control plane", "sidecar injection"}),
        (PROXYLESS, {"sidecar injection"}, {"control plane", "discovery"}),
        (VERIFY, {"helm", "daemon", "way", "quotas"}, {"exec", "rights", "namespace"}),
        (DIAGNOSE, {"helm", "daemon", "nodes"}, {"exec", "rights", "namespace", "webhooks"}),
        (COMPARE, {"namespace", "quotas"}, {"exec", "helm", "webhooks", "nodes"}),
    ],
)
def test_only_what_matters_for_the_command_is_checked(asked: Asked, absent: set[str], present: set[str]) -> None:
    made = {check.name for check in CHECKS if check.fits(asked)}

    assert (made & absent, present - made) == (set(), set())
