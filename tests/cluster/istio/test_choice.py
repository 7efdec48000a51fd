"""Which control plane serves our pods, and what they and their namespace say to get it."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from meshes import webhooks
from worlds import namespace

from lbdemo.cluster.istio.choice import check_injected, revision_name, serving
from lbdemo.cluster.istio.control_planes import control_planes
from lbdemo.cluster.istio.injectors import parse_injectors
from lbdemo.errors import InputError

PLAIN = control_planes((), parse_injectors([webhooks()]))
REVISIONS = control_planes((), parse_injectors([webhooks("1-9-0"), webhooks("1-24-0"), webhooks("1-9-0", tag="prod")]))


def test_nothing_is_named_for_the_default_revision() -> None:
    assert revision_name(PLAIN, "", {}) == ""
    assert revision_name(PLAIN, "default", {}) == ""


def test_the_newest_is_named_where_there_is_no_default_one() -> None:
    assert revision_name(REVISIONS, "", {}) == "1-24-0"


def test_what_a_person_names_is_named() -> None:
    assert revision_name(REVISIONS, "prod", {}) == "prod"
    assert serving(REVISIONS, "prod") is serving(REVISIONS, "1-9-0")


@pytest.mark.parametrize(
    ("fixed", "name"), [({"istio.io/rev": "1-9-0"}, "1-9-0"), ({"istio-injection": "enabled"}, "")]
)
def test_labels_that_are_not_ours_to_set_choose(fixed: Mapping[str, str], name: str) -> None:
    assert revision_name((), "", fixed) == name


def test_an_option_against_the_namespaces_label_is_refused() -> None:
    with pytest.raises(InputError, match=r"istio\.io/rev=1-9-0"):
        revision_name(REVISIONS, "1-24-0", {"istio.io/rev": "1-9-0"})


def test_a_tag_for_the_revision_that_the_label_names_is_no_contradiction() -> None:
    assert revision_name(REVISIONS, "prod", {"istio.io/rev": "1-9-0"}) == "prod"


def test_an_unlabelled_namespace_of_somebody_else_is_served_by_the_pods_labels() -> None:
    check_injected(PLAIN[0], namespace(ours=False), "", ours=False)


def test_our_own_namespace_gets_the_label_whatever_it_has() -> None:
    check_injected(REVISIONS[0], namespace({"istio-injection": "enabled"}), "1-24-0", ours=True)


@pytest.mark.parametrize(
    ("marks", "reason"),
    [({"istio-injection": "disabled"}, "istio-injection=disabled"), ({"istio.io/rev": "gone"}, "istio.io/rev=gone")],
)
def test_a_namespace_that_no_webhook_takes_is_refused_with_the_reason(marks: Mapping[str, str], reason: str) -> None:
    with pytest.raises(InputError, match=reason) as refused:
        check_injected(PLAIN[0], namespace(marks, ours=False), "", ours=False)

    assert "kubectl label --overwrite namespace lbdemo istio-injection=enabled" in refused.value.hint


def test_selectors_of_a_platforms_own_are_named() -> None:
    narrow = webhooks()
    for hook in narrow["webhooks"]:
        hook["namespaceSelector"]["matchLabels"] = {"team": "payments"}
    (plane,) = control_planes((), parse_injectors([narrow]))

    with pytest.raises(InputError, match=r"go by .*team"):
        check_injected(plane, namespace(ours=False), "", ours=False)
