"""Installing Istio: which charts, in which state; and using one that is somebody else's."""

from __future__ import annotations

from dataclasses import replace

from lbdemo.cluster.istio.charts import chart, digest
from lbdemo.cluster.istio.choice import names
from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.cluster.istio.providers import Provider, kept
from lbdemo.cluster.istio.state import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Release
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.cluster.kernel.rollout import Await, Scale
from lbdemo.cluster.kernel.steps import Step
from lbdemo.config import ISTIO_NAMESPACE, IstioSource
from lbdemo.errors import InputError, NotReadyError
from lbdemo.kube.answers import UnseenError
from lbdemo.tools.helm import Install

BASE = "istio-base"
PROVIDERS = "meshConfig.extensionProviders"  # the chart's value


def setup(source: IstioSource, istio: Istio, timeout: float, provider: Provider | None = None) -> tuple[Step, ...]:
    """The steps to a running Istio that knows the provider; none when it runs as asked.

    A control plane of somebody else is used as it is, and only waited for. Raises InputError when one is there in part
    and is not ours, or cannot be what was asked for; NotReadyError when it is not ours and switched off; UnseenError
    when nobody can tell whether there is one.
    """
    if not istio.to_install:
        return _use(istio, timeout)
    if istio.traces and not istio.begun:
        raise InputError(
            f"{istio.traces} is there, and no control plane of Istio's that it could be of",
            "name that by --istio-revision; if there is none any more, remove what is left of it",
        )
    if stranger := next((r for r in istio.releases.values() if not r.ours and r.name in (BASE, DAEMON)), None):
        raise InputError(
            f"Helm release {stranger.name} in {ISTIO_NAMESPACE} is not lbdemo's, and no istiod runs",
            "finish that installation, or remove it; lbdemo changes nothing of it",
        )
    base = _release(source, istio, BASE, "base", timeout)
    daemon = _release(source, istio, DAEMON, "istiod", timeout, provider)
    stopped = istio.daemon is not None and not istio.daemon.replicas
    revive = Scale(ISTIO_NAMESPACE, DAEMON, 1, after=(DAEMON,)) if stopped else None
    running = istio.daemon is not None and istio.daemon.complete and not stopped
    wait = () if running and daemon is None else (_await(istio, timeout),)
    return tuple(step for step in (base, daemon, revive, *wait) if step is not None)


def _use(istio: Istio, timeout: float) -> tuple[Step, ...]:
    """An Istio of somebody else's: one that is seen has to be there, one that cannot be seen has to show itself."""
    if istio.plane is None:
        _check_hidden(istio)
        return ()
    if not istio.crds:
        raise InputError(
            f"Istio's control plane is there ({istio.plane.where}), and the cluster does not know Istio's kinds",
            "`kubectl get crds` should name destinationrules.networking.istio.io; who installed Istio can add them",
        )
    if istio.daemon is not None and not istio.daemon.replicas:
        where = f"{istio.daemon.meta.namespace}/{istio.daemon.meta.name}"
        raise NotReadyError("Istio does not run", f"deployment {where} has 0 replicas", "it is not lbdemo's: start it")
    return () if istio.daemon is None or istio.daemon.complete else (_await(istio, timeout),)


def _check_hidden(istio: Istio) -> None:
    """Raises unless something speaks for a control plane that this user cannot see."""
    if not istio.hidden:
        raise InputError(
            f"there is no revision or tag {istio.name} of Istio in this cluster; there is {names(istio.planes)}",
            "choose one of these with --istio-revision; lbdemo itself installs the default revision only",
        )
    if not istio.traces and not istio.name:
        raise UnseenError(istio.unseen[0])


def stale(source: IstioSource, istio: Istio, name: str, provider: Provider | None = None) -> bool:
    """Whether the release (BASE or DAEMON) has to be installed, or installed anew."""
    there = istio.releases.get(name)
    if there is None or there.status != "deployed" or there.digest != digest(source, name):
        return True
    if name != DAEMON:
        return not istio.crds
    untold = provider is not None and provider.to_value() not in istio.providers
    return istio.daemon is None or not istio.reachable or untold


def daemon_install(source: IstioSource, timeout: float) -> Install:
    """Istiod's release, without providers of ours."""
    return _install(source, DAEMON, "istiod", timeout)


def _install(source: IstioSource, name: str, chart_name: str, timeout: float) -> Install:
    return Install(
        release=name,
        namespace=ISTIO_NAMESPACE,
        chart=chart(source, chart_name),
        values_files=(source.values_file,) if source.values_file and name == DAEMON else (),
        labels={labels.PART_OF: "lbdemo", labels.DIGEST: digest(source, name)},
        timeout=timeout,
    )


def _release(
    source: IstioSource, istio: Istio, name: str, chart_name: str, timeout: float, provider: Provider | None = None
) -> InstallRelease | None:
    if not stale(source, istio, name, provider):
        return None
    install = _install(source, name, chart_name, timeout)
    if name == DAEMON and (told := kept(istio, provider)):
        install = replace(install, overrides={PROVIDERS: told})
    title = f"Istio {source.version}: {'its CRDs' if name == BASE else 'istiod'}"
    first = ("inventory",) if name == BASE else ("inventory", BASE)  # istiod looks for its CRDs when it starts
    return InstallRelease(name, title, install, first, unstick(istio.releases.get(name)))


def unstick(release: Release | None) -> str:
    """How to get a release that an interrupted Helm left behind out of the way: "uninstall", "rollback" or ""."""
    if release is None or not release.status.startswith("pending-"):
        return "uninstall" if release is not None and release.status == "uninstalling" else ""
    return "rollback" if release.has_deployed else "uninstall"


def _await(istio: Istio, timeout: float) -> Await:
    namespace = istio.daemon.meta.namespace if istio.daemon else ISTIO_NAMESPACE
    name = istio.daemon.meta.name if istio.daemon else DAEMON
    return Await(namespace, (name,), "app=istiod", timeout, key="istio", after=(DAEMON, "scale"))
