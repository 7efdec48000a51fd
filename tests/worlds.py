"""Little worlds for tests: deployments, pods, releases, as the cluster might be found."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from fakes import FakeRun
from meshes import webhooks

from lbdemo.cluster.install.desired import Desired, desire
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.install.strategies.base import PLAIN, Cluster
from lbdemo.cluster.istio.charts import digest
from lbdemo.cluster.istio.injectors import parse_injectors
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.objects import APPLIED, Given, Objects
from lbdemo.cluster.kernel.observe import Observed, Release
from lbdemo.cluster.trial.verify import Installation
from lbdemo.config import ISTIO_NAMESPACE, Place, UpConfig
from lbdemo.kube.records.meta import Condition, Meta
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.kube.records.workloads import Deployment, ReplicaSet
from lbdemo.resources import chart_folder
from lbdemo.tools.kubectl import Context

CHART: Path = chart_folder()
CONFIG = UpConfig(Place("", "lbdemo"), image="registry/echo:1")
HASH = "abc"
OF_RELEASES = shlex.quote(labels.OF_RELEASES)
OURS = f"-n lbdemo -l {OF_RELEASES}"  # what `kubectl get` is asked for: what our releases have
ECHO_SERVERS = (
    "-n lbdemo -l app.kubernetes.io/instance=echo-server,app.kubernetes.io/name=echo"  # and the servers alone
)


def inside(pod: str, command: str) -> str:
    """A command that is run in a pod of ours."""
    return f"kubectl -n lbdemo exec {pod} -c echo -- lbdemo {command}"


def stats_of(pod: str, run: str = "<run>") -> str:
    """What a server is asked for its counts of a run."""
    return inside(pod, f"peer stats --target 127.0.0.1:8081 --run {run}")


def meta(kind: str, name: str, marks: Mapping[str, str] | None = None, **more: object) -> Meta:
    known = {labels.PART_OF: "lbdemo", **(marks or {})}
    return replace(Meta(kind, "lbdemo", name, known), **more)  # type: ignore[arg-type]


def given(kind: str, name: str, *, as_applied: bool = True) -> Given:
    """An object as our chart gave it, unless somebody has changed it."""
    return Given(kind, "lbdemo", name, {labels.PART_OF: "lbdemo"}, as_applied=as_applied)


def namespace(marks: Mapping[str, str] | None = None, *, ours: bool = True) -> Meta:
    own = dict(labels.OURS) if ours else {}
    return Meta("Namespace", "", "lbdemo", {**own, **(marks or {})})


def of_release(name: str) -> dict[str, str]:
    """The label that our chart gives to what a Deployment of this name is or has."""
    return {labels.RELEASE: name.removesuffix("-envoy").removesuffix("-ui").removesuffix("-traces")}


def deployment(name: str, replicas: int, image: str = "registry/echo:1", *, touched: bool = False) -> Deployment:
    marks, note = {labels.GENERATION: "1", **of_release(name)}, {"deployment.kubernetes.io/revision": "1"}
    return Deployment(
        meta("Deployment", name, marks, annotations=note),
        replicas=replicas, updated=replicas, available=replicas, total=replicas, settled=True,
        generation=2 if touched else 1, images=(image,), conditions=(),
    )  # fmt: skip


def pod(
    name: str, release: str, *, sidecar: bool = False, hash_: str = HASH, container: Container | None = None,
    args: tuple[str, ...] = (),
) -> Pod:  # fmt: skip
    containers = [container or Container("echo", "registry/echo:1", ready=True, running=True, args=args)]
    if sidecar:
        containers.append(Container("istio-proxy", "proxyv2", init=True, always=True, ready=True, running=True))
    marks = {"app.kubernetes.io/instance": release, "app.kubernetes.io/name": "echo", "pod-template-hash": hash_}
    ready = Condition("Ready", "True" if container is None else "False")
    return Pod(meta("Pod", name, marks), "Running", "node-1", ("10.0.0.1",), tuple(containers), (ready,))


def replica_set(owner: str, hash_: str = HASH, revision: str = "1") -> ReplicaSet:
    marks = {"pod-template-hash": hash_, **of_release(owner)}
    note = {"deployment.kubernetes.io/revision": revision}
    return ReplicaSet(meta("ReplicaSet", f"{owner}-{hash_}", marks, annotations=note), 1, 1)


def desired(config: UpConfig = CONFIG, cluster: Cluster = PLAIN) -> Desired:
    return desire(config, Context("lbdemo", "https://127.0.0.1:6443"), cluster, CHART)


def istiod(*, ours: bool = True, replicas: int = 1, revision: str = "default") -> Istio:
    """A running Istio."""
    marks = {"istio.io/rev": revision, "app": "istiod"}
    daemon = replace(deployment("istiod", replicas), meta=Meta("Deployment", ISTIO_NAMESPACE, "istiod", marks))
    releases = {
        name: Release(name, ISTIO_NAMESPACE, "deployed", 1, ours, digest(CONFIG.istio, name), has_deployed=True)
        for name in ("istio-base", "istiod")
    }
    return Istio(releases, (daemon,), parse_injectors([webhooks(revision)]))


def arguments(values: Mapping[str, Any]) -> tuple[str, ...]:
    """What the chart makes of a release's values: how its pods' program is run."""
    if values["role"] == "server":
        age = values.get("server", {}).get("maxConnectionAgeSeconds", 0)
        return ("serve", *(("--max-connection-age", str(age)) if age else ()))
    client = {"policy": "pick_first", "connections": 1, **values["client"]}
    return ("client", *(word for name in client for word in (f"--{name}", str(client[name]))))


def converged(config: UpConfig = CONFIG, istio: Istio | None = None) -> ObservedWithIstio:
    """The cluster just as `up` with this configuration leaves it."""
    wanted = desired(config)
    injected = wanted.strategy.injects
    deployments = [deployment(n, r) for release in wanted.releases for n, r in release.deployments.items()]
    services = [given("Service", n) for release in wanted.releases for n in release.services]
    services += [given("ConfigMap", n) for release in wanted.releases for n in release.config_maps]
    pods = [
        pod(f"{r.name}-{HASH}-{n + 1}", r.name, sidecar=injected, args=arguments(r.values))
        for r in wanted.releases
        for n in range(r.deployments[r.name])
    ]
    releases = {
        r.name: Release(r.name, "lbdemo", "deployed", 1, True, r.digest, wanted.strategy.name, has_deployed=True)
        for r in wanted.releases
    }
    mesh = istio or (istiod() if wanted.strategy.mesh else Istio())
    kinds = ("DestinationRule", "PeerAuthentication", "Telemetry" if config.trace else "DestinationRule")
    policies = tuple(given(kind, n) for r in wanted.releases for kind, n in zip(kinds, r.policies, strict=False))
    sets = [replica_set(d.meta.name) for d in deployments]
    return ObservedWithIstio(
        namespace=namespace({labels.INJECTION: "enabled"} if injected else {}),
        objects=Objects(tuple(pods), tuple(deployments), tuple(services), tuple(sets)),
        releases=releases,
        istio=replace(mesh, policies=policies),
    )


def installation(strategy: str = "envoy", servers: int = 2, lb_policy: str = "round-robin") -> Installation:
    """What is installed: a client, and servers echo-1, echo-2, ..."""
    pods = tuple(pod(f"echo-{number + 1}", labels.SERVER) for number in range(servers))
    target = "echo-server.lbdemo.svc.cluster.local:8080"
    return Installation(STRATEGIES[strategy], lb_policy, pod("client-1", labels.CLIENT), pods, target, "pick_first")


def listed(records: Iterable[Record], namespace: str = "") -> dict[str, Any]:
    """What `kubectl get -o json` prints of these records; all in one `namespace` when it is named."""
    return {"kind": "List", "items": [_document(record, namespace) for record in records]}


def documents(world: Observed, namespace: str = "lbdemo") -> list[dict[str, Any]]:
    """What is in the world's namespace, as an API server has it."""
    secrets = [helm_secret(replace(release, namespace=namespace)) for release in world.releases.values()]
    objects = world.objects
    records: tuple[Record, ...] = (
        *objects.pods,
        *objects.deployments,
        *objects.replica_sets,
        *objects.others,
        *secrets,
    )
    items: list[dict[str, Any]] = listed(records, namespace)["items"]
    return items


