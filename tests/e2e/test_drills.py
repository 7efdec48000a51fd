"""Drills of single strategies on the real cluster, and what `compare` says of one that cannot run."""

from __future__ import annotations

import pytest

from e2e.cluster import Cluster, figures, lbdemo_argv, run

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]


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


def test_slow_and_sick_pods_show_what_a_policy_is_worth_and_restarted_ones_what_retries_are(envoy_image: str) -> None:
    options = [word for drill in ("slow", "sick", "rolling-restart") for word in ("--drill", drill)]
    argv = lbdemo_argv("lbdemo-sick", "compare", "headless", "envoy", "--json", *options)
    done = run(argv, timeout=1400, environment={"LBDEMO_ENVOY_IMAGE": envoy_image})

    assert done.out, done.err
    assert done.code == (0 if done.json["ok"] else 1)
    headless, envoy = done.json["results"]
    for result in (headless, envoy):
        assert result["verdict"]["as_expected"]
        assert [result["drills"][drill]["as_expected"] for drill in ("slow", "sick")] == [True, True]
    assert figures(headless, "slow")["p99_ms"] > 150
    assert 0.2 < figures(headless, "sick")["error_share"] < 0.45
    assert 0.2 < figures(envoy, "sick")["error_share"] < 0.45
    assert figures(envoy, "sick")["error_share_with_outlier_detection"] < 0.05
    assert figures(envoy, "rolling-restart")["with_retries"]["failed"] == 0


def test_a_strategy_that_cannot_run_is_named_with_its_reason() -> None:
    cluster = Cluster("lbdemo-skip")

    done = cluster("compare", "envoy", "--drill", "none", expect=6, LBDEMO_ENVOY_IMAGE="localhost:5000/none/envoy:1")

    assert "none/envoy" in done.err
    assert run(["kubectl", "get", "namespace", "lbdemo-skip-envoy"]).code != 0
