from __future__ import annotations

from dataclasses import replace

from diagnose.shops import pod
from fakes import FakeStreams

from lbdemo.diagnose.collect.exec_looks import Execs, Turns, tries
from lbdemo.diagnose.collect.socket_script import WAYS
from lbdemo.errors import ProgramFailedError
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.tools.kubectl import Kubectl

TWO = Turns(2, 1.0)
LINES = b"@look\nS 1 10.0.0.1 9090 10.0.1.1 40000 0 7 1 1 10 10\n@look\nS sockets\n"
TABLE = b"  sl  local_address rem_address   st\n"
PYTHON, SH, CAT = (
    f"kubectl -n shop exec payments-a -c app -- {command}"
    for command in ("python3 -c <SCRIPT> 2 1.000", "sh -c <SCRIPT> sh 2 1.000", "cat /proc/net/tcp /proc/net/tcp6")
)


def failed(words: str, code: int = 1) -> ProgramFailedError:
    return ProgramFailedError(["kubectl", "exec"], code, words)


LACKING = failed(
    'error: Internal error occurred: OCI runtime exec failed: exec: "x": executable file not found in $PATH: unknown'
)
DENIED = failed(
    'Error from server (Forbidden): pods "payments-a" is forbidden: User "u" cannot create resource "pods/exec" in API '
    'group "" in the namespace "shop"'
)  # fmt: skip


def seen(run: FakeStreams, *pods: Pod) -> list[object]:
    with run:
        execs = Execs(Kubectl(run))
        return [execs.looks(one, WAYS, TWO) for one in pods]


def server(name: str = "payments-a") -> Pod:
    return pod(name, "10.0.0.1")


def test_one_program_brings_all_looks() -> None:
    (found,) = seen(FakeStreams().on_stream(PYTHON, [LINES]), server())

    assert isinstance(found, tuple)
    assert [(look.turn, len(look.lines)) for look in found] == [(0, 1), (1, 1)]


def test_a_container_without_python_is_asked_by_its_shell_and_the_next_pod_of_that_image_at_once() -> None:
    run = FakeStreams().on_stream(PYTHON, [LACKING]).on_stream(SH, [LINES])
    run.on_stream(SH.replace("payments-a", "payments-b"), [LINES])
    alike = replace(server("payments-b"), containers=server().containers)

    first, second = seen(run, server(), alike)

    assert isinstance(first, tuple)
    assert isinstance(second, tuple)


def test_looks_that_are_far_apart_are_a_program_each_so_that_none_waits_in_the_pod() -> None:
    once = PYTHON.replace("2 1.000", "1 0.000")
    run = FakeStreams().on_stream(once, [b"@look\nS a\n"]).on_stream(once, [b"@look\nS b\n"])

    with run:
        found = Execs(Kubectl(run), clock=lambda: 100.0).looks(server(), WAYS, Turns(2, 60.0))

    assert isinstance(found, tuple)
    assert [look.lines for look in found] == [("S a",), ("S b",)]
    assert run.rested == [0.0, 60.0]


def test_where_there_is_only_a_cat_it_is_called_once_a_look() -> None:
    run = (
        FakeStreams().on_stream(PYTHON, [LACKING]).on_stream(SH, [failed("command terminated with exit code 127", 127)])
    )
    run.on_stream(CAT, [TABLE, b"a\n"]).on_stream(CAT, [TABLE, b"b\n", failed("command terminated with exit code 1")])

    (found,) = seen(run, server())

    assert isinstance(found, tuple)
    assert [look.lines[1:] for look in found] == [("a",), ("b",)], "without IPv6 there is no tcp6, and cat says so"


def test_where_there_is_nothing_it_says_what_was_looked_for() -> None:
    run = FakeStreams().on_stream(PYTHON, [LACKING]).on_stream(SH, [LACKING]).on_stream(CAT, [LACKING])

    (found,) = seen(run, server())

    assert isinstance(found, Unseen)
    assert found.why is Why.ABSENT
    assert "none of python3, sh, cat" in found.detail


def test_a_look_that_has_read_nothing_is_none() -> None:
    nothing = b"@look\n@look\n"
    run = FakeStreams().on_stream(PYTHON, [nothing]).on_stream(SH, [nothing])
    run.on_stream(CAT, [failed("command terminated with exit code 1")])

    (found,) = seen(run, server())

    assert isinstance(found, Unseen), "no socket was seen, and none is known to be absent"


def test_who_may_not_is_told_the_right_and_no_other_container_is_tried() -> None:
    two = replace(server(), containers=(*server().containers, Container("side", "side:1", running=True)))

    (found,) = seen(FakeStreams().on_stream(PYTHON, [DENIED]), two)

    assert isinstance(found, Unseen)
    assert (found.why, str(found.right)) == (Why.FORBIDDEN, "create pods/exec in namespace shop")


def test_looks_that_came_are_kept_when_the_rest_does_not() -> None:
    (found,) = seen(
        FakeStreams().on_stream(PYTHON, [LINES + b"@look\n", failed("error: lost connection to pod")]), server()
    )

    assert isinstance(found, tuple)
    assert len(found) >= 2


def test_a_single_look_that_broke_off_is_none() -> None:
    lost = failed("error: lost connection to pod")
    run = FakeStreams().on_stream(PYTHON, [b"@look\nS sockets\n", lost]).on_stream(SH, [LACKING])

    (found,) = seen(run.on_stream(CAT, [LACKING]), server())

    assert isinstance(found, Unseen)
    assert "lost connection" in found.detail


def test_applications_are_tried_before_proxies_and_only_what_runs() -> None:
    meshed = pod("payments-a", proxy="istio-proxy")
    over = Container("init", "init:1", init=True)
    whole = replace(meshed, containers=(over, *meshed.containers))

    assert [(way.program, container.name) for way, container in tries(whole, WAYS)] == [
        (program, name) for program in ("python3", "sh", "cat") for name in ("app", "istio-proxy")
    ]
