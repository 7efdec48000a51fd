"""All strategies side by side on the real cluster."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from e2e.cluster import Cluster, inventory, lbdemo_argv, new_since, run
from e2e.envoy_image import push
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.measure.verdict import Outcome

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]

BALANCED = [name for name in STRATEGIES if STRATEGIES[name].outcome is Outcome.BALANCED]


@pytest.fixture(scope="module")
def envoy_image(tmp_path_factory: pytest.TempPathFactory) -> str:
    return push(tmp_path_factory.mktemp("envoy"))


def figures(result: dict[str, Any], drill: str) -> dict[str, Any]:
    found: dict[str, Any] = result["drills"][drill]["figures"]
    return found


def test_all_strategies_keep_their_promises_and_leave_nothing(envoy_image: str, tmp_path: Path) -> None:
    before = inventory()
    page, junit = tmp_path / "compare.html", tmp_path / "compare.xml"

    options = ["--drill", "scale-up", "--drill", "rolling-restart", "--html", str(page), "--junit", str(junit)]
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
        assert figures(results[name], "rolling-restart")["with_retries"]["failed"] == 0
        assert results[name]["costs"]["proxy_memory_mb"] > 1
    assert results["istio"]["costs"]["proxies"] == 4
    assert json.dumps(report["results"][0]["name"]) in page.read_text()
    assert junit.read_text().count("<testcase") == len(results)
    assert new_since(before) == []


def test_headless_without_an_age_never_finds_new_pods(cluster: Cluster) -> None:
    options = ("--drill", "scale-up", "--drill", "kill", "--max-connection-age", "0", "--trace")
    done = cluster("compare", "headless", "--json", *options)

    result = done.json["results"][0]
    assert result["verdict"]["outcome"] == "BALANCED"
    assert figures(result, "scale-up")["first_call_s"] is None
    assert result["drills"]["scale-up"]["as_expected"], "never is what was promised"
    assert figures(result, "kill")["last_trouble_s"] < 10
    hops = {hop["role"]: hop for hop in result["extra"]["traces"]["hops"]}
    assert list(hops) == ["caller", "client", "server"], "each was seen whole, and measured last"
    assert all(hop["p50_ms"] <= hop["p99_ms"] for hop in hops.values())


def test_slow_and_sick_pods_show_what_a_policy_is_worth(envoy_image: str) -> None:
    done = Cluster("lbdemo-sick")(
        "compare", "headless", "envoy", "--json", "--drill", "slow", "--drill", "sick",
        timeout=1400, LBDEMO_ENVOY_IMAGE=envoy_image,
    )  # fmt: skip

    headless, envoy = done.json["results"]
    assert figures(headless, "slow")["p99_ms"] > 150
    assert 0.2 < figures(headless, "sick")["error_share"] < 0.45
    assert 0.2 < figures(envoy, "sick")["error_share"] < 0.45
    assert figures(envoy, "sick")["error_share_with_outlier_detection"] < 0.05


def test_ctrl_c_cleans_up(cluster: Cluster) -> None:
    before = inventory()
    process = cluster.start("compare", "clusterip", "headless", "--drill", "none")
    time.sleep(9)

    process.send_signal(signal.SIGINT)
    out = process.communicate(timeout=300)[0]

    assert process.returncode == 130, out
    assert run(["kubectl", "get", "namespace", f"{cluster.namespace}-clusterip"]).code != 0
    assert new_since(before) == []


def test_a_strategy_that_cannot_run_is_named_with_its_reason() -> None:
    cluster = Cluster("lbdemo-skip")

    done = cluster("compare", "envoy", "--drill", "none", expect=6, LBDEMO_ENVOY_IMAGE="localhost:5000/none/envoy:1")

    assert "none/envoy" in done.err
    assert run(["kubectl", "get", "namespace", "lbdemo-skip-envoy"]).code != 0
