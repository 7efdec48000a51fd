from __future__ import annotations

from random import Random

import pytest

from lbdemo.echo.faults import MAX_DELAY_MS, Faults, check_faults
from lbdemo.errors import InputError


def test_the_unavailable_share_is_met() -> None:
    faults, chance = Faults(unavailable_ratio=0.3), Random(1)

    struck = sum(faults.strikes(chance) for _ in range(10_000))

    assert 2_850 < struck < 3_150


@pytest.mark.parametrize(("ratio", "strikes"), [(0.0, False), (1.0, True)])
def test_none_and_all_are_exact(ratio: float, strikes: bool) -> None:
    chance = Random(1)

    assert all(Faults(unavailable_ratio=ratio).strikes(chance) is strikes for _ in range(1_000))


@pytest.mark.parametrize(("delay", "ratio"), [(-1, 0), (MAX_DELAY_MS + 1, 0), (0, -0.1), (0, 1.1), (0, float("nan"))])
def test_values_without_sense_are_refused(delay: int, ratio: float) -> None:
    with pytest.raises(InputError):
        check_faults(delay, ratio)


@pytest.mark.parametrize(("delay", "ratio"), [(0, 0), (MAX_DELAY_MS, 1)])
def test_the_limits_themselves_are_fine(delay: int, ratio: float) -> None:
    assert check_faults(delay, ratio) == Faults(delay, ratio)
