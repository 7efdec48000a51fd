"""What there is to clean, as it is found on a fake API server."""

from __future__ import annotations

from clean_objects import document, release_secret, space
from fake_api import FakeApi
from fakes import FakeRun, tools

from lbdemo.cluster.cleanup.targets import find_targets
from lbdemo.cluster.kernel import labels
from lbdemo.config import Place

WIDE = "MutatingWebhookConfiguration"  # a kind of no namespace
WHY = "held by Helm release ns/lbdemo-addons, which lbdemo installed"


def held(*releases: str) -> dict[str, str]:
    """The objects that are found to be ours, with the reason, where these releases are."""
    found = (
        document(WIDE, "kiali-ns", release=labels.ADDONS, of="ns"),
        document(WIDE, "kiali", release=labels.ADDONS, of="elsewhere"),
        document("ConfigMap", "kiali", "ns", release=labels.ADDONS),
    )
    with FakeApi().add(space(), *found, *(release_secret(name) for name in releases)) as api:
        there = find_targets(tools(FakeRun(), api=api.api()), Place("", "ns"), with_istio=False)
    return {str(removal.object.item): removal.why for removal in there.held}


def test_what_the_addons_release_holds_for_the_whole_cluster_is_named_too() -> None:
    wide = f"{WIDE}.admissionregistration.k8s.io kiali-ns"

    assert held(labels.SERVER, labels.ADDONS) == {wide: WHY, "ConfigMap ns/kiali": WHY}


def test_without_that_release_nothing_of_its_name_is_ours() -> None:
    assert held(labels.SERVER) == {}
