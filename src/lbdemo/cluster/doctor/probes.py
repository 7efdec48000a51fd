"""Where evidence comes from: one function a source. Each asks for itself, and changes nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from lbdemo.cluster.doctor import needs, reading
from lbdemo.cluster.doctor.asked import Asked
from lbdemo.cluster.doctor.evidence import Budgets, Discoverer, Hooks, Lacking, Template, Tried
from lbdemo.cluster.image import delivery
from lbdemo.cluster.image.delivery import Delivery
from lbdemo.cluster.istio.observe import observe_istio
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Tools
from lbdemo.config import ISTIO_NAMESPACE
from lbdemo.errors import InputError, LbdemoError, OperationFailedError, ProgramFailedError
from lbdemo.kube.answers import Right, Unseen, Why, need, seen
from lbdemo.kube.client import VERSION
from lbdemo.kube.discovery import Discovery
from lbdemo.kube.kinds import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    ENDPOINT_SLICES,
    LIMIT_RANGES,
    MUTATING_WEBHOOKS,
    NAMESPACES,
    NODES,
    PODS,
    RESOURCE_QUOTAS,
    SERVICES,
    VALIDATING_WEBHOOKS,
    raw,
)
from lbdemo.kube.questions import Question
from lbdemo.kube.records.cluster import Namespace, Node
from lbdemo.kube.records.pods import Pod
from lbdemo.kube.records.services import SERVICE_NAME
from lbdemo.kube.records.workloads import Deployment
from lbdemo.kube.refusals import Refusal
from lbdemo.kube.side_by_side import together
from lbdemo.tools.failures import CHOOSE, Source, failure

LIMIT = 2.0  # seconds that one source may take
ENOUGH = 200  # nodes, or pods, that are enough to tell
RUNNING = "status.phase=Running"
STARTING = (
    "executing command in container"  # how the kubelet begins when it reached the container, and found no program
)
WHOAMI = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
REVIEW = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
DISCOVERY_PORT = 15010  # istiod's for plain-text xDS
INJECTOR = "istio-sidecar-injector"


@dataclass(frozen=True, slots=True)
class Means:
    """What probes ask with, and what for; `limit` is how many seconds each may take."""

    tools: Tools
    asked: Asked
    limit: float = LIMIT


def kubectl(means: Means) -> tuple[int, int]:
    """kubectl's version. Raises MissingProgramError when there is none."""
    said = means.tools.run.run(["kubectl", "version", "--client", "-o", "json"], timeout=means.limit)
    return _version(json.loads(said).get("clientVersion", {}), "`kubectl version --client`")


def helm(means: Means) -> tuple[int, int]:
    """Helm's version. Raises MissingProgramError when there is none, or one that is too old."""
    return means.tools.helm.version()


def docker(means: Means) -> str:
    """The architecture of Docker's daemon. Raises MissingProgramError when none answers."""
    return means.tools.docker().architecture


def way(means: Means) -> Delivery:
    """How the image would reach the nodes. Raises InputError or MissingProgramError when it cannot."""
    context = means.asked.context
    chosen = delivery.choose(context.name, means.asked.registry, context.profile)
    for program in chosen.loader("")[:1]:
        means.tools.run.require(program)
    return chosen


def server(means: Means) -> tuple[int, int] | Unseen:
    """The API server's version. Raises InputError when there is no context to ask by."""
    if means.asked.context.why:
        raise InputError("no context could be read", "")
    if not means.asked.context.server:
        raise InputError("kubectl has no current context", CHOOSE)
    answer = means.tools.api.document(VERSION)
    if isinstance(answer, Refusal):
        return means.tools.api.unseen(VERSION, answer)
    return _version(answer, "the API server")


def user(means: Means) -> str | Unseen:
    """As whom the API server knows us; "" where it is too old to say."""
    right = Right("create", "selfsubjectreviews", "authentication.k8s.io")
    question = Question("who this user is", right, WHOAMI, "POST", document=REVIEW, typed=("auth", "whoami"))
    answer = means.tools.api.document(question)
    if not isinstance(answer, Refusal):
        return str(answer["status"]["userInfo"]["username"])
    return "" if answer.why is Why.NO_SUCH_KIND else means.tools.api.unseen(question, answer)


def rights(means: Means) -> Lacking | Unseen:
    """Which of the rights that the command takes are missing."""
    there = means.tools.api.get(NAMESPACES, means.asked.namespace) if means.asked.installs else True
    required = needs.must(means.asked, new=there is None)
    wished = needs.more(means.asked)
    lacking = means.tools.api.lacking((*required, *wished))
    if isinstance(lacking, Unseen):
        return lacking
    return Lacking(
        len(required) + len(wished),
        tuple(right for right in required if right in lacking),
        tuple(right for right in wished if right in lacking),
    )


def namespace(means: Means) -> Namespace | Unseen | None:
    """The namespace; None when it is not there."""
    return means.tools.api.get(NAMESPACES, means.asked.namespace)


def installed(means: Means) -> tuple[Deployment, ...] | Unseen:
    """lbdemo's deployments in the namespace."""
    return means.tools.api.list(DEPLOYMENTS, means.asked.namespace, selector=labels.OF_RELEASES)


def nodes(means: Means) -> tuple[Node, ...] | Unseen:
    """The nodes."""
    return means.tools.api.list(NODES, limit=ENOUGH)


