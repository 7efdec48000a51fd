"""What the suite relies on where it runs in several processes."""

from __future__ import annotations

import os

import pytest

TURNS: list[int] = []


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="runs in one process")
@pytest.mark.xdist_group("together")
def test_tests_of_a_group_are_known_to_whoever_deals_them_out(request: pytest.FixtureRequest) -> None:
    assert request.node.nodeid.endswith("@together")


@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="runs in one process")
@pytest.mark.parametrize("turn", range(4))
def test_tests_of_a_file_run_in_one_process(turn: int) -> None:
    TURNS.append(turn)

    assert list(range(turn + 1)) == TURNS
