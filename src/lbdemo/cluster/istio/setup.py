"""Installing Istio: which charts, from where, in which state; and using one that is somebody else's."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from lbdemo.cluster.istio.observe import Istio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.observe import Release
from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.cluster.kernel.rollout import Await, Scale
from lbdemo.cluster.kernel.steps import Step
from lbdemo.config import ISTIO_NAMESPACE, IstioSource
from lbdemo.errors import InputError, NotReadyError
from lbdemo.tools.helm import Chart, Install

BASE = "istio-base"
DAEMON = "istiod"
DEPLOYMENT = "istiod"
# Where the charts lie in a folder: as `helm pull` leaves archives and folders, or as in Istio's own tree.
FOLDERS = {"base": ("base",), "istiod": ("istiod", "istio-control/istio-discovery")}


def chart(source: IstioSource, name: str) -> Chart:
    """Where Helm finds Istio's chart `name` (base or istiod). Raises InputError when a folder does not hold it."""
    if source.charts.startswith("oci://"):
        return Chart(f"{source.charts.rstrip('/')}/{name}", version=source.version, plain_http=source.plain_http)
    if "://" in source.charts:
        return Chart(name, repo=source.charts, version=source.version, plain_http=source.plain_http)
    folder = Path(source.charts)
    candidates = [folder / f"{name}-{source.version}.tgz", *(folder / path for path in FOLDERS[name])]
    for candidate in candidates:
        if candidate.is_file() or (candidate / "Chart.yaml").is_file():
            return Chart(str(candidate.resolve()))
    raise InputError(
        f"folder {source.charts} holds no Istio chart {name!r} of version {source.version}",
        f"looked for {', '.join(str(c.relative_to(folder)) for c in candidates)}",
    )


def digest(source: IstioSource, name: str) -> str:
    """What the release is made from, in short: the chart's place, version and the values file's content.

    The place is left out for repositories: the same version from a mirror is the same Istio.
    """
    values = Path(source.values_file).read_bytes() if source.values_file and name == DAEMON else b""
    place = "" if "://" in source.charts else source.charts
    return hashlib.sha256(json.dumps([name, source.version, place]).encode() + values).hexdigest()[:16]


def setup(source: IstioSource, istio: Istio, timeout: float) -> tuple[Step, ...]:
    """The steps to a running Istio; none when it runs as asked.

    An Istio of somebody else is used as it is, and only waited for. Raises InputError when one is
    there in part and is not ours, NotReadyError when it is not ours and switched off.
    """
    if istio.daemon is not None and not istio.ours:
        if not istio.daemon.replicas:
            where = f"{istio.daemon.meta.namespace}/{istio.daemon.meta.name}"
            raise NotReadyError(
                "Istio does not run", f"deployment {where} has 0 replicas", "it is not lbdemo's: start it"
            )
        return () if istio.daemon.complete else (_await(istio, timeout),)
    if stranger := next((r for r in istio.releases.values() if not r.ours and r.name in (BASE, DAEMON)), None):
        raise InputError(
            f"Helm release {stranger.name} in {ISTIO_NAMESPACE} is not lbdemo's, and no istiod runs",
            "finish that installation, or remove it; lbdemo changes nothing of it",
        )
    base = _release(source, istio, BASE, "base", timeout)
    daemon = _release(source, istio, DAEMON, "istiod", timeout)
    stopped = istio.daemon is not None and not istio.daemon.replicas
    revive = Scale(ISTIO_NAMESPACE, DEPLOYMENT, 1, after=(DAEMON,)) if stopped else None
    running = istio.daemon is not None and istio.daemon.complete and not stopped
    wait = () if running and daemon is None else (_await(istio, timeout),)
    return tuple(step for step in (base, daemon, revive, *wait) if step is not None)


def _release(source: IstioSource, istio: Istio, name: str, chart_name: str, timeout: float) -> InstallRelease | None:
    there = istio.releases.get(name)
    wanted = digest(source, name)
    missing = istio.daemon is None or not istio.reachable if name == DAEMON else not istio.crds
    if there is not None and there.status == "deployed" and there.digest == wanted and not missing:
        return None
    install = Install(
        release=name,
        namespace=ISTIO_NAMESPACE,
        chart=chart(source, chart_name),
        values_files=(source.values_file,) if source.values_file and name == DAEMON else (),
        labels={labels.PART_OF: "lbdemo", labels.DIGEST: wanted},
        timeout=timeout,
    )
    title = f"Istio {source.version}: {'its CRDs' if name == BASE else 'istiod'}"
    return InstallRelease(name, title, install, ("inventory",), unstick(there))


def unstick(release: Release | None) -> str:
    """How to get a release that an interrupted Helm left behind out of the way: "uninstall", "rollback" or ""."""
    if release is None or not release.status.startswith("pending-"):
        return "uninstall" if release is not None and release.status == "uninstalling" else ""
    return "rollback" if release.has_deployed else "uninstall"


def _await(istio: Istio, timeout: float) -> Await:
    namespace = istio.daemon.meta.namespace if istio.daemon else ISTIO_NAMESPACE
    name = istio.daemon.meta.name if istio.daemon else DEPLOYMENT
    return Await(namespace, (name,), "app=istiod", timeout, key="istio", after=(DAEMON, "scale"))
