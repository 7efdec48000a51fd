"""Spans of real calls, as our own collector has them."""

from __future__ import annotations

import asyncio
import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from echo_server import LOOPBACK, running
from grpc_health.v1 import health_pb2, health_pb2_grpc
from traced import called

from lbdemo.echo.address import Address
from lbdemo.echo.client_metrics import client_metrics, metered
from lbdemo.echo.collecting import Pages
from lbdemo.echo.collector import answering, taking
from lbdemo.echo.faults import Faults
from lbdemo.echo.load import run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.stream_caller import caller
from lbdemo.echo.tracing import tracing, wanted
from lbdemo.errors import InputError, OperationFailedError
from lbdemo.records.sample import Sample
from lbdemo.traces import Kind, Trace
from lbdemo.traces.otlp import spans
from lbdemo.traces.proof import prove
from lbdemo.traces.role import DIRECT, role
from lbdemo.traces.store import Store

if TYPE_CHECKING:
    from lbdemo.echo.stream_caller import Make

RUN = "run-of-a-test"
WELL = Faults()


@contextmanager
def collecting() -> Iterator[tuple[Store, str]]:
    """A collector in a thread of its own, and its address for spans."""
    store, ended = Store(), asyncio.Event()
    ready: Future[tuple[asyncio.AbstractEventLoop, str]] = Future()

    async def collect() -> None:
        server, where = taking(store, LOOPBACK)
        await server.start()
        ready.set_result((asyncio.get_running_loop(), f"http://{where}"))
        await ended.wait()
        await server.stop(None)

    thread = Thread(target=lambda: asyncio.run(collect()))
    thread.start()
    loop, endpoint = ready.result(10)
    try:
        yield store, endpoint
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join()


def traced(
    *,
    calls: int = 5,
    also: Callable[[str], Any] | None = None,
    faults: Faults = WELL,
    make: Make = caller,
    **more: Any,
) -> tuple[tuple[Trace, ...], list[Sample]]:
    """What a collector has of so many calls to a server `pod-a`, which is traced, too; and the calls."""
    samples: list[Sample] = []

    async def loaded() -> None:
        async with running(trace=True) as server:
            server.service.set_faults(faults)
            told = {"interval": 0.01, "wait": 5.0, **more}
            options = LoadOptions(str(server.address), count=calls, run=RUN, trace=True, **told)
            await run_load(options, samples.append, make=make)
            if also:
                await also(str(server.address))

    with collecting() as (store, endpoint):
        with tracing("echo", {}, name="pod-a", endpoint=endpoint) as active:
            asyncio.run(loaded())
        assert (active.delivery.lost, active.words) == (0, "")
        return store.traces(), samples


def test_each_call_is_three_spans_one_below_the_other() -> None:
    traces, samples = traced()

    proof = prove(traces, RUN, len(samples), DIRECT)

    assert (proof.holds, proof.faults) == (True, ())
    assert [trace.server for trace in traces] == ["pod-a"] * 5
    assert sorted(trace.seq for trace in traces) == sorted(sample.seq for sample in samples)


def test_the_callers_span_begins_when_the_call_was_due_however_late_it_left() -> None:
    traces, samples = traced(calls=4, concurrency=1, faults=Faults(delay_ms=40))

    due = {sample.seq: sample.due for sample in samples}
    assert max(sample.sent - sample.due for sample in samples) > 0.05
    assert all(abs(trace.root.begin / 1e9 - due[trace.seq]) < 0.01 for trace in traces)


def test_each_span_is_within_the_one_above() -> None:
    traces, _ = traced(calls=1)

    caller, client, server = traces[0].spans

    assert caller.begin <= client.begin <= server.begin
    assert server.seconds <= client.seconds <= caller.seconds
    assert (client.kind, server.kind) == (Kind.CLIENT, Kind.SERVER)


def test_health_checks_are_left_out() -> None:
    async def checked(address: str) -> None:
        async with grpc.aio.insecure_channel(address) as channel:
            await health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest())

    traces, _ = traced(calls=1, also=checked)

    assert [role(span) for trace in traces for span in trace.spans] == [*DIRECT]


