"""From what is asked for and what is there to a plan: pure, so that it can be compared, printed and tested."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from lbdemo.cluster.image.step import DeliverImage
from lbdemo.cluster.install import page
from lbdemo.cluster.install.desired import Desired, DesiredRelease
from lbdemo.cluster.install.namespace import LabelNamespace
from lbdemo.cluster.install.strategies.mesh import NO_LABELS
from lbdemo.cluster.istio import setup as istio
from lbdemo.cluster.istio import sidecars
from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.istio.rollout import AwaitPods
from lbdemo.cluster.kernel import labels, readiness
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.cluster.kernel.steps import Plan, Step
from lbdemo.config import UpConfig
from lbdemo.kube.records.workloads import Deployment
from lbdemo.tools.helm import Chart, Install


def build_plan(config: UpConfig, observed: ObservedWithIstio, desired: Desired, chart: str) -> Plan:
    """The steps from what was observed to what is desired; an empty plan when nothing has to change.

    `chart` is the folder of our chart. Raises InputError when an Istio stands half-installed that is not ours.
    """
    mesh = desired.strategy.mesh.steps(config, observed, desired.provider) if desired.strategy.mesh else ()
    stale = [release for release in desired.releases if not up_to_date(release, observed, desired)]
    label = _label(observed, desired, config)
    releases = [_install(release, observed, desired, config, chart) for release in stale]
    deliver = _deliver(desired) if stale or not complete(observed, desired) else ()  # it may be gone from the nodes
    restart = (
        *restarting(observed, desired, stale),
        *stuck(observed, desired),
        *with_changed_config(observed, stale),
    )
    wait = _await(config, observed, desired, tuple(dict.fromkeys(restart)), changed=bool(stale))
    return Plan((*deliver, *mesh, *label, *releases, *wait))


def up_to_date(release: DesiredRelease, observed: ObservedWithIstio, desired: Desired) -> bool:
    """Whether Helm installed just this, and nobody changed or removed its objects since."""
    there = observed.releases.get(release.name)
    if there is None or there.status != "deployed" or there.digest != release.digest:
        return False
    deployments = {d.meta.name: d for d in observed.objects.deployments}
    if not all(name in deployments and untouched(deployments[name]) for name in release.deployments):
        return False
    images = deployments[release.name].images
    services = {meta.name for meta in observed.objects.of("Service") if meta.as_applied}
    config_maps = {meta.name for meta in observed.objects.of("ConfigMap") if meta.as_applied}
    policies = [meta.name for meta in observed.istio.policies if meta.as_applied]
    return (
        desired.image.reference in images
        and services.issuperset(release.services)
        and config_maps.issuperset(release.config_maps)
        and all(policies.count(name) >= release.policies.count(name) for name in release.policies)
    )


def untouched(deployment: Deployment) -> bool:
    """Whether nobody has changed the deployment's specification since we saw it ready."""
    return deployment.meta.labels.get(labels.GENERATION) == str(deployment.generation)


def restarting(observed: ObservedWithIstio, desired: Desired, stale: list[DesiredRelease]) -> tuple[str, ...]:
    """Releases whose template is right but whose pods have, or lack, a sidecar: they were made under another rule."""
    settled = [release.name for release in desired.releases if release not in stale]
    return tuple(name for name in settled if sidecars.wrong(observed.pods(name), wanted=desired.strategy.injects))


def drifted(release: DesiredRelease, observed: ObservedWithIstio) -> tuple[str, ...]:
    """The release's Services and policies (KIND/NAME) that somebody changed by hand.

    Helm takes away no port that it did not add, and Helm 3 compares custom resources only with its own last manifest.
    """
    services = [meta for meta in observed.objects.of("Service") if meta.name in release.services]
    policies = [meta for meta in observed.istio.policies if meta.name in release.policies]
    return tuple(f"{meta.kind.lower()}/{meta.name}" for meta in (*services, *policies) if not meta.as_applied)