def stream(means: Means) -> Tried | Unseen:
    """Runs `true` in some pod: what becomes of the program does not matter, that the call comes through does."""
    pods = _running(means)
    if isinstance(pods, Unseen):
        return pods
    if not pods:
        return Tried()
    pod = next((pod for pod in pods if pod.ready), pods[0])
    right = Right("create", "pods/exec", "", pod.meta.namespace)
    allowed = need(means.tools.api.may(right))
    if not allowed:
        return Unseen(
            "whether streaming calls come through", Why.FORBIDDEN, right=right, context=means.tools.api.context
        )
    return Tried(f"{pod.meta.namespace}/{pod.name}", _tried(means, pod))


def _running(means: Means) -> tuple[Pod, ...] | Unseen:
    here = means.tools.api.list(PODS, means.asked.namespace, fields=RUNNING, limit=ENOUGH)
    if here and not isinstance(here, Unseen):
        return here
    elsewhere = means.tools.api.list(PODS, fields=RUNNING, limit=ENOUGH)
    return here if isinstance(elsewhere, Unseen) else elsewhere


def _tried(means: Means, pod: Pod) -> str:
    """What keeps the call from coming through; "" when it came, even to a container that has no such program."""
    container = next((c.name for c in pod.containers if c.running and not c.init), pod.containers[0].name)
    try:
        means.tools.kubectl.exec(pod.name, pod.meta.namespace, ["true"], container=container, timeout=means.limit)
    except LbdemoError as error:
        cause = error if isinstance(error, ProgramFailedError) else error.__cause__
        if not isinstance(cause, ProgramFailedError):
            return error.message
        found = failure(cause)
        arrived = found.source is Source.KUBELET and STARTING in found.message
        return "" if arrived else found.message or error.message
    return ""


def istio(means: Means) -> Istio:
    """What is there of Istio."""
    return observe_istio(means.tools.api, means.asked.namespace)


def template(means: Means) -> Template | Unseen | None:
    """What the injector of the default revision (or of the one asked for) is told; None when there is none."""
    name = f"{INJECTOR}-{means.asked.revision}" if means.asked.revision else INJECTOR
    found = means.tools.api.get(CONFIG_MAPS.read_as(raw), name, ISTIO_NAMESPACE)
    if found is None or isinstance(found, Unseen):
        return found
    return reading.template(f"ConfigMap {ISTIO_NAMESPACE}/{name}", found)


def discoverer(means: Means) -> Discoverer | Unseen | None:
    """istiod's Service; None when it is not there."""
    name = f"istiod-{means.asked.revision}" if means.asked.revision else "istiod"
    found = means.tools.api.get(SERVICES, name, ISTIO_NAMESPACE)
    if found is None or isinstance(found, Unseen):
        return found
    return Discoverer(f"{ISTIO_NAMESPACE}/{name}", any(port.number == DISCOVERY_PORT for port in found.ports))


def hooks(means: Means) -> Hooks:
    """All admission webhooks, and which of the Services that they ask cannot answer."""
    api = means.tools.api
    lists = together(
        *(lambda kind=kind: api.list(kind.read_as(raw)) for kind in (MUTATING_WEBHOOKS, VALIDATING_WEBHOOKS))
    )
    there, unseen = seen(lists)
    found = tuple(
        reading.hook(item, entry) for items in there for item in items for entry in item.get("webhooks") or ()
    )
    places = list(dict.fromkeys((hook.home, hook.service) for hook in found if hook.service))
    answers = together(*(lambda place=place: _silence(means, *place) for place in places)) if places else []
    silent = {
        place: answer for place, answer in zip(places, answers, strict=True) if isinstance(answer, str) and answer
    }
    blind = [answer for answer in answers if isinstance(answer, Unseen)]
    return Hooks(found, silent, (*unseen, *blind))


def _silence(means: Means, home: str, name: str) -> str | Unseen:
    """What is wrong with a Service, in words; "" when it has an endpoint, or is not of a kind to have any."""
    service = means.tools.api.get(SERVICES, name, home)
    if isinstance(service, Unseen):
        return service
    if service is None:
        return "is not there"
    if service.type == "ExternalName":
        return ""
    slices = means.tools.api.list(ENDPOINT_SLICES, home, selector=f"{SERVICE_NAME}={name}")
    if isinstance(slices, Unseen):
        return slices
    ready = any(endpoint.ready for each in slices for endpoint in each.endpoints)
    return "" if ready else "has no endpoint that is ready"


def budgets(means: Means) -> Budgets | Unseen:
    """The namespace's quotas and limits."""
    api, space = means.tools.api, means.asked.namespace
    found = together(
        lambda: api.list(RESOURCE_QUOTAS, space),
        lambda: api.list(LIMIT_RANGES, space),
    )
    (quotas, limits) = found
    if isinstance(quotas, Unseen):
        return quotas
    if isinstance(limits, Unseen):
        return limits
    return Budgets(tuple(map(reading.quota, quotas)), tuple(limit for each in limits for limit in reading.limits(each)))


def kinds(means: Means) -> Discovery | Unseen:
    """Which APIs the cluster serves, and which of them are dead."""
    return means.tools.api.discover()


SOURCES: Mapping[str, Callable[[Means], Any]] = {
    "kubectl": kubectl, "helm": helm, "docker": docker, "delivery": way, "server": server, "user": user,
    "rights": rights, "namespace": namespace, "installed": installed,
    "nodes": nodes, "stream": stream, "istio": istio, "template": template,
    "discoverer": discoverer, "hooks": hooks, "budgets": budgets, "kinds": kinds,
}  # fmt: skip
"""By the field of Evidence that each fills."""


def _version(said: Mapping[str, Any], who: str) -> tuple[int, int]:
    found = re.match(r"v?(\d+)\.(\d+)", str(said.get("gitVersion", "")))
    if found is None:
        raise OperationFailedError(f"{who} names no version")
    return int(found[1]), int(found[2])
