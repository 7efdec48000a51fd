"""The client against real servers on loopback, and against none."""

from __future__ import annotations

import asyncio
import math
import socket
import statistics
import time
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from functools import partial
from itertools import pairwise
from random import Random
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from echo_server import running

from lbdemo.echo.address import Address
from lbdemo.echo.channel import SignsOfLife, open_channel
from lbdemo.echo.drive import BREATH, GATE_SPAN
from lbdemo.echo.faults import Faults
from lbdemo.echo.grid import Grid, Poisson
from lbdemo.echo.load import LoadReport, Outlet, loop_for, run_load
from lbdemo.echo.options import LoadOptions
from lbdemo.echo.server import EchoServer, ServerOptions
from lbdemo.measure import gate_limit
from lbdemo.records import Sample

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from lbdemo.echo.load import Dial
    from lbdemo.echo.stats import CallCounts

NOBODY = "127.0.0.1:1"
NAMES = ("pod-a", "pod-b", "pod-c")


async def load(
    options: LoadOptions, stop: asyncio.Event | None = None, dial: Dial = open_channel
) -> tuple[list[Sample], LoadReport]:
    samples: list[Sample] = []
    report = await run_load(options, samples.append, stop, dial=dial)
    return samples, report


@asynccontextmanager
async def three_servers() -> AsyncIterator[list[EchoServer]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(running(name)) for name in NAMES]


def all_of(servers: list[EchoServer]) -> str:
    return f"ipv4:{','.join(str(server.address) for server in servers)}"


def test_round_robin_is_even_and_pick_first_stays() -> None:
    async def story(policy: str) -> list[int]:
        async with three_servers() as servers:
            options = LoadOptions(all_of(servers), interval=0, count=30, policy=policy, servers=3)
            _, report = await load(options)
            return sorted(server.calls for server in report.summary.servers)

    assert asyncio.run(story("round_robin")) == [10, 10, 10]
    assert asyncio.run(story("pick_first")) == [30]


def test_the_gate_ends_when_all_servers_were_seen_and_the_block_is_exact() -> None:
    async def story() -> list[Sample]:
        async with three_servers() as servers:
            options = LoadOptions(all_of(servers), interval=0, count=20, policy="round_robin", servers=3, concurrency=7)
            samples, _ = await load(options)
            return samples

    samples = asyncio.run(story())
    gate = [sample for sample in samples if sample.gate]

    assert {sample.server for sample in gate} == set(NAMES)
    assert len(samples) - len(gate) == 20
    assert sorted(sample.seq for sample in samples) == list(range(len(samples)))


def test_the_gate_gives_up_when_a_fair_choice_would_have_shown_all() -> None:
    async def story() -> LoadReport:
        async with running() as server:
            options = LoadOptions(str(server.address), interval=0, count=5, servers=2, policy="round_robin")
            _, report = await load(options)
            return report

    start = time.monotonic()
    report = asyncio.run(story())

    assert (report.summary.gate_calls, report.summary.sent) == (gate_limit(2), 5)
    assert time.monotonic() - start > 0.9 * GATE_SPAN  # servers that connect slowly get their chance


def test_a_gate_on_the_one_connection_that_there_will_be_keeps_the_loads_own_pace() -> None:
    async def story() -> list[Sample]:
        async with running() as server:
            samples, _ = await load(LoadOptions(str(server.address), interval=0.001, count=5, servers=2))
            return samples

    gate = [sample.due for sample in asyncio.run(story()) if sample.gate]

    assert len(gate) == gate_limit(2)
    assert max(gate) - min(gate) < GATE_SPAN / 2  # they were due so; when they left is another matter


