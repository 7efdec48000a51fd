"""The steps of `up`: releases that somebody left half-done are got out of the way, and come back."""

from __future__ import annotations

import pytest
from clean_objects import names, release_secret
from fake_api import FakeApi
from fakes import FakeRun, failure, tools

from lbdemo.cluster.kernel.releases import InstallRelease
from lbdemo.errors import ProgramFailedError
from lbdemo.tools.helm import Chart, Install

FORCE = "--server-side=true --force-conflicts"
UPGRADE = f"helm upgrade --install echo-server chart --timeout 300s --history-max 3 --reset-values {FORCE} -n ns"
REPAIRS = {
    "uninstall": "helm uninstall echo-server --ignore-not-found --wait --timeout 300s -n ns",
    "rollback": f"helm rollback echo-server {FORCE} -n ns",
}
GONE = "Error: unable to build kubernetes objects from current release manifest: no matches for kind"


def stuck(how: str) -> InstallRelease:
    return InstallRelease("echo-server", "release echo-server", Install("echo-server", "ns", Chart("chart")), (), how)


def helm() -> FakeRun:
    return FakeRun().on("helm version --short", answer="v4.1.4")


@pytest.mark.parametrize("how", REPAIRS)
def test_a_release_that_was_left_half_done_is_got_out_of_the_way_first(how: str) -> None:
    with helm().on(REPAIRS[how]).on(UPGRADE) as run:
        assert stuck(how).run(tools(run), lambda _: None) == f"repaired by helm {how}"

    assert [argv[1] for argv in run.calls] == ["version", how, "upgrade"]


@pytest.mark.parametrize("how", REPAIRS)
def test_a_stuck_release_whose_kinds_are_gone_is_forgotten_and_installed_anew(how: str) -> None:
    run = helm().on(REPAIRS[how], answer=failure(GONE, "helm", how)).on(UPGRADE)
    ours, theirs = release_secret("echo-server"), release_secret("demo")

    with FakeApi().add(ours, theirs) as fake, run:
        stuck(how).run(tools(run, api=fake.api()), lambda _: None)

    assert names(fake, "secrets") == {theirs["metadata"]["name"]}


def test_a_stuck_release_that_cannot_be_repaired_for_another_reason_is_an_error() -> None:
    with (
        helm().on(REPAIRS["rollback"], answer=failure("Error: context deadline exceeded", "helm", "rollback")) as run,
        pytest.raises(ProgramFailedError),
    ):
        stuck("rollback").run(tools(run), lambda _: None)
