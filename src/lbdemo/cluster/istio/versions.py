"""Istio's versions, compared as numbers: 1.9 is older than 1.24, whatever an alphabet says. Pure."""

from __future__ import annotations

import re

# A release's number, and what follows it: 1.31.0, 1.24-alpha.6f2d, 1.20.8-asm.33, 1.30.1-distroless.
VERSION = re.compile(r"(?<![\w.])v?(\d+)\.(\d+)(?:\.(\d+))?(?:[-+._](.*))?$")
# The same in a revision's name, which may hold no dots: 1-24-1, prod-1-24.
NAMED = re.compile(r"(?:^|-)v?(\d+)-(\d+)(?:-(\d+))?(?:-|$)")
# What comes before a release; every other suffix (a vendor's build, an image's variant) means the release, or later.
STAGES = ("dev", "alpha", "beta", "rc")

Key = tuple[int, int, int, int, tuple[int, ...]]
UNKNOWN: Key = (-1, 0, 0, 0, ())


def version_key(version: str, revision: str = "") -> Key:
    """What versions are sorted by; from the revision's name where the version has no number.

    Below all others where neither has one. Precedence as in semver.org, items 9 to 11, but for vendors' suffixes.
    """
    if found := VERSION.search(version):
        return (*_numbers(found), *_suffix(found[4] or ""))
    if found := NAMED.search(revision):
        return (*_numbers(found), len(STAGES), ())
    return UNKNOWN


def _numbers(found: re.Match[str]) -> tuple[int, int, int]:
    return int(found[1]), int(found[2]), int(found[3] or 0)


def _suffix(text: str) -> tuple[int, tuple[int, ...]]:
    stage = next((rank for rank, name in enumerate(STAGES) if text.startswith(name)), len(STAGES))
    return stage, tuple(int(number) for number in re.findall(r"(?<![0-9A-Za-z])\d+(?![0-9A-Za-z])", text))
