"""Pods that are unlike each other though their calls are alike: nobody is accused of balancing badly."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from e2e.cluster import Cluster
from e2e.foreign import FINE, Shop, codes, finding, once, problems

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

BURN = """
import time
end = time.time() + 90
while time.time() < end:
    begun = time.time()
    while time.time() - begun < 0.04:
        pass
    time.sleep(0.06)
"""


@contextmanager
def burning(shop: Shop, pod: str) -> Iterator[None]:
    """Something in the pod that takes four tenths of a core, and has nothing to do with its calls."""
    argv = ["kubectl", "-n", shop.namespace, "exec", pod, "--", "python3", "-c", BURN]
    with subprocess.Popen(argv) as process:
        yield
        process.terminate()


def test_a_pod_that_works_harder_on_as_many_calls(make_cluster: Callable[..., Cluster]) -> None:
    cluster = make_cluster()
    cluster("up", "--strategy", "headless", "--set", "server.metricsPort=9464", "--set", "client.rate=100")
    shop = Shop(cluster.namespace)
    [first, *_] = shop.kubectl("get", "pods", "-l", "app.kubernetes.io/instance=echo-server", "-o", "name").split()

    def uneven(record: Any) -> bool:
        """On a busy machine a pod does not always get as much as it asks for, nor a client as many calls."""
        return "LB205" in codes(record) and bool(record["verdict"]["outcome"] == "BALANCED")

    with burning(shop, first):
        record = once(shop, "echo-server", uneven, "8s", seconds=80, expect=FINE)

    told = finding(record, "LB205")
    assert problems(record) == []
    assert any(line["text"].startswith("cores: ") and line["source"] == "kubelets" for line in told["evidence"])
