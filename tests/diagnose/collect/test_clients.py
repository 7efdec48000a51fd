from __future__ import annotations

import shlex
import subprocess
import sys
from dataclasses import replace

import pytest
from diagnose.shops import pod
from fake_api import FakeApi
from fakes import FakeStreams

from lbdemo.diagnose.collect import clients
from lbdemo.diagnose.collect.asked import Means
from lbdemo.diagnose.collect.clients import CORE
from lbdemo.diagnose.looks import ClientLook
from lbdemo.errors import ProgramFailedError
from lbdemo.kube.records.pods import Container, Pod
from lbdemo.tools.kubectl import Kubectl

SEARCH = f"kubectl -n shop exec checkout -c app -- sh -c {shlex.quote(CORE)}"


def pooled(*args: str) -> Pod:
    return replace(pod("checkout", "10.0.1.1"), containers=(Container("app", "app:1", running=True, args=args),))


def ended(code: int) -> ProgramFailedError:
    return ProgramFailedError(["kubectl"], code, f"command terminated with exit code {code}")


DENIED = ProgramFailedError(["kubectl"], 1, 'Error from server (Forbidden): pods "p" is forbidden: User "u" cannot')


@pytest.mark.parametrize(
    ("answer", "core"),
    [("", True), (ended(1), False), (ended(2), None), (ended(127), None), (DENIED, None)],
    ids=["found", "read and not found", "not all could be read", "no grep", "no right"],
)
def test_the_library_is_looked_for_in_what_programs_have_loaded(
    answer: str | ProgramFailedError, core: bool | None
) -> None:
    with FakeApi() as server, FakeStreams() as run:
        run.on(SEARCH, answer=answer)

        assert clients.look(Means(server.api(), Kubectl(run)), pooled("--channels=3")).core is core


def test_pods_that_make_one_channel_are_not_asked() -> None:
    with FakeApi() as server, FakeStreams() as run:
        assert clients.look(Means(server.api(), Kubectl(run)), pooled("--channels=1")).core is None


@pytest.mark.skipif(sys.platform != "linux", reason="what programs have loaded is in Linux's /proc")
def test_the_search_finds_pythons_library_where_it_is_loaded() -> None:
    """In a process of ours: the pattern is looked for among all that this machine's programs have loaded."""
    with subprocess.Popen(
        [sys.executable, "-c", "import grpc, time; print(1, flush=True); time.sleep(60)"], stdout=subprocess.PIPE
    ) as one:
        assert one.stdout
        one.stdout.readline()
        found = subprocess.run(["sh", "-c", CORE.replace("[0-9]*", str(one.pid))], check=False).returncode
        bare = subprocess.run(["sh", "-c", CORE.replace("[0-9]*", "self")], check=False).returncode
        one.kill()

    assert (found, bare) == (0, 1)


@pytest.mark.parametrize(
    ("pieces", "times"),
    [([b"calls 1\nGOAWAY: too_many", b"_pings\ncalls 2\n", b"too_many_pings\n"], 2), ([b"calls 1\n"], 0), (None, None)],
    ids=["in pieces", "never", "no log"],
)
def test_a_log_is_read_for_refused_pings_and_nothing_of_it_is_kept(
    pieces: list[bytes] | None, times: int | None
) -> None:
    with FakeApi() as server, FakeStreams() as run:
        if pieces is not None:
            server.add({"kind": "Pod", "metadata": {"name": "checkout", "namespace": "shop"}})
            server.logs["checkout", "app"] = pieces

        seen = clients.look(Means(server.api(), Kubectl(run)), pooled("--channels=1"))

    assert seen == ClientLook("shop/checkout", None, times)
