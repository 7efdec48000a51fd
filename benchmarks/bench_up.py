"""`up` and `up --istio` beside the same docker, helm and kubectl commands typed one after another.

Needs a cluster (the current context) and LBDEMO_REGISTRY. Prints the ratio of each round, and their median.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence

from lbdemo import resources
from lbdemo.cluster.image.content import BASE, Recipe, content_image, context_files
from lbdemo.cluster.install.desired import desire
from lbdemo.cluster.install.strategies.base import Cluster
from lbdemo.config import IstioSource, Place, UpConfig
from lbdemo.tools.docker import connect
from lbdemo.tools.kubectl import Context

NAMESPACE = "lbdemo-bench"
ROUNDS = 3
LBDEMO = [sys.executable, "-m", "lbdemo", "-n", NAMESPACE]


def run(argv: Sequence[str], stdin: str = "") -> None:
    subprocess.run(argv, input=stdin, text=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def timed(what: str, *commands: Sequence[str]) -> float:
    begun = time.perf_counter()
    for command in commands:
        run(command)
    seconds = time.perf_counter() - begun
    print(f"{what:44} {seconds:6.1f} s", flush=True)
    return seconds


def by_hand(registry: str, *, istio: bool) -> float:
    """What a person types: the image, the namespace, Istio, the releases, each waited for."""
    source = IstioSource(
        os.environ.get("LBDEMO_ISTIO_CHARTS", IstioSource().charts),
        os.environ.get("LBDEMO_ISTIO_VERSION", IstioSource().version),
        bool(os.environ.get("LBDEMO_PLAIN_HTTP")),
        os.environ.get("LBDEMO_ISTIO_VALUES", ""),
    )
    config = UpConfig(Place("", NAMESPACE), strategy="istio" if istio else "clusterip", registry=registry, istio=source)
    docker = connect()
    recipe = Recipe(docker.base(BASE).digest, docker.architecture)
    wanted = desire(config, Context("", ""), Cluster(), resources.chart_folder(), recipe)
    image = content_image(context_files(), recipe).reference
    plain = ["--plain-http"] if source.plain_http else []
    values = ["-f", source.values_file] if source.values_file else []
    begun = time.perf_counter()
    run(["docker", "tag", image, f"{registry}/{image}"])
    run(["docker", "push", "-q", f"{registry}/{image}"])
    run(["kubectl", "create", "namespace", NAMESPACE])
    if istio:
        charts = ["--version", source.version, *plain, "-n", "istio-system", "--create-namespace", "--wait"]
        run(["helm", "upgrade", "--install", "istio-base", f"{source.charts}/base", *charts])
        run(["helm", "upgrade", "--install", "istiod", f"{source.charts}/istiod", *charts, *values])
        run(["kubectl", "label", "namespace", NAMESPACE, "istio-injection=enabled"])
    for release in wanted.releases:
        argv = ["helm", "upgrade", "--install", release.name, str(resources.chart_folder()), "-n", NAMESPACE, "--wait"]
        run([*argv, "-f", "-"], json.dumps(release.values))
    seconds = time.perf_counter() - begun
    print(f"{'by hand' + (' with Istio' if istio else ''):44} {seconds:6.1f} s", flush=True)
    return seconds


def clean_by_hand(*, istio: bool) -> None:
    run(["kubectl", "delete", "namespace", NAMESPACE])
    if istio:
        run(["helm", "uninstall", "istiod", "istio-base", "-n", "istio-system", "--wait"])
        run(["kubectl", "delete", "namespace", "istio-system"])
        run(["kubectl", "delete", "customresourcedefinitions", "-l", "app.kubernetes.io/part-of=istio"])
        for name in ("istio-ca-root-cert", "istio-ca-crl"):
            run(["kubectl", "delete", "configmaps", "-A", "--field-selector", f"metadata.name={name}"])


def main() -> None:
    registry = os.environ.get("LBDEMO_REGISTRY", "")
    if not registry or subprocess.run(["kubectl", "version"], capture_output=True, check=False).returncode:
        print("bench_up: needs a cluster as the current context, and LBDEMO_REGISTRY: skipped")
        return
    if not shutil.which("docker"):
        print("bench_up: needs docker: skipped")
        return
    run([*LBDEMO, "build"])
    for istio in (False, True):
        ratios = [one_round(registry, istio=istio) for _ in range(ROUNDS)]
        print(f"{'median':44} {statistics.median(ratios):6.2f} x by hand", flush=True)


def one_round(registry: str, *, istio: bool) -> float:
    """`up` in seconds by the seconds of the commands typed, each from an empty namespace."""
    option = ["--istio"] if istio else []
    ours = timed(f"lbdemo up {' '.join(option)}", [*LBDEMO, "up", *option])
    again = timed("  again, nothing to change", [*LBDEMO, "up", *option])
    run([*LBDEMO, "clean", *option])
    typed = by_hand(registry, istio=istio)
    clean_by_hand(istio=istio)
    print(f"{'ratio':44} {ours / typed:6.2f} x by hand; unchanged: {again:.1f} s", flush=True)
    return ours / typed


if __name__ == "__main__":
    main()
