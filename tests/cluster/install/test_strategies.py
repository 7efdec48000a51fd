"""A strategy speaks for itself: the table, its promises, and the options that it takes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from worlds import CONFIG

from lbdemo.cluster.install import strategies
from lbdemo.cluster.install.strategies import CONTROL, STRATEGIES
from lbdemo.cluster.install.strategies.promises import Setup
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.reference import Image
from lbdemo.errors import InputError
from lbdemo.measure import Outcome
from lbdemo.records.drills import Figures, ScaleUp, Sick, Slow

IMAGE = Image("registry/echo", "1")
SHARED = {"__init__", "base", "mesh", "promises"}  # what strategies have in common


def test_every_file_is_a_strategy_in_the_table_and_has_its_name() -> None:
    folder = Path(strategies.__file__).parent

    assert {path.stem for path in folder.glob("*.py")} - SHARED == set(STRATEGIES)
    assert all(strategy.name == name for name, strategy in STRATEGIES.items())


def test_the_negative_control_comes_first() -> None:
    assert STRATEGIES[CONTROL].outcome is Outcome.PINNED
    assert next(iter(STRATEGIES)) == CONTROL


def test_every_strategy_has_its_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "strategies.md").read_text()

    assert [name for name in STRATEGIES if f"\n## {name}: " not in page] == []


def test_a_pool_promises_that_each_connection_is_pinned() -> None:
    assert STRATEGIES["pool"].outcome is Outcome.PINNED
    assert STRATEGIES["pool"].connections > 1


def test_an_unknown_strategy_is_not_in_the_table() -> None:
    with pytest.raises(KeyError):
        STRATEGIES["promises"]


def test_a_pool_has_several_connections_and_says_how_many() -> None:
    def connections(told: int | None) -> object:
        config = replace(CONFIG, strategy="pool", connections=told)
        return STRATEGIES["pool"].values(config, IMAGE)[labels.CLIENT]["client"].get("connections", 1)

    assert (connections(None), connections(16), connections(1)) == (4, 16, 1)


@pytest.mark.parametrize("name", [name for name in STRATEGIES if name != "pool"])
def test_who_has_one_connection_refuses_several(name: str) -> None:
    with pytest.raises(InputError, match="one connection") as caught:
        STRATEGIES[name].values(replace(CONFIG, strategy=name, connections=2), IMAGE)

    assert caught.value.hint.endswith("--strategy pool")


@pytest.mark.parametrize(
    ("name", "option"),
    [("clusterip", "policy"), ("headless", "policy"), ("xds", "policy"), ("pool", "policy"),
     ("clusterip", "detection"), ("headless", "detection"), ("xds", "detection")],
)  # fmt: skip
def test_an_option_without_effect_is_refused_with_those_that_have_it(name: str, option: str) -> None:
    policy = replace(CONFIG, lb_policy="least-request")
    config = policy if option == "policy" else replace(CONFIG, outlier_detection=True)

    with pytest.raises(InputError, match=f"no effect with strategy {name}") as caught:
        STRATEGIES[name].values(config, IMAGE)

    assert caught.value.hint == "it needs --strategy envoy or istio"


@pytest.mark.parametrize(("name", "wanted", "age"), [("headless", None, 5), ("headless", 0.0, 0), ("envoy", 30.0, 30)])
def test_connections_age_as_told_or_as_the_strategy_needs(name: str, wanted: float | None, age: float) -> None:
    config = replace(CONFIG, strategy=name, max_connection_age=wanted)

    server = STRATEGIES[name].values(config, IMAGE)[labels.SERVER]

    assert server.get("server", {}).get("maxConnectionAgeSeconds", 0) == age


def kept(strategy: str, drill: str, figures: Figures, setup: Setup) -> bool:
    return STRATEGIES[strategy].promises.of(drill, setup).kept(figures)


@pytest.mark.parametrize(
    ("connections", "servers", "share", "as_promised"),
    [(4, 3, 0.5, True), (4, 3, 0.46, True), (4, 3, 0.25, False), (2, 2, 0.5, True), (1, 2, 1.0, True),
     (1, 2, 0.8, False), (16, 3, 0.375, True), (16, 3, 0.2, False)],
)  # fmt: skip
def test_a_pools_sick_pod_fails_at_least_the_share_of_its_connections(
    connections: int, servers: int, share: float, *, as_promised: bool
) -> None:
    """Of 4 connections to 3 pods, the busiest has at least 2."""
    setup = Setup(servers, connections=connections)

    assert kept("pool", "sick", Sick(share, None), setup) is as_promised
    slow = Slow(900, share, 1.0, 1.0, 201.0, 0)
    assert kept("pool", "slow", slow, setup) is as_promised


def test_a_pools_slow_pod_must_be_slow() -> None:
    figures = Slow(900, 0.5, 1.0, 1.0, 2.0, 0)

    assert not kept("pool", "slow", figures, Setup(2, connections=4))


@pytest.mark.parametrize(
    ("connections", "age", "first", "as_promised"),
    [(4, 0.0, None, True), (4, 0.0, 3.0, False), (4, 10.0, None, True), (4, 10.0, 3.0, True), (10, 10.0, None, False),
     (9, 10.0, None, True)],
)  # fmt: skip
def test_a_pool_finds_new_pods_never_or_by_chance(
    connections: int, age: float, first: float | None, *, as_promised: bool
) -> None:
    """Ten connections made anew avoid the new half of the pods once in 1,024 times."""
    figures = ScaleUp(pods_ready_s=1.0, first_call_s=first, even_again_s=None, failed=0)

    assert kept("pool", "scale-up", figures, Setup(2, "round-robin", connections, age)) is as_promised


def test_no_connection_to_a_headless_server_outlives_its_drain() -> None:
    server = STRATEGIES["headless"].values(CONFIG, IMAGE)[labels.SERVER]["server"]

    varied = 1.1 * server["maxConnectionAgeSeconds"]  # gRPC varies an age by 10 %
    remembered = 5.0  # seconds for which CoreDNS still tells of a server that leaves
    assert server["drainSeconds"] >= varied + remembered
