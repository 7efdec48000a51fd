from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.shops import pod

from lbdemo.diagnose.told import KUBERNETES, ROUND_ROBIN, marks, says


@pytest.mark.parametrize("word", ["--policy=round_robin", '{"x":[{"ROUND_ROBIN":{}}]}', "lb-round-robin", "RoundRobin"])
def test_round_robin_is_known_however_it_is_written(word: str) -> None:
    one = pod("checkout")
    told = replace(one, containers=(replace(one.containers[0], args=(word,)),))

    assert says(told, ROUND_ROBIN)
    assert not says(one, ROUND_ROBIN)


def test_variables_count_as_arguments_do() -> None:
    one = pod("checkout")
    told = replace(one, containers=(replace(one.containers[0], env={"TARGET": "kubernetes:///payments.shop:grpc"}),))

    assert says(told, KUBERNETES)


def test_of_other_words_nothing_is_kept() -> None:
    assert marks(["--token=hunter2", "robin", "--target=kubernetes:///a", "--policy=round_robin"]) == (
        ROUND_ROBIN, KUBERNETES
    )  # fmt: skip
    assert not says(None, ROUND_ROBIN)