def announced(run: FakeRun, world: Observed, namespace: str = "lbdemo") -> FakeRun:
    """Announces what a look at the namespace asks for; all of it is answered as often as it is asked."""
    there = [replace(world.namespace, name=namespace)] if world.namespace else []
    secrets = [helm_secret(replace(release, namespace=namespace)) for release in world.releases.values()]
    answers: dict[str, Iterable[Record]] = {
        "pods": world.objects.pods, "deployments": world.objects.deployments, "secrets": secrets,
        "replicasets": world.objects.replica_sets, "services": world.objects.of("Service"),
        "configmaps": world.objects.of("ConfigMap"),
    }  # fmt: skip
    run.on(f"kubectl get namespaces {namespace}", answer=listed(there), always=True)
    for plural, records in answers.items():
        given = {"secrets": f"{labels.SELECTOR},owner=helm", "services": labels.SELECTOR, "configmaps": labels.SELECTOR}
        marks = given.get(plural, OF_RELEASES)
        run.on(f"kubectl get {plural} -n {namespace} -l {marks}", answer=listed(records, namespace), always=True)
    return run


def istio_documents(istio: Istio) -> list[dict[str, Any]]:
    """What the API server has of this Istio: its Deployments, webhooks, Services, releases, and our inventory."""
    secrets = [helm_secret(release) for release in istio.releases.values()]
    kept = [Meta("ConfigMap", ISTIO_NAMESPACE, labels.INVENTORY)] if istio.begun else []
    asked = dict.fromkeys((i.home, i.service) for i in istio.injectors if i.service)
    services = [Meta("Service", home, name) for home, name in asked if (home, name) not in istio.missing]
    hooks = [webhooks(i.revision, tag=i.tag, home=i.home, url=i.url, service=i.service) for i in istio.injectors]
    return [*hooks, *listed([*istio.daemons, *secrets, *kept, *services, *istio.policies])["items"]]