def with_changed_config(observed: ObservedWithIstio, stale: list[DesiredRelease]) -> tuple[str, ...]:
    """Deployments that may have started with a ConfigMap that somebody changed; each has the name of its own."""
    wrong = {meta.name for meta in observed.objects.of("ConfigMap") if not meta.as_applied}
    there = {d.meta.name for d in observed.objects.deployments}
    return tuple(name for r in stale for name in r.config_maps if name in wrong and name in there)


def stuck(observed: ObservedWithIstio, desired: Desired) -> tuple[str, ...]:
    """Deployments that had given up before we came: Kubernetes tries again only after minutes, or when they change.

    Those whose release gets other values change anyway.
    """
    same = [
        r for r in desired.releases if (was := observed.releases.get(r.name)) is not None and was.digest == r.digest
    ]
    names = {name for release in same for name in release.deployments}
    return tuple(d.meta.name for d in observed.objects.deployments if d.meta.name in names and _given_up(d, observed))


def _given_up(deployment: Deployment, observed: ObservedWithIstio) -> bool:
    if deployment.complete:
        return False
    troubles = readiness.problems(replace(observed.objects, deployments=(deployment,)))
    return any(not t.patience or t.reason in readiness.BACKING_OFF or not t.pod for t in troubles)


def complete(observed: ObservedWithIstio, desired: Desired) -> bool:
    """Whether all deployments are there, and their rollouts over."""
    return readiness.complete(observed.objects, desired.deployments)


def _deliver(desired: Desired) -> tuple[Step, ...]:
    if desired.build is None or desired.delivery is None:
        return ()
    return (DeliverImage(desired.build, desired.delivery, desired.recipe),)


def _label(observed: ObservedWithIstio, desired: Desired, config: UpConfig) -> tuple[Step, ...]:
    """Our own namespace says whether its pods are injected; an adopted one is left as it is (the pods say it too)."""
    if observed.namespace is not None and not observed.namespace_ours:
        return ()
    wanted = injection_labels(observed, desired)
    there: Mapping[str, str] = observed.namespace.labels if observed.namespace else {}
    changes = tuple((key, value) for key, value in wanted.items() if there.get(key) != value)
    return (LabelNamespace(config.place.namespace, changes),) if changes else ()


def injection_labels(observed: ObservedWithIstio, desired: Desired) -> Mapping[str, str | None]:
    """The injection labels that the namespace should carry; None for one that it should not."""
    return desired.strategy.mesh.labels(observed) if desired.strategy.mesh else NO_LABELS


def _install(
    release: DesiredRelease, observed: ObservedWithIstio, desired: Desired, config: UpConfig, chart: str
) -> InstallRelease:
    ours = observed.namespace is None or observed.namespace_ours
    values, files = page.by_files(release.values)
    install = Install(
        release=release.name,
        namespace=config.place.namespace,
        chart=Chart(chart),
        values=values,
        files=files,
        values_files=config.values_files,
        overrides=release.overrides,
        sets=config.sets,
        labels={
            labels.PART_OF: "lbdemo",
            labels.DIGEST: release.digest,
            labels.STRATEGY: desired.strategy.name,
            labels.POLICY: config.lb_policy,
        },
        timeout=config.timeout,
        validate=False,  # our own chart's tests have done it
    )
    after = ("image", "label", "istio", DAEMON, istio.BASE, *(() if ours else ("inventory",)))
    there = observed.releases.get(release.name)
    title = f"release {release.name}"
    return InstallRelease(release.name, title, install, after, istio.unstick(there), drifted(release, observed))


def _await(
    config: UpConfig, observed: ObservedWithIstio, desired: Desired, restart: tuple[str, ...], *, changed: bool
) -> tuple[Step, ...]:
    if complete(observed, desired) and not changed and not restart:
        return ()
    after = tuple(release.name for release in desired.releases)
    return (
        AwaitPods(
            config.place.namespace, desired.deployments, labels.OF_RELEASES, config.timeout,
            after=("image", *after, "label", "istio"), restart=restart, sidecars=desired.strategy.injects,
            revision=observed.istio.revision,
            notes=((labels.STRATEGY, desired.strategy.name), (labels.POLICY, config.lb_policy)),
        ),
    )  # fmt: skip
