"""Istio's versions are compared as numbers, by image tag first, by the revision's name else."""

from __future__ import annotations

import pytest

from lbdemo.cluster.istio.versions import UNKNOWN, version_key


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("1.9.9", "1.24.0"),
        ("1.24.9", "1.24.10"),
        ("1.24", "1.24.1"),
        ("1.24-alpha.7", "1.24-beta.1"),
        ("1.24.0-rc.2", "1.24.0"),
        ("1.20.8-asm.9", "1.20.8-asm.33"),
        ("1.20.8", "1.20.8-asm.33"),
        ("v1.9.0", "1.10.0"),
        ("latest", "1.0.0"),
        ("", "1.0.0"),
    ],
)
def test_a_newer_version_has_the_greater_key(older: str, newer: str) -> None:
    assert version_key(older) < version_key(newer)


def test_an_images_variant_is_the_same_version() -> None:
    assert version_key("1.30.1-distroless") == version_key("1.30.1")


@pytest.mark.parametrize(("older", "newer"), [("1-9-3", "1-24-1"), ("prod-1-24", "prod-1-25"), ("canary", "1-2")])
def test_a_revisions_name_tells_where_the_tag_does_not(older: str, newer: str) -> None:
    assert version_key("latest", older) < version_key("latest", newer)


def test_the_image_tag_has_precedence_over_the_revisions_name() -> None:
    assert version_key("1.24.0", "1-99") < version_key("1.25.0", "1-2")


@pytest.mark.parametrize("text", ["", "latest", "asm-managed", "canary"])
def test_without_a_number_nothing_is_known(text: str) -> None:
    assert version_key(text, text) == UNKNOWN
