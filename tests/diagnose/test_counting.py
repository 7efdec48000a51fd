"""Which source of counts is taken."""

from __future__ import annotations

from diagnose.shops import caller, held, shop

from lbdemo.diagnose.case import Case
from lbdemo.diagnose.counting import judged
from lbdemo.diagnose.looks import MetricsLook

CALLER = caller("checkout")


def counts(*series: str, pods: str = "abc") -> tuple[MetricsLook, ...]:
    return tuple(MetricsLook(f"shop/payments-{pod}", turn, float(turn), source, 900 * turn)
                 for pod in pods for turn in range(12) for source in series)  # fmt: skip


def source_of(*looks: MetricsLook) -> str:
    return judged(Case(shop(held(1), callers=[CALLER], metrics=looks))).source


def test_the_surest_series_is_taken_whatever_its_name() -> None:
    both = counts("grpc_server_handled_total", "grpc_server_started_total")

    assert source_of(*both) == "servers' metrics (grpc_server_started_total)", "calls that still run count, too"
    assert source_of(*counts("rpc_server_duration_count", "request_total")) == "servers' metrics (request_total)"


def test_a_series_that_some_server_lacks_is_not_taken() -> None:
    some, all_ = counts("grpc_server_started_total", pods="ab"), counts("grpc_server_handled_total")

    assert source_of(*some, *all_) == "servers' metrics (grpc_server_handled_total)"
    assert source_of(*some) == "server sockets"
