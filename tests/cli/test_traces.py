"""--trace as it is typed: three programs on loopback, and what the collector has of them."""

from __future__ import annotations

import http.client
import json
import os
from pathlib import Path

import pytest
from echo_server import lbdemo

from lbdemo.traces import joined
from lbdemo.traces.otlp import spans
from lbdemo.traces.proof import prove
from lbdemo.traces.role import DIRECT


def test_client_and_server_tell_a_collector_of_each_call() -> None:
    with lbdemo("collector", "--otlp", "127.0.0.1:0", "--query", "127.0.0.1:0") as collector:
        assert collector.stdout
        words = collector.stdout.readline().split()
        otlp, query = words[3].rstrip(","), words[-1].removeprefix("http://")
        env = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{otlp}", "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with lbdemo("serve", "--listen", "127.0.0.1:0", "--name", "pod-a", "--drain", "0", **env) as server:
            assert server.stdout
            address = server.stdout.readline().split()[2]
            load = ["--target", address, "--count", "5", "--interval", "10ms", "--run", "typed", "--wait", "5"]
            with lbdemo("client", *load, "--trace", **env) as client:
                _, said = client.communicate(timeout=30)
            server.terminate()
            server.wait(20)
        connection = http.client.HTTPConnection(query, timeout=5)
        connection.request("GET", "/api/v3/traces")
        traces = joined(spans(json.loads(connection.getresponse().read())))
        connection.request("GET", f"/trace/{traces[0].id}")
        page = connection.getresponse().read().decode()
        connection.close()

    assert client.returncode == 0, said
    assert "traces:" not in said
    assert prove(traces, "typed", 5, DIRECT).holds
    assert {span.service for trace in traces for span in trace.spans} == {"lbdemo-client", "lbdemo-server"}
    assert "answered by pod-a" in page


def test_spans_that_nobody_takes_are_counted_at_the_end() -> None:
    env = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_TIMEOUT": "1"}
    with lbdemo("client", "--target", "127.0.0.1:1", "--count", "2", "--interval", "1ms", **env) as client:
        _, said = client.communicate(timeout=30)

    assert "traces: 4 of 4 spans were not delivered to http://127.0.0.1:1" in said


@pytest.fixture
def without_opentelemetry(tmp_path: Path) -> dict[str, str]:
    """An environment in which it cannot be imported."""
    package = tmp_path / "opentelemetry"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('not installed')")
    return {"PYTHONPATH": os.pathsep.join(filter(None, (str(tmp_path), os.environ.get("PYTHONPATH"))))}


CALL = ("client", "--target", "127.0.0.1:1", "--count", "1", "--deadline", "100ms")


def test_traces_that_were_asked_for_need_opentelemetry(without_opentelemetry: dict[str, str]) -> None:
    with lbdemo(*CALL, "--trace", **without_opentelemetry) as client:
        _, said = client.communicate(timeout=30)

    assert client.returncode == 2
    assert "pip install 'lbdemo[trace]'" in said


def test_without_it_an_environment_that_asks_changes_nothing(without_opentelemetry: dict[str, str]) -> None:
    asking = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}
    with lbdemo(*CALL, **without_opentelemetry, **asking) as client:
        _, said = client.communicate(timeout=30)

    assert client.returncode == 1
    assert "no traces: traces need OpenTelemetry" in said
    assert "1 call in" in said


def test_a_collector_needs_it_too(without_opentelemetry: dict[str, str]) -> None:
    with lbdemo("collector", "--otlp", "127.0.0.1:0", "--query", "127.0.0.1:0", **without_opentelemetry) as collector:
        _, said = collector.communicate(timeout=30)

    assert collector.returncode == 2
    assert "pip install 'lbdemo[trace]'" in said
