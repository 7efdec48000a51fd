from __future__ import annotations

import pytest
from diagnose.pasting import pasted, refuses

from lbdemo.diagnose.patches import exchanged, merged
from lbdemo.kube.records.meta import Meta

META = Meta("Service", "shop", "payments")
SEEN = {"spec": {"selector": {"app": "old"}, "type": "ClusterIP"}}


@pytest.mark.parametrize(("old", "new"), [("ClusterIP", "NodePort"), ("ClusterIP", None)])
def test_what_is_changed_or_taken_away_is_brought_back(old: str, new: str | None) -> None:
    commands, undo = exchanged(META, [("/spec/type", old, new)])

    after = pasted(SEEN, commands)

    assert after["spec"].get("type") == new
    assert pasted(after, undo) == SEEN
    assert commands[0].startswith("kubectl -n shop patch service payments --type json -p ")


def test_what_is_new_is_taken_away_again() -> None:
    commands, undo = exchanged(META, [("/spec/sessionAffinity", None, "None")])

    assert pasted(pasted(SEEN, commands), undo) == SEEN


def test_an_object_that_is_not_what_was_seen_is_not_changed() -> None:
    commands, _ = exchanged(META, [("/spec/type", "ClusterIP", "ClusterIP"), ("/spec/selector", {"app": "old"}, {})])

    assert not refuses(SEEN, commands)
    assert refuses({"spec": SEEN["spec"] | {"type": "NodePort"}}, commands)
    assert refuses({"spec": SEEN["spec"] | {"selector": {"app": "new"}}}, commands)


def test_members_are_merged_and_those_that_are_null_go() -> None:
    assert pasted(SEEN, [merged(META, {"spec": {"type": None, "selector": {"tier": "web"}}})]) == {
        "spec": {"selector": {"app": "old", "tier": "web"}}
    }
