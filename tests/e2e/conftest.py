"""The real thing: lbdemo as a person runs it, on the current context, in namespaces of its own."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from e2e.cluster import Cluster, describe, run
from e2e.foreign import Shop

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture
def make_cluster(request: pytest.FixtureRequest) -> Iterator[Callable[..., Cluster]]:
    """Namespaces that are cleaned up whatever happens; on failure their state is printed first."""
    made: list[Cluster] = []

    def make(name: str = "") -> Cluster:
        made.append(Cluster(name or f"lbdemo-{uuid.uuid4().hex[:6]}"))
        return made[-1]

    yield make
    report = getattr(request.node, "call_report", None)
    for cluster in made:
        if report is not None and report.failed:
            describe(cluster)
        run(["kubectl", "delete", "namespace", cluster.namespace, "--ignore-not-found", "--wait=false"])


@pytest.fixture
def cluster(make_cluster: Callable[..., Cluster]) -> Cluster:
    return make_cluster()


@pytest.fixture
def open_shop() -> Iterator[Callable[..., Shop]]:
    """Opens namespaces of somebody's services, with these labels; they are closed at the end."""
    shops: list[Shop] = []

    def make(labels: Mapping[str, str] | None = None) -> Shop:
        shops.append(Shop.open(labels))
        return shops[-1]

    yield make
    for shop in shops:
        shop.close()


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop()


@pytest.fixture(scope="session")
def envoy_image(tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image of Envoy that the cluster can pull: the one that is named, or one of our own."""
    from e2e.envoy_image import push

    return os.environ.get("LBDEMO_ENVOY_IMAGE") or push(tmp_path_factory.mktemp("envoy"))


@pytest.fixture
def browser() -> Iterator[Browser]:
    """A real browser."""
    from browsing import program, started

    if program() is None:
        pytest.skip("there is no Chromium on this machine")
    with started() as found:
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    if report.when == "call":
        item.call_report = report  # type: ignore[attr-defined]
    return report
