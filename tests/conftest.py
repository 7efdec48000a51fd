"""Tests run as in a terminal of nobody's own, whatever is set where they are started; what forks goes before gRPC."""

from __future__ import annotations

import gc
import os
import re
import signal
from collections.abc import Generator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

# Shells start jobs in the background with Ctrl-C ignored, nohup and some CI systems with SIGHUP ignored; children
# inherit that, and could not be interrupted. (A handler of ours is not inherited: the child has the default.)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# What people set for themselves, and programs obey: how output looks, how Python and gRPC behave, who a pod is.
TASTE = re.compile(
    r"PYTHON(?!PATH|HOME).*|GRPC_.*|(NO|FORCE)_COLOR|CLICOLOR.*|COLORTERM|COLUMNS|LINES|TTY_.*|JUPYTER_.*|POD_NAME|HOSTNAME"
)
# Which cluster, which registry, which way out: of these only the tests on a cluster may know.
PLACES = re.compile(r"LBDEMO_.*|HELM_.*|DOCKER_.*|KUBECONFIG|((HTTPS?|NO|ALL|GRPC)_PROXY)", re.IGNORECASE)
ON_A_CLUSTER = ("e2e", "kind")

TESTS = Path(__file__).parent
REAL = {"cli", "echo", "local"}  # folders whose tests start programs and wait for them: begun early, they end early
SHARED = ("played", "whole", "fair")  # fixtures that take seconds: who uses one runs in one process


def forget(names: re.Pattern[str]) -> None:
    """Takes these variables out of the environment, for the tests and for the programs that they start."""
    for name in filter(names.fullmatch, list(os.environ)):
        del os.environ[name]


forget(TASTE)
os.environ["TERM"] = "xterm-256color"


class Forks:
    """Whether the test that runs now may fork this process."""

    allowed = False


@pytest.hookimpl(tryfirst=True)  # xdist looks for the groups in this hook, too
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What forks goes first, in one process, before that has live gRPC; then what takes longest.

    `sh` forks, and a fork beside gRPC's threads may abort. (`subprocess` runs no Python code in the child.)
    """
    if not any(item.get_closest_marker(name) for item in items for name in ON_A_CLUSTER):
        forget(PLACES)
    for item in items:
        group = "forks" if item.get_closest_marker("forks") else next((n for n in SHARED if uses(item, n)), "")
        if group:
            item.add_marker(pytest.mark.xdist_group(group))
    items.sort(key=turn)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Thousands of collected tests stay until the end: nobody looks for garbage among them, neither now nor later."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Any:
    """Tests of a file that are of no group run in one process: what they load and make is paid for once."""
    if config.getvalue("dist") != "loadgroup":
        return None
    scheduler = import_module("xdist.scheduler").LoadGroupScheduling(config, log)
    group = scheduler._split_scope  # a test's own name where it has no group
    scheduler._split_scope = lambda test: group(test).split("::")[0]
    return scheduler


def uses(item: pytest.Item, fixture: str) -> bool:
    """Whether the test asks for this fixture."""
    return fixture in getattr(item, "fixturenames", ())


def turn(item: pytest.Item) -> int:
    """Which tests go before which."""
    if item.get_closest_marker("forks"):
        return 0
    if any(uses(item, name) for name in SHARED):
        return 1
    return 2 if item.path.relative_to(TESTS).parts[0] in REAL else 3


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Notes whether this test may fork."""
    Forks.allowed = item.get_closest_marker("forks") is not None


def refuse_fork() -> None:
    """Makes a test fail that forks without saying so: it would run beside gRPC's threads."""
    if not Forks.allowed:
        raise AssertionError("this test forks its process: mark it with pytest.mark.forks")


os.register_at_fork(before=refuse_fork)
