"""All strategies side by side on the real cluster."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path

import pytest

from e2e.cluster import Cluster, figures, inventory, lbdemo_argv, new_since, run
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.measure.verdict import Outcome

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

BALANCED = [name for name in STRATEGIES if STRATEGIES[name].outcome is Outcome.BALANCED]


def test_all_strategies_keep_their_promises_and_leave_nothing(envoy_image: str, tmp_path: Path) -> None:
    before = inventory()
    page, junit = tmp_path / "compare.html", tmp_path / "compare.xml"

    options = ["--drill", "scale-up", "--html", str(page), "--junit", str(junit)]
    argv = lbdemo_argv("lbdemo-cmp", "compare", "--json", *options)
    done = run(argv, timeout=1400, environment={"LBDEMO_ENVOY_IMAGE": envoy_image})

    report = json.loads(done.out)
    assert done.code == (0 if report["ok"] else 1)
    results = {result["name"]: result for result in report["results"]}
    assert list(results) == list(STRATEGIES), report["skipped"]
    for name, result in results.items():
        assert result["verdict"]["outcome"] == STRATEGIES[name].outcome
    for name in BALANCED:
        assert results[name]["verdict"]["as_expected"], "round robin is promised"
        assert results[name]["verdict"]["dispersion"] < 0.3, "where random choices begin"
    assert figures(results["clusterip"], "scale-up")["first_call_s"] is None, "never"
    for name in BALANCED:
        assert figures(results[name], "scale-up")["even_again_s"] is not None
    for name in ("istio", "envoy"):
        assert results[name]["costs"]["proxy_memory_mb"] > 1
    assert results["istio"]["costs"]["proxies"] == 4
    assert json.dumps(report["results"][0]["name"]) in page.read_text()
    assert junit.read_text().count("<testcase") == len(results)
    assert new_since(before) == []


def test_ctrl_c_cleans_up(cluster: Cluster) -> None:
    before = inventory()
    process = cluster.start("compare", "clusterip", "headless", "--drill", "none")
    time.sleep(9)

    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=300)[0]

    assert process.returncode == 130, out
    assert run(["kubectl", "get", "namespace", f"{cluster.namespace}-clusterip"]).code != 0
    assert new_since(before) == []
