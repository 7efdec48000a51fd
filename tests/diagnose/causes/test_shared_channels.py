from __future__ import annotations

from dataclasses import replace

import pytest
from diagnose.causes.said import found, silent, texts
from diagnose.shops import caller, held, shop

from lbdemo.diagnose.causes.shared_channels import cause
from lbdemo.diagnose.evidence import Evidence
from lbdemo.diagnose.looks import ClientLook
from lbdemo.kube.records.pods import Container


def pooled(connections: int, *args: str, image: str = "app:1", core: bool | None = None) -> Evidence:
    """A caller that is told so, with so many connections to the first pod."""
    who = caller("checkout")
    assert who.pod is not None
    told = Container("app", image, running=True, args=args)
    who = replace(who, pod=replace(who.pod, containers=(told,)))
    return shop(held(connections), callers=[who], clients=(ClientLook(who.name, core=core),))


def test_channels_that_share_a_connection_are_told_with_what_was_seen_of_the_library() -> None:
    said = found(cause, pooled(1, "--channels=4", core=True))

    assert "checkout is told to make 4 channels, and holds 1 connection" in texts(said)
    assert "C core is loaded" in texts(said)
    assert not said.possible
    assert "use_local_subchannel_pool" in said.fixes[0].advice


def test_an_image_that_is_called_python_makes_it_possible_and_no_more() -> None:
    assert found(cause, pooled(1, "--channels=4", image="python:3.13")).possible


@pytest.mark.parametrize(
    ("connections", "argument", "core"),
    [(1, "--channels=4", False), (2, "--channels=2", True), (1, "--channels=1", True), (1, "--slack-channels=9", True)],
    ids=["another library", "each has its own", "one channel", "channels of something else"],
)
def test_others_do_not_share(connections: int, argument: str, core: bool) -> None:
    assert silent(cause, pooled(connections, argument, image="python:3.13", core=core))
