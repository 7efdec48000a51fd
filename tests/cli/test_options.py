"""Options that commands share."""

from __future__ import annotations

import pytest

from lbdemo.cli import options
from lbdemo.cluster.install.strategies import STRATEGIES
from lbdemo.errors import InputError


def test_every_strategy_may_be_named_and_completed() -> None:
    assert options.strategies() == tuple(STRATEGIES)
    assert [options.strategy(name) for name in STRATEGIES] == list(STRATEGIES)


def test_an_unknown_strategy_is_refused_with_those_that_there_are() -> None:
    with pytest.raises(InputError, match="--strategy 'mesh' is unknown") as caught:
        options.strategy("mesh")

    assert "clusterip, pool, headless" in caught.value.hint
