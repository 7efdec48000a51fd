"""Tests start their programs as a terminal would, however this run was started; what forks goes before gRPC."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

# Shells start jobs in the background with Ctrl-C ignored, nohup and some CI systems with SIGHUP ignored; children
# inherit that, and could not be interrupted. (A handler of ours is not inherited: the child has the default.)
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

FORKS = Path(__file__).parent / "tools" / "test_runner.py"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`sh` forks, and a fork beside gRPC's threads may abort: its tests run before this process has live gRPC."""
    items.sort(key=lambda item: item.path != FORKS)