def helm_secret(release: Release, **further: str) -> Meta:
    """The secret in which Helm keeps this revision of a release."""
    marks = {
        "owner": "helm", "name": release.name, "status": release.status, "version": str(release.revision),
        labels.DIGEST: release.digest or ("0123" if release.ours else ""),
        labels.STRATEGY: release.strategy, labels.POLICY: release.policy,
        **({labels.PART_OF: "lbdemo"} if release.ours else {}), **further,
    }  # fmt: skip
    return Meta("Secret", release.namespace, f"sh.helm.release.v1.{release.name}.v{release.revision}", marks)


Record = Meta | Pod | Deployment | ReplicaSet


def _document(record: Record, namespace: str) -> dict[str, Any]:
    if isinstance(record, ReplicaSet):
        record = record.meta
    if isinstance(record, Meta):
        return {"kind": record.kind, "metadata": _metadata(record, namespace)}
    head: dict[str, Any] = {"kind": record.meta.kind, "metadata": _metadata(record.meta, namespace)}
    status: dict[str, Any] = {"conditions": [{"type": c.type, "status": c.status} for c in record.conditions]}
    if isinstance(record, Pod):
        init = [c for c in record.containers if c.init]
        main = [c for c in record.containers if not c.init]
        spec: dict[str, Any] = {"nodeName": record.node, "initContainers": _specs(init), "containers": _specs(main)}
        status |= {"phase": record.phase, "podIPs": [{"ip": address} for address in record.addresses]}
        status |= {"initContainerStatuses": _states(init), "containerStatuses": _states(main)}
        return {**head, "spec": spec, "status": status}
    head["metadata"]["generation"] = record.generation
    images = [{"name": "main", "image": image} for image in record.images]
    status |= {"updatedReplicas": record.updated, "availableReplicas": record.available, "replicas": record.total}
    status |= {"observedGeneration": record.generation}
    return {
        **head, "spec": {"replicas": record.replicas, "template": {"spec": {"containers": images}}}, "status": status
    }  # fmt: skip


def _metadata(meta: Meta, namespace: str) -> dict[str, Any]:
    there = {"name": meta.name, "namespace": namespace if namespace and meta.namespace else meta.namespace}
    ending = {"deletionTimestamp": "2026-01-02T03:04:05Z"} if meta.deleting else {}
    applied = {APPLIED: json.dumps({"kind": meta.kind})} if isinstance(meta, Given) and meta.as_applied else {}
    return {**there, **ending, "labels": dict(meta.labels), "annotations": {**meta.annotations, **applied}}


def _specs(containers: Iterable[Container]) -> list[dict[str, Any]]:
    return [
        {
            "name": c.name,
            "image": c.image,
            "args": list(c.args),
            "env": [{"name": name, "value": value} for name, value in c.env.items()],
            **({"restartPolicy": "Always"} if c.always else {}),
        }
        for c in containers
    ]


def _states(containers: Iterable[Container]) -> list[dict[str, Any]]:
    return [
        {"name": c.name, "ready": c.ready, "restartCount": c.restarts,
         "state": {"running": {}} if c.running else {"waiting": {"reason": c.waiting, "message": c.message}}}
        for c in containers
    ]  # fmt: skip