@pytest.mark.parametrize("stream", ["watch", "chat"])
def test_a_stream_is_one_trace_however_much_is_answered(stream: str) -> None:
    traces, samples = traced(calls=2, stream=stream, stream_every=0.01, stream_length=0.1)

    assert prove(traces, RUN, 2, DIRECT).holds
    assert all((sample.answers or 0) > 3 for sample in samples)
    assert all(trace.spans[2].seconds > 0.05 for trace in traces)


@pytest.mark.parametrize("stream", ["", "watch"])
def test_calls_that_are_counted_are_traced_all_the_same(stream: str) -> None:
    counted = client_metrics("here")

    traces, _ = traced(calls=2, make=metered(counted), stream=stream, stream_every=0.01, stream_length=0.05)

    assert prove(traces, RUN, 2, DIRECT).holds
    assert sum(sample.value for each in counted.handled.collect() for sample in each.samples
               if sample.name.endswith("_total")) == 2  # fmt: skip


def test_a_call_that_fails_is_a_failed_trace() -> None:
    traces, samples = traced(calls=1, faults=Faults(unavailable_ratio=1))

    assert samples[0].code == "UNAVAILABLE"
    assert [span.failed for span in traces[0].spans] == [True, True, True]
    assert traces[0].server == "pod-a"


def test_without_a_collector_calls_go_on_and_what_is_lost_is_counted() -> None:
    samples: list[Sample] = []

    async def loaded() -> None:
        async with running(trace=True) as server:
            options = LoadOptions(str(server.address), interval=0.005, count=20, run=RUN, trace=True, wait=5)
            await run_load(options, samples.append)

    with tracing("echo", {}, endpoint="http://127.0.0.1:1", patience=1) as active:
        asyncio.run(loaded())

    assert [sample.code for sample in samples] == ["OK"] * 20
    assert max(sample.latency for sample in samples) < 1
    assert active.delivery.ended == active.delivery.lost == 60
    assert active.words.startswith("60 of 60 spans were not delivered to http://127.0.0.1:1")


PAGES = Pages(lambda trace: f"<p>{trace.id}</p>", lambda traces: " ".join(trace.id for trace in traces))


def test_questions_are_answered_as_jaeger_does() -> None:
    def asked(path: str) -> Any:
        with urllib.request.urlopen(f"http://{where}{path}", timeout=5) as answer:
            return json.loads(answer.read())

    store = Store()
    store.add([*called(0, "a"), *called(1, "b", at=2000)])
    with answering(store, LOOPBACK, PAGES) as where:
        everything = asked("/api/v3/traces?query.service_name=echo-client")
        late = asked("/api/v3/traces?query.start_time_min=2027-01-15T08:00:01Z")
        one = asked(f"/api/v3/traces/{1:032x}")
        with pytest.raises(urllib.error.HTTPError, match="404"):
            asked("/api/v3/traces/ff")
        with urllib.request.urlopen(f"http://{where}/trace/{2:032x}", timeout=5) as answer:
            page = answer.read().decode()
        with urllib.request.urlopen(f"http://{where}/", timeout=5) as answer:
            listed = answer.read().decode()

    assert [len(spans(answer)) for answer in (everything, late, one)] == [6, 3, 3]
    assert (store.received, store.dropped) == (6, 0)
    assert page == f"<p>{2:032x}</p>"
    assert listed == f"{2:032x} {1:032x}", "the newest first"


def test_who_asks_for_traces() -> None:
    assert wanted(None, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4317"})
    assert not wanted(False, {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://x:4317"})
    assert not wanted(None, os.environ)


def test_another_protocol_is_refused() -> None:
    with pytest.raises(InputError, match="gRPC only"), tracing("echo", {"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}):
        pass


def test_a_port_that_is_taken_is_told() -> None:
    with answering(Store(), LOOPBACK, PAGES) as where:
        taken = Address(where.host, where.port)
        with pytest.raises(OperationFailedError, match="cannot listen"), answering(Store(), taken, PAGES):
            pass
