"""Costs and drills go into a record and come back; what is not known stays so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lbdemo.records import Costs, Drilled
from lbdemo.records.drills import KINDS, Figures, Kill, Restart, RollingRestart, ScaleUp, Sick, Slow

FIGURES: dict[str, Figures] = {
    "scale-up": ScaleUp(1.5, None, 3.25, 2),
    "rolling-restart": RollingRestart(Restart(300, 7, 300, 0.5, 9.0), Restart(300, 0, 309, 0.25, 9.5)),
    "kill": Kill(1200, 9, 1.25, 0.75),
    "slow": Slow(900, None, 1.0, None, 201.5, 3),
    "sick": Sick(0.25, None),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_drill_comes_back_as_it_was_whatever_a_newer_lbdemo_has_added(name: str) -> None:
    drilled = Drilled(name, FIGURES[name], "soon", as_expected=False)

    record = json.loads(json.dumps(drilled.to_dict()))
    record["figures"]["surprise"] = 1

    assert Drilled[Any].from_dict(name, record) == drilled


@pytest.mark.parametrize("costs", [Costs(), Costs(3.5, None, None, None, 60.25, "may not ask")])
def test_costs_come_back_as_they_were(costs: Costs) -> None:
    record = json.loads(json.dumps(costs.to_dict()))

    assert Costs.from_dict({**record, "surprise": 1}) == costs


def test_figures_are_told_in_one_line_those_of_two_runs_apart() -> None:
    def told(name: str) -> str:
        return Drilled(name, FIGURES[name], "", as_expected=True).told()

    assert told("scale-up") == "pods_ready_s 1.50, first_call_s never, even_again_s 3.25, failed 2"
    assert told("sick") == "error_share 0.25, error_share_with_outlier_detection not measured"
    assert told("rolling-restart") == (
        "without retries: calls 300, failed 7, attempts 300, longest_gap_s 0.50, rollout_s 9.00; "
        "with retries: calls 300, failed 0, attempts 309, longest_gap_s 0.25, rollout_s 9.50"
    )


def test_a_record_is_rounded_to_what_can_be_measured() -> None:
    figures: Any = Drilled("kill", Kill(9, 0, 1.23456, 0.5), "", as_expected=True).to_dict()["figures"]

    assert figures["last_trouble_s"] == 1.235
