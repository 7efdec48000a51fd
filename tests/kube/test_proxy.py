"""The door to the API server: one kubectl proxy on a private socket, which is there when it is needed and not after."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from lbdemo.errors import InputError, MissingProgramError, ProgramFailedError
from lbdemo.kube import proxy as proxies
from lbdemo.kube.proxy import Proxy, listening, logged
from lbdemo.tools.runner import Runner

pytestmark = pytest.mark.forks

KUBECTL = f"""#!{sys.executable}
import os, socket, sys, time
path = next(word.partition("=")[2] for word in sys.argv if word.startswith("--unix-socket="))
with open(os.environ["CALLS"], "a") as calls:
    print(os.getpid(), os.environ.get("KUBECTL_KUBERC"), *sys.argv[1:], file=calls)
for line in os.environ.get("SAYS", "").split("|"):
    print(line, file=sys.stderr, flush=True)
if os.environ.get("FAILS"):
    sys.exit(1)
while not os.path.exists(os.environ.get("WAITS_FOR", "/")):
    time.sleep(0.005)
door = socket.socket(socket.AF_UNIX)
door.bind(path)
door.listen()
while True:
    door.accept()[0].close()
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A kubectl on the PATH, which notes how it was called."""
    program = tmp_path / "kubectl"
    program.write_text(KUBECTL)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    return tmp_path / "calls"


@pytest.fixture
def runner() -> Iterator[Runner]:
    made = Runner()
    yield made
    made.cancel()


def pids(calls: Path) -> list[int]:
    return [int(line.split()[0]) for line in calls.read_text().splitlines()]


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_nothing_runs_before_the_first_question(calls: Path, runner: Runner) -> None:
    Proxy(runner, "kind-a").close()

    assert not calls.exists()


def test_the_first_question_starts_it_and_those_beside_it_wait(calls: Path, runner: Runner) -> None:
    proxy = Proxy(runner, "kind-a")
    seen: list[str] = []
    asking = [threading.Thread(target=lambda: seen.append(proxy.address())) for _ in range(5)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()

    assert len(set(seen)) == 1
    assert listening(seen[0])
    assert len(pids(calls)) == 1
    assert calls.read_text().split()[1:4] == ["false", "--context", "kind-a"]
    proxy.close()


@pytest.mark.usefixtures("calls")
def test_nobody_else_can_enter(runner: Runner) -> None:
    proxy = Proxy(runner)

    folder = Path(proxy.address()).parent

    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert len(proxy.address().encode()) <= proxies.LONGEST
    proxy.close()


def test_in_the_end_nothing_is_left(calls: Path, runner: Runner) -> None:
    proxy = Proxy(runner)
    path = Path(proxy.address())

    proxy.close()

    assert not path.parent.exists()
    assert not runs(pids(calls)[0])


def test_one_that_has_died_is_started_again(calls: Path, runner: Runner) -> None:
    proxy = Proxy(runner)
    first = proxy.address()
    os.kill(pids(calls)[0], signal.SIGKILL)
    while listening(first):
        pass

    second = next(path for path in iter(proxy.address, "") if path != first)

    assert listening(second)
    assert len(pids(calls)) == 2
    proxy.close()


@pytest.mark.usefixtures("calls")
def test_what_a_login_plugin_says_is_told_as_it_says_it(runner: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAYS", "log in at https://login.example/device|E1125 19:16:40.137124 1 proxy.go:1] noise")
    heard: list[str] = []

    proxy = Proxy(runner, heard=heard.append)
    proxy.address()
    proxy.close()

    assert heard == ["log in at https://login.example/device"] == proxy.words()


@pytest.mark.parametrize(
    ("says", "kind", "words"),
    [
        ('error: context "nope" does not exist', InputError, "does not exist"),
        ("error: listen unix /x: bind: permission denied", ProgramFailedError, "permission denied"),
    ],
)
def test_where_no_proxy_can_run_the_reason_is_kubectls_own(
    calls: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch, says: str, kind: type[Exception], words: str
) -> None:
    monkeypatch.setenv("SAYS", says)
    monkeypatch.setenv("FAILS", "1")
    heard: list[str] = []

    with pytest.raises(kind, match=words):
        Proxy(runner, heard=heard.append).address()

    assert len(pids(calls)) == 1
    assert heard == []  # it is told once, as the error that it is


@pytest.fixture
def kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "config"
    file.write_text("current-context: a")
    monkeypatch.setenv("KUBECONFIG", f"{tmp_path / 'none'}:{file}")
    return file


@pytest.mark.usefixtures("kubeconfig")
@pytest.mark.parametrize(("given", "found"), [("", "a"), ("a", "a"), ("", "")])
def test_it_may_begin_before_the_current_contexts_name_is_known(
    calls: Path, runner: Runner, given: str, found: str
) -> None:
    proxy = Proxy(runner, given)
    proxy.address()
    proxy.stay(found)
    proxy.address()
    proxy.close()

    assert len(pids(calls)) == 1


def test_what_became_the_current_context_before_its_name_was_known_is_not_asked(
    calls: Path, kubeconfig: Path, runner: Runner
) -> None:
    proxy = Proxy(runner)
    proxy.address()
    kubeconfig.write_text("current-context: other")
    proxy.stay("other")
    proxy.address()
    proxy.close()

    assert [" --context other " in line for line in calls.read_text().splitlines()] == [False, True]


def test_what_became_the_current_context_before_it_was_open_is_not_asked(
    calls: Path, kubeconfig: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAITS_FOR", str(calls.with_name("open")))
    proxy = Proxy(runner)
    proxy.begin()
    while not calls.exists():
        time.sleep(0.005)
    proxy.stay("a")
    kubeconfig.write_text("current-context: other")
    calls.with_name("open").touch()
    proxy.address()
    proxy.close()

    assert [" --context a " in line for line in calls.read_text().splitlines()] == [False, True]


def test_one_that_must_be_started_again_keeps_its_context(calls: Path, kubeconfig: Path, runner: Runner) -> None:
    proxy = Proxy(runner)
    first = proxy.address()
    proxy.stay("a")
    kubeconfig.write_text("current-context: other")
    os.kill(pids(calls)[0], signal.SIGKILL)
    while listening(first):
        pass
    while proxy.address() == first:
        pass
    proxy.close()

    assert [" --context a " in line for line in calls.read_text().splitlines()] == [False, True]


def test_without_kubectl_it_is_kubectl_that_is_missing(
    tmp_path: Path, runner: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(MissingProgramError, match="kubectl"):
        Proxy(runner).address()


def test_begun_early_it_is_there_for_the_first_question(calls: Path, runner: Runner) -> None:
    proxy = Proxy(runner)

    proxy.begin()

    assert listening(proxy.address())
    assert len(pids(calls)) == 1
    proxy.close()


@pytest.mark.usefixtures("calls")
def test_closed_it_lets_nobody_in_any_more(runner: Runner) -> None:
    proxy = Proxy(runner)
    proxy.begin()

    proxy.close()

    with pytest.raises(KeyboardInterrupt):
        proxy.address()


@pytest.mark.parametrize(
    ("line", "own"),
    [("E1125 19:16:40.137124   17137 proxy_server.go:147] Error", True), ("Enter the code ABCD", False), ("", False)],
)
def test_kubectls_own_log_is_told_from_a_plugins_words(line: str, own: bool) -> None:
    assert logged(line) is own