@asynccontextmanager
async def peer_counter() -> AsyncIterator[tuple[str, Counter[str]]]:
    """A server that answers with an empty message, and its count of calls by the client's socket."""
    peers: Counter[str] = Counter()

    async def echo(_: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        peers[context.peer()] += 1
        return b""

    async with foreign_server(echo) as address:
        yield address, peers


@asynccontextmanager
async def foreign_server(echo: Callable[[bytes, Any], Awaitable[bytes]]) -> AsyncIterator[str]:
    """The address of a server of another make, which answers EchoMessage with the bytes that `echo` gives."""
    server = grpc.aio.server()
    handlers: dict[str, Any] = {"EchoMessage": grpc.unary_unary_rpc_method_handler(echo)}
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("message.Echo", handlers),))
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@pytest.mark.parametrize("connections", [1, 4])
def test_connections_are_truly_separate_and_take_turns(connections: int) -> None:
    async def story() -> tuple[Counter[str], Counter[int]]:
        async with peer_counter() as (address, peers):
            samples, _ = await load(LoadOptions(address, interval=0, count=40, connections=connections))
            return peers, Counter(sample.connection for sample in samples)

    peers, told = asyncio.run(story())

    assert sorted(peers.values()) == [40 // connections] * connections
    assert told == dict.fromkeys(range(connections), 40 // connections)


def test_two_loads_side_by_side_do_not_share_a_connection() -> None:
    async def story() -> Counter[str]:
        async with peer_counter() as (address, peers):
            options = LoadOptions(address, interval=0.01, count=10)
            await asyncio.gather(load(options), load(options))
            return peers

    assert sorted(asyncio.run(story()).values()) == [10, 10]


def test_due_times_lie_on_a_fixed_grid() -> None:
    async def story() -> list[Sample]:
        async with running() as server:
            samples, _ = await load(LoadOptions(str(server.address), interval=0.02, count=10, concurrency=4))
            return sorted(samples, key=lambda sample: sample.seq)

    samples = asyncio.run(story())
    grid = [sample.due - samples[0].due for sample in samples]

    assert grid == pytest.approx([number * 0.02 for number in range(10)], abs=1e-6)
    assert all(sample.sent >= sample.due for sample in samples)
    assert abs(samples[0].due - time.time()) < 60


def test_a_call_that_had_to_wait_counts_its_wait_and_is_reported_as_late() -> None:
    async def story() -> tuple[list[Sample], LoadReport]:
        async with running() as server:
            slow(server, delay_ms=50)
            return await load(LoadOptions(str(server.address), interval=0.01, count=5, concurrency=1))

    samples, report = asyncio.run(story())

    assert [sample.latency > 0.05 + number * 0.035 for number, sample in enumerate(samples)] == [True] * 5
    assert report.summary.late == 4
    assert report.summary.max_lag > 0.1


def test_a_failed_call_that_had_to_wait_counts_its_wait_too() -> None:
    async def story() -> list[Sample]:
        async with running() as server:
            slow(server, delay_ms=5_000)
            options = LoadOptions(str(server.address), interval=0.01, count=5, concurrency=1, timeout=0.1)
            return (await load(options))[0]

    samples = asyncio.run(story())

    assert {sample.code for sample in samples} == {"DEADLINE_EXCEEDED"}
    assert [sample.latency > 0.09 + number * 0.08 for number, sample in enumerate(samples)] == [True] * 5


def test_with_concurrency_enough_nobody_waits() -> None:
    async def story() -> LoadReport:
        async with running() as server:
            slow(server, delay_ms=50)
            return (await load(LoadOptions(str(server.address), interval=0.01, count=20, concurrency=50)))[1]

    report = asyncio.run(story())

    assert report.summary.sent == 20
    assert report.summary.seconds < 0.8, "one after the other it would be a second"


def test_a_slow_server_is_no_delay_for_the_calls_to_the_others() -> None:
    async def story() -> list[Sample]:
        async with three_servers() as servers:
            slow(servers[0], delay_ms=500)
            options = LoadOptions(all_of(servers), interval=0.005, count=120, policy="round_robin", wait=5)
            return (await load(options))[0]

    samples = asyncio.run(story())
    middle = {name: statistics.median(each.latency for each in samples if each.server == name) for name in NAMES}

    assert min(Counter(sample.server for sample in samples).values()) >= 30
    assert middle["pod-a"] > 0.49
    assert max(middle["pod-b"], middle["pod-c"]) < 0.25, "with a limit on calls in flight, they would wait for the slow"


def test_a_limit_on_calls_in_flight_is_kept_and_shows_as_calls_that_leave_late() -> None:
    async def story() -> tuple[list[Sample], int]:
        now = most = 0

        async def echo(_: bytes, __: object) -> bytes:
            nonlocal most, now
            now += 1
            most = max(most, now)
            await asyncio.sleep(0.1)
            now -= 1
            return b""

        async with foreign_server(echo) as address:
            options = LoadOptions(address, interval=0.001, count=24, concurrency=4, wait=5)
            return (await load(options))[0], most

    samples, most = asyncio.run(story())

    assert most == 4
    assert sum(sample.sent - sample.due > 0.05 for sample in samples) >= 12


def test_arrivals_at_random_keep_the_rate_and_have_no_rhythm() -> None:
    arrivals = Poisson(0.01, start=100.0, chance=Random(1))
    due = [arrivals.next() for _ in range(20_000)]
    gaps = [later - earlier for earlier, later in pairwise([100.0, *due])]

    assert min(gaps) >= 0
    assert statistics.mean(gaps) == pytest.approx(0.01, rel=0.03)
    assert statistics.stdev(gaps) == pytest.approx(0.01, rel=0.03), "of an exponential, as large as the mean"
    assert sum(gap > 0.02 for gap in gaps) / len(gaps) == pytest.approx(math.exp(-2), rel=0.1)


def test_random_arrivals_are_calls_like_any_others() -> None:
    async def story() -> list[Sample]:
        async with running() as server:
            options = LoadOptions(str(server.address), interval=0.002, count=100, arrivals="poisson", wait=5)
            return sorted((await load(options))[0], key=lambda sample: sample.seq)

    samples = asyncio.run(story())
    gaps = [later.due - earlier.due for earlier, later in pairwise(samples)]

    assert [sample.seq for sample in samples] == list(range(100))
    assert statistics.stdev(gaps) > 0.001
    assert all(sample.sent >= sample.due for sample in samples)


def test_parts_of_a_grid_are_the_grid() -> None:
    parts = [Grid(0.5, 10.0, index, 3) for index in range(3)]

    assert sorted(part.next() for part in parts for _ in range(4)) == [10.0 + number * 0.5 for number in range(12)]


def test_what_is_kept_back_is_flushed_once_a_turn_of_the_event_loop() -> None:
    async def story() -> None:
        outlet = Outlet(lambda sample: told.append(sample.seq), lambda: told.append("flush"))
        for seq in range(3):
            outlet.put(Sample(seq, 0, 0, 0, "pod-a", "OK"))
        await asyncio.sleep(0)
        outlet.put(Sample(3, 0, 0, 0, "pod-a", "OK"))
        outlet.empty()
        await asyncio.sleep(0)

    told: list[object] = []
    asyncio.run(story())

    assert told == [0, 1, 2, "flush", 3, "flush"]


def test_at_the_end_nothing_is_kept_back() -> None:
    async def story() -> None:
        async with running() as server:
            await run_load(
                LoadOptions(str(server.address), interval=0, count=50, concurrency=10),
                kept.append,
                flush=lambda: flushed.append(len(kept)),
            )

    kept: list[Sample] = []
    flushed: list[int] = []
    asyncio.run(story())

    assert (len(kept), flushed[-1]) == (50, 50)


def test_what_the_flush_raises_ends_the_load() -> None:
    def leave() -> None:
        raise BrokenPipeError

    async def story(interval: float) -> None:
        async with running() as server:
            await run_load(LoadOptions(str(server.address), interval=interval), lambda _: None, flush=leave)

    for interval in (0, 0.01):
        with pytest.raises(BrokenPipeError):
            asyncio.run(story(interval))


@pytest.mark.parametrize("size", [0, 1_000_000])
def test_what_is_tried_again_is_told_at_both_ends(size: int) -> None:
    async def story() -> tuple[list[Sample], CallCounts]:
        async with running() as server:
            server.service.set_faults(Faults(unavailable_ratio=0.3))
            options = LoadOptions(str(server.address), "x" * size, interval=0, count=30, concurrency=10, retry=True)
            return (await load(options))[0], server.service.stats.of("")

    samples, counts = asyncio.run(story())
    attempts = sum(sample.attempts for sample in samples)

    assert attempts > len(samples) >= sum(sample.ok for sample in samples) >= 25
    assert (counts.received, counts.retries) == (attempts, attempts - len(samples))


def test_a_call_that_is_never_answered_well_is_tried_five_times() -> None:
    async def refuse(_: bytes, context: grpc.aio.ServicerContext[bytes, bytes]) -> bytes:
        asked.append(context)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "no")

    async def story() -> tuple[list[Sample], list[Sample]]:
        async with foreign_server(refuse) as address:
            once = await load(LoadOptions(address, count=1, interval=0))
            return once[0], (await load(LoadOptions(address, count=1, interval=0, retry=True)))[0]

    asked: list[object] = []
    [once], [retried] = asyncio.run(story())

    assert (once.attempts, retried.attempts, len(asked)) == (1, 5, 6)
    assert retried.latency > once.latency


def test_a_server_that_vanishes_without_a_word_is_noticed_long_before_the_deadline() -> None:
    async def story() -> list[Sample]:
        async with running() as server, silenced(server.address.port) as (address, silence):
            slow(server, delay_ms=500)
            dial = partial(open_channel, signs=SignsOfLife(after=0.2, patience=0.2))
            calls = asyncio.create_task(load(LoadOptions(address, count=1, timeout=30, wait=5), dial=dial))
            await asyncio.sleep(0.3)
            silence()
            return (await calls)[0]

    [sample] = asyncio.run(story())

    assert (sample.code, sample.server) == ("UNAVAILABLE", "")
    assert sample.latency < 10


def test_unless_told_a_vanished_server_is_given_up_after_15_seconds() -> None:
    assert (SignsOfLife().after, SignsOfLife().patience) == (10, 5)


@asynccontextmanager
async def silenced(port: int) -> AsyncIterator[tuple[str, Callable[[], None]]]:
    """A relay to the port, which on demand passes nothing on any more, and closes nothing: as when a node is gone."""
    silent = False

    async def pass_on(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            if not silent:
                sink.write(data)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", port)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(pass_on(reader, outer), pass_on(inner, writer))
        outer.close()
        writer.close()

    def silence() -> None:
        nonlocal silent
        silent = True

    server = await asyncio.start_server(relay, "127.0.0.1", 0)
    async with server:
        yield f"127.0.0.1:{server.sockets[0].getsockname()[1]}", silence


def test_more_concurrency_than_calls_does_not_delay_the_end() -> None:
    async def story() -> float:
        async with running() as server:
            start = time.monotonic()
            await load(LoadOptions(str(server.address), interval=0.05, count=3, concurrency=100))
            return time.monotonic() - start

    assert asyncio.run(story()) < 1.0  # the hundredth loop's turn would come after 5 s


def test_without_a_server_every_call_is_a_sample_with_its_code() -> None:
    async def story() -> tuple[list[Sample], LoadReport]:
        return await load(LoadOptions(NOBODY, interval=0, count=5, timeout=1, concurrency=2))

    samples, report = asyncio.run(story())

    assert [(sample.server, sample.code) for sample in samples] == [("", "UNAVAILABLE")] * 5
    assert "Connection refused" in dict(report.reasons)["UNAVAILABLE"]


def test_while_nobody_answers_a_closed_loop_does_not_spin() -> None:
    _, report = asyncio.run(load(LoadOptions(NOBODY, interval=0, count=10, timeout=1)))

    assert report.summary.seconds >= 9 * BREATH


@pytest.mark.parametrize("target", ["no-such-host.invalid:80", "ipv4:nonsense", "xds:///a:1"])
def test_a_target_that_cannot_be_resolved_is_no_crash(target: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GRPC_XDS_BOOTSTRAP", raising=False)

    samples, report = asyncio.run(load(LoadOptions(target, interval=0, count=2, timeout=2)))

    assert [sample.ok for sample in samples] == [False, False]
    assert [bool(reason) for _, reason in report.reasons] == [True]


def test_a_server_that_answers_too_late_is_a_deadline_exceeded() -> None:
    async def story() -> list[Sample]:
        async with running() as server:
            slow(server, delay_ms=5_000)
            return (await load(LoadOptions(str(server.address), count=1, timeout=0.1)))[0]

    (sample,) = asyncio.run(story())

    assert (sample.code, sample.server) == ("DEADLINE_EXCEEDED", "")
    assert 0.1 <= sample.latency < 1


def test_an_error_is_signed_by_the_server_that_gave_it() -> None:
    async def story() -> list[Sample]:
        async with running("pod-ä") as server:
            slow(server, unavailable=1.0)
            return (await load(LoadOptions(str(server.address), interval=0, count=2)))[0]

    assert [(sample.code, sample.server) for sample in asyncio.run(story())] == [("UNAVAILABLE", "pod-ä")] * 2


def test_an_answer_that_cannot_be_read_is_no_crash() -> None:
    async def story() -> list[Sample]:
        async with foreign_server(garbage) as address:
            return (await load(LoadOptions(address, interval=0, count=2)))[0]

    async def garbage(_: bytes, __: object) -> bytes:
        return b"\xff\xff\xff"

    assert [(sample.code, sample.server) for sample in asyncio.run(story())] == [("INTERNAL", "")] * 2


def test_the_server_counts_the_calls_of_the_run() -> None:
    async def story() -> tuple[int, int]:
        async with running() as server:
            await load(LoadOptions(str(server.address), interval=0, count=12, run="run-1"))
            await load(LoadOptions(str(server.address), interval=0, count=3))
            return server.service.stats.of("run-1").answered, server.service.stats.of("").answered

    assert asyncio.run(story()) == (12, 15)


def test_it_finds_a_server_that_comes_back() -> None:
    async def story() -> list[str]:
        async with running() as first:
            address = first.address
        stop, codes = asyncio.Event(), list[str]()

        def note(sample: Sample) -> None:
            codes.append(sample.code)
            if sample.ok:
                stop.set()

        calling = asyncio.create_task(run_load(LoadOptions(str(address), interval=0.02), note, stop))
        await asyncio.sleep(0.15)
        async with running_on(address.port):
            await asyncio.wait_for(calling, timeout=5)
        return codes

    codes = asyncio.run(story())

    assert (codes[0], codes[-1]) == ("UNAVAILABLE", "OK")


@asynccontextmanager
async def running_on(port: int) -> AsyncIterator[None]:
    from lbdemo.echo.address import Address
    from lbdemo.echo.server import EchoServer, ServerOptions

    server = EchoServer(ServerOptions(Address("127.0.0.1", port), "back"))
    await server.start()
    try:
        yield
    finally:
        await server.stop()


def test_stopped_it_ends_at_once_though_the_next_call_is_far_off() -> None:
    async def story() -> tuple[int, float]:
        async with running() as server:
            stop = asyncio.Event()
            calling = asyncio.create_task(load(LoadOptions(str(server.address), interval=60), stop))
            await asyncio.sleep(0.1)
            start = time.monotonic()
            stop.set()
            samples, _ = await calling
            return len(samples), time.monotonic() - start

    sent, took = asyncio.run(story())

    assert sent == 1
    assert took < 0.5


def test_stopped_it_lets_calls_in_flight_finish() -> None:
    async def story() -> tuple[list[Sample], LoadReport]:
        async with running() as server:
            slow(server, delay_ms=200)
            stop = asyncio.Event()
            calling = asyncio.create_task(load(LoadOptions(str(server.address), interval=0, concurrency=3), stop))
            await asyncio.sleep(0.1)
            stop.set()
            return await calling

    samples, report = asyncio.run(story())

    assert [sample.code for sample in samples] == ["OK"] * 3
    assert report.abandoned == 0


def test_stopped_it_abandons_what_takes_too_long_and_says_so() -> None:
    async def story() -> LoadReport:
        async with running() as server:
            slow(server, delay_ms=60_000)
            stop = asyncio.Event()
            options = LoadOptions(str(server.address), interval=0, concurrency=3, timeout=120)
            calling = asyncio.create_task(run_load(options, lambda _: None, stop, grace=0.1))
            await asyncio.sleep(0.1)
            stop.set()
            return await calling

    report = asyncio.run(story())

    assert (report.abandoned, report.summary.sent) == (3, 0)


def test_what_the_sink_raises_ends_the_load() -> None:
    def leave(_: Sample) -> None:
        raise BrokenPipeError

    async def story() -> None:
        async with running() as server:
            await run_load(LoadOptions(str(server.address), interval=0, concurrency=5), leave)

    with pytest.raises(BrokenPipeError):
        asyncio.run(story())


def test_the_loop_for_due_times_calls_as_well_as_the_usual_one() -> None:
    async def story() -> int:
        async with running() as server:
            return (await load(LoadOptions(str(server.address), interval=0.005, count=10)))[1].summary.answered

    with asyncio.Runner(loop_factory=lambda: loop_for(0.005)) as runner:
        assert runner.run(story()) == 10


def test_due_times_get_the_loop_with_the_finer_timer() -> None:
    due, closed = loop_for(0.01), loop_for(0)

    kinds = [type(loop._selector).__name__ for loop in (due, closed)]  # type: ignore[attr-defined]

    due.close()
    closed.close()
    assert kinds[0] == "SelectSelector" != kinds[1]


def late_name(known: list[str], all_names: list[str]) -> Callable[..., grpc.aio.Channel]:
    """Opens channels as a name server would have it that tells of all servers only when it is asked again."""
    answers = [known, all_names]

    def opened(options: LoadOptions) -> grpc.aio.Channel:
        addresses = answers.pop(0) if len(answers) > 1 else answers[0]
        return open_channel(replace(options, target=f"ipv4:{','.join(addresses)}"))

    return opened


def test_a_measurement_begins_when_all_servers_are_known() -> None:
    async def story() -> tuple[list[Sample], LoadReport]:
        async with three_servers() as servers:
            addresses = [str(server.address) for server in servers]
            opened = late_name(addresses[:1], addresses)
            options = LoadOptions("name:1", interval=0, count=30, policy="round_robin", servers=3, settle=10)
            return await load(options, dial=opened)

    samples, report = asyncio.run(story())

    assert [server.calls for server in report.summary.servers] == [10, 10, 10]
    assert report.summary.gate_calls == sum(sample.gate for sample in samples) > gate_limit(3)
    assert sorted(sample.seq for sample in samples) == list(range(len(samples)))


def test_a_measurement_begins_when_servers_of_before_are_forgotten() -> None:
    async def story() -> LoadReport:
        async with three_servers() as servers:
            names = tuple(NAMES[1:])
            addresses = [str(server.address) for server in servers]
            opened = late_name(addresses[:2], addresses[1:])
            options = LoadOptions(
                "name:1", interval=0, count=30, policy="round_robin", servers=2, settle=10, names=names
            )
            _, report = await load(options, dial=opened)
            return report

    report = asyncio.run(story())

    assert [server.calls for server in report.summary.servers] == [15, 15]
    assert len(report.summary.gate_servers) == 3, "one of before answered while it was settling"


def test_settling_has_an_end_and_the_rest_is_measured_as_it_is() -> None:
    async def story() -> LoadReport:
        async with running() as server:
            _, report = await load(LoadOptions(str(server.address), interval=0, count=5, servers=2, settle=0.6))
            return report

    report = asyncio.run(story())

    assert report.summary.sent == 5
    assert report.summary.gate_calls >= 2 * gate_limit(2), "some for settling, and then the gate"


def slow(server: EchoServer, delay_ms: int = 0, unavailable: float = 0.0) -> None:
    server.service.set_faults(Faults(delay_ms, unavailable))


def test_the_first_call_waits_for_a_connection() -> None:
    async def story() -> tuple[list[Sample], LoadReport]:
        with socket.socket() as reserved:  # a port that nobody listens on yet
            reserved.bind(("127.0.0.1", 0))
            port = reserved.getsockname()[1]
        options = LoadOptions(f"127.0.0.1:{port}", interval=0, count=3, wait=10)
        calls = asyncio.create_task(load(options))
        await asyncio.sleep(0.3)
        server = EchoServer(ServerOptions(Address("127.0.0.1", port), "late"))
        await server.start()
        try:
            return await calls
        finally:
            await server.stop()

    samples, _ = asyncio.run(story())

    assert [sample.code for sample in samples] == ["OK"] * 3


def test_waiting_for_a_connection_has_an_end() -> None:
    begun = time.monotonic()

    samples, _ = asyncio.run(load(LoadOptions(NOBODY, interval=0, count=1, wait=0.3)))

    assert [sample.code for sample in samples] == ["UNAVAILABLE"]
    assert time.monotonic() - begun >= 0.3
