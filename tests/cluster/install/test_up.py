"""`up` looks before it plans: what runs already is not asked about again."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from fake_api import FakeApi
from fakes import FakeReporter, FakeRun, tools
from worlds import CHART, CONFIG, converged, documents, given, listed

from lbdemo.cluster.image.content import Recipe, content_image, context_files
from lbdemo.cluster.image.step import DeliverImage
from lbdemo.cluster.install.desired import desire
from lbdemo.cluster.install.look import plan_up
from lbdemo.cluster.install.strategies.base import PLAIN
from lbdemo.cluster.install.up import up
from lbdemo.cluster.istio.observe import ObservedWithIstio
from lbdemo.cluster.kernel import labels
from lbdemo.cluster.kernel.steps import Plan
from lbdemo.tools.docker import Base
from lbdemo.tools.kubectl import Context

BUILT = replace(CONFIG, image="", registry="localhost:5000")
CONTEXT = Context("lbdemo", "https://127.0.0.1:6443")
OLD, NEW = ("sha256:" + digit * 64 for digit in "12")


def as_built_on(base: str) -> ObservedWithIstio:
    """The cluster as `up` leaves it that built the image on this base."""
    image = content_image(context_files(), Recipe(base, "amd64")).at(BUILT.registry).reference
    wanted = desire(BUILT, CONTEXT, PLAIN, CHART, in_use=[image])
    world = converged(BUILT)
    running = tuple(replace(deployment, images=(image,)) for deployment in world.objects.deployments)
    releases = {r.name: replace(world.releases[r.name], digest=r.digest) for r in wanted.releases}
    return replace(world, objects=replace(world.objects, deployments=running), releases=releases)


def served(world: ObservedWithIstio) -> FakeApi:
    return FakeApi().add(*documents(world), *listed([world.namespace] if world.namespace else [])["items"])


def planned(world: ObservedWithIstio, replicas: int, docker: Any = None) -> Plan:
    with served(world) as server:
        means = tools(FakeRun(), api=server.api())
        _, _, plan = plan_up(replace(means, docker=docker or means.docker), replace(BUILT, replicas=replicas), CONTEXT)
    return plan


def test_where_nothing_changes_docker_is_not_asked_on_which_base_it_would_build() -> None:
    assert not planned(as_built_on(OLD), BUILT.replicas)


def test_where_nothing_changes_no_program_is_started() -> None:
    world = as_built_on(OLD)
    inventory = given("ConfigMap", labels.INVENTORY)
    world = replace(world, objects=replace(world.objects, others=(*world.objects.others, inventory)))
    with served(world) as server, FakeRun() as run:
        means = tools(run, api=server.api())
        outcome = up(means, BUILT, CONTEXT, means.api, FakeReporter())

    assert (outcome.changed, run.calls) == (False, [])


def test_with_something_else_to_change_the_image_is_that_of_the_base_of_now() -> None:
    docker = SimpleNamespace(base=lambda _: Base("python", NEW), architecture="amd64")

    steps = planned(as_built_on(OLD), BUILT.replicas + 1, lambda: docker).steps

    built = next(step.image.tag for step in steps if isinstance(step, DeliverImage))
    assert built == content_image(context_files(), Recipe(NEW, "amd64")).tag
