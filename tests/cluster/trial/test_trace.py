"""`trace`: each call seen whole, or what is missing; nobody's silence is taken for an empty answer."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

import pytest
import traced as made
from fake_api import FakeApi
from fakes import FakeRun, tools
from worlds import CONFIG, announced, converged, inside, installation, pod

from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.trial.backend import AwayError, Backend, backend_of
from lbdemo.cluster.trial.options import VerifyOptions
from lbdemo.cluster.trial.trace import AWAY, PATIENCE, Traced, TraceOptions, trace
from lbdemo.cluster.trial.verify import Installation, command, read_installation
from lbdemo.errors import InputError, OperationFailedError
from lbdemo.kube.answers import UnseenError
from lbdemo.records import Sample, encode
from lbdemo.records.spans import Spans, encode_spans
from lbdemo.trace_config import TraceWish
from lbdemo.traces import Kind, Span
from lbdemo.traces.otlp import document

PLACE = CONFIG.place
OTLP = "echo-server-traces.lbdemo.svc:4317"
BACKEND = Backend("echo-server-traces", "lbdemo")
PAGE = "echo-server-traces:16686/proxy/api/v3/traces"
SECONDS = made.BEGIN / 1e9
TRACED = replace(
    installation("istio"), otlp=OTLP, servers=(pod("echo-a", labels.SERVER), pod("echo-b", labels.SERVER)),
    client=pod("echo-client-0", labels.CLIENT),
)  # fmt: skip
STREAM = inside(
    "echo-client-0",
    "client --target echo-server.lbdemo.svc.cluster.local:8080 --policy pick_first --servers 2 --count 4 --rate 50"
    " --concurrency 0 --connections 1 --timeout 5 --wait 10 --run <run> --format json --trace --settle 12"
    " --names echo-a,echo-b",
)
Answer = Callable[[str], tuple[int, bytes]]


class Clock(threading.Event):
    """Time passes only while somebody waits; nobody asks to stop."""

    now = 0.0

    def __call__(self) -> float:
        return self.now

    def wait(self, timeout: float | None = None) -> bool:
        self.now += timeout or 0.0
        return False


@pytest.fixture
def clock() -> Clock:
    return Clock()


def lines(servers: Sequence[str], spans: Spans | None) -> str:
    samples = [encode(Sample(n, SECONDS + n, SECONDS + n, 0.01, s, "OK")) for n, s in enumerate(servers)]
    return "\n".join([*samples, *([encode_spans(spans)] if spans else [])])


def answer(spans: Iterable[Span]) -> bytes:
    return json.dumps({"result": document(spans)}).encode()


def run(
    clock: Clock, answers: Answer, *, of: Installation = TRACED, spans: Spans | None = None,
    forbid: Mapping[str, str] | None = None,
) -> Traced:  # fmt: skip
    """Four calls, answered in turns; `answers` gives what the backend says to who looks for a run."""
    program = FakeRun().on(STREAM, answer=lines(["echo-a", "echo-b"] * 2, spans or Spans(12)))
    with FakeApi() as server, program:
        for verb, what in (forbid or {}).items():
            server.forbid(verb, what)
        server.passed[PAGE] = lambda _: answers(named(program))
        means = replace(tools(program, clock, server.api()), stop=clock)
        return trace(means, PLACE, TraceOptions(4), of, BACKEND)


def named(program: FakeRun) -> str:
    """The run of the client that was started."""
    argv = program.calls[-1] if program.calls else ["--run", "none yet"]
    return argv[argv.index("--run") + 1]


def whole(run: str, more: Iterable[Span] = ()) -> bytes:
    found = [span for n in range(4) for span in made.meshed(n, f"echo-{'ab'[n % 2]}", run=run, at=1000.0 * n)]
    return answer([*found, *more])


def test_every_call_seen_whole_is_the_proof(clock: Clock) -> None:
    found = run(clock, lambda name: (200, whole(name)))

    assert found.holds
    assert (found.proof.whole, found.answered, found.away) == (4, 4, "")
    assert clock.now == 0, "nobody waits for what is there"


def test_spans_that_come_late_are_waited_for(clock: Clock) -> None:
    found = run(clock, lambda name: (200, whole(name) if clock.now >= 3 else answer([])))

    assert found.holds
    assert 3 <= clock.now < 4


def test_without_the_sidecars_spans_the_answer_is_no_and_says_what_is_missing(clock: Clock) -> None:
    def direct(name: str) -> tuple[int, bytes]:
        return 200, answer([span for n in range(4) for span in made.called(n, "echo-a", run=name, at=1000.0 * n)])

    found = run(clock, direct)

    assert not found.holds
    assert [fault.what for fault in found.proof.faults] == ["no span of client's sidecar and server's sidecar"]
    assert clock.now == pytest.approx(PATIENCE, abs=1)


def test_jaegers_404_means_none(clock: Clock) -> None:
    found = run(clock, lambda _: (404, b'{"error": {"httpCode": 404, "message": "No traces found"}}'))

    assert (found.holds, found.away) == (False, "")
    assert [(fault.what, fault.traces) for fault in found.proof.faults] == [("without a trace", 4)]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [(503, b"upstream connect error\nreset", "answers HTTP 503: upstream connect error"), (200, b"<html>", "<html>"),
     (200, b'{"result": {"resourceSpans": 7}}', "what is no traces"), (404, b"404 page not found", "HTTP 404")],
)  # fmt: skip
def test_what_does_not_answer_is_away_and_the_answer_is_no(clock: Clock, status: int, body: bytes, said: str) -> None:
    found = run(clock, lambda _: (status, body), spans=Spans(12, 12, "the collector did not take them"))

    assert not found.holds
    assert said in found.away
    assert found.answered == 4, "the calls went on all the same"
    assert found.spans == Spans(12, 12, "the collector did not take them")
    assert clock.now == pytest.approx(AWAY, abs=1), "who is away is not waited for so long"


def test_one_that_comes_back_counts(clock: Clock) -> None:
    found = run(clock, lambda name: (200, whole(name)) if clock.now >= 2 else (503, b"no endpoints"))

    assert found.holds


def test_lost_spans_are_no_proof_even_where_all_is_seen(clock: Clock) -> None:
    found = run(clock, lambda name: (200, whole(name)), spans=Spans(12, 1))

    assert found.proof.holds
    assert not found.holds


def test_who_may_not_ask_is_told_the_missing_right(clock: Clock) -> None:
    with pytest.raises(UnseenError) as refused:
        run(clock, lambda name: (200, whole(name)), forbid={"get": "services/proxy"})

    assert "services/proxy" in refused.value.hint


# Strays


def stray(pod_name: str, at: float) -> Span:
    return made.span(
        "e" * 32, 1, "export", Kind.CLIENT, at, at + 1, component="proxy",
        node_id=f"sidecar~10.0.0.1~{pod_name}.lbdemo~lbdemo.svc.cluster.local",
        upstream_cluster="outbound|4317||echo-server-traces.lbdemo.svc.cluster.local;",
    )  # fmt: skip


def test_a_trace_that_begins_at_a_sidecar_of_ours_is_a_fault(clock: Clock) -> None:
    found = run(clock, lambda name: (200, whole(name, [stray("echo-client-0", 500.0)])))

    assert [fault.what for fault in found.proof.faults] == ["stray: it does not begin at a caller"]


@pytest.mark.parametrize(("whose", "at"), [("ui-7", 500.0), ("echo-client-0", -4000.0), ("echo-client-0", 60_000.0)])
def test_what_others_call_and_what_was_before_and_after_is_not_this_runs(clock: Clock, whose: str, at: float) -> None:
    assert run(clock, lambda name: (200, whole(name, [stray(whose, at)]))).holds


# What is installed


def test_an_installation_says_where_it_sends_its_spans() -> None:
    world = converged(replace(CONFIG, trace=TraceWish("lbdemo")))
    told = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://{OTLP}"}
    pods = tuple(
        replace(found, containers=tuple(replace(c, env=told) for c in found.containers)) for found in world.objects.pods
    )
    with announced(FakeRun(), replace(world, objects=replace(world.objects, pods=pods))) as run:
        assert read_installation(tools(run).api, PLACE).otlp == OTLP


def test_what_is_not_traced_cannot_be_proven() -> None:
    with pytest.raises(InputError, match="not traced") as refused:
        trace(tools(FakeRun()), PLACE, TraceOptions(4), installation(), BACKEND)

    assert "--trace" in refused.value.hint


def test_a_client_that_sends_nothing_is_told() -> None:
    with FakeApi() as server, pytest.raises(OperationFailedError, match="sent no call"):
        trace(tools(FakeRun().on(STREAM), api=server.api()), PLACE, TraceOptions(4), TRACED, BACKEND)


def test_what_is_only_measured_is_not_traced() -> None:
    """Spans cost what is measured; and a client that knows no traces is not asked about them."""
    assert "--no-trace" in command(TRACED, VerifyOptions(), 10, "r")
    assert "--trace" in command(TRACED, VerifyOptions(), 10, "r", traced=True)
    assert not {"--trace", "--no-trace"} & set(command(installation(), VerifyOptions(), 10, "r"))


def test_each_strategy_says_whose_spans_a_call_has() -> None:
    hops = {name: len(strategy.path) for name, strategy in STRATEGIES.items()}

    assert hops == {"clusterip": 3, "headless": 3, "pool": 3, "envoy": 4, "istio": 5, "xds": 3}


# Who is asked


@pytest.mark.parametrize(
    ("otlp", "query", "backend"),
    [(OTLP, "", "echo-server-traces.lbdemo:16686"),
     ("jaeger-collector.istio-system:4317", "", "tracing.istio-system:80/jaeger"),
     ("otel.obs:4317", "jaeger.obs:80/jaeger/", "jaeger.obs:80/jaeger"),
     ("otel.obs:4317", "jaeger", "jaeger.lbdemo:16686"),
     (OTLP, "other.obs.svc.cluster.local", "other.obs:16686")],
)  # fmt: skip
def test_who_answers_follows_from_where_spans_go_or_is_told(otlp: str, query: str, backend: str) -> None:
    assert str(backend_of(otlp, "lbdemo", query)) == backend


def test_where_nobody_can_know_the_option_is_named() -> None:
    with pytest.raises(InputError, match=r"spans go to otel.obs:4317") as refused:
        backend_of("otel.obs:4317", "lbdemo")
    assert "--query" in refused.value.hint
    with pytest.raises(InputError, match="no Service"):
        backend_of("otel.obs:4317", "lbdemo", "http://jaeger")


def test_a_jaeger_is_asked_in_its_own_words() -> None:
    """It insists on both ends of the time, and gives 20 traces unless told; more than it can hold it refuses."""
    asked: list[Mapping[str, str]] = []

    def say(query: Mapping[str, str]) -> tuple[int, bytes]:
        asked.append(query)
        return 200, answer([])

    with FakeApi() as server:
        server.passed[PAGE] = say
        assert BACKEND.traces(server.api(), 1_800_000_000.0, 1_800_000_010.0) == ()

    assert asked == [
        {"query.start_time_min": "2027-01-15T08:00:00+00:00", "query.start_time_max": "2027-01-15T08:00:10+00:00",
         "query.num_traces": "10000"}
    ]  # fmt: skip


def test_a_service_that_is_not_there_is_away() -> None:
    with (
        FakeApi().refuse("get", "services/proxy", 503, "ServiceUnavailable", "no endpoints") as server,
        pytest.raises(AwayError, match="echo-server-traces"),
    ):
        BACKEND.traces(server.api(), 0.0, 1.0)
