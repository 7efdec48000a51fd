"""Istio's charts: where they are, and what a release of one is made from. Pure, but for the files it names."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from lbdemo.cluster.istio.control_planes import DAEMON
from lbdemo.config import IstioSource
from lbdemo.errors import InputError
from lbdemo.tools.helm import Chart

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
