"""Where Istio's manifests of the add-ons are: a folder, or an address; and their text."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from pathlib import Path

from lbdemo.errors import InputError, OperationFailedError
from lbdemo.kube.side_by_side import each

PUBLIC = "https://raw.githubusercontent.com/istio/istio"  # the Istio project's own sources
SAMPLES = "samples/addons"
TIMEOUT = 20.0  # seconds for one file
MOST = 8 << 20  # bytes of one file: Grafana's, with its dashboards, is a quarter of a megabyte
RELEASED = re.compile(r"v?(\d+)\.(\d+)\.(\d+)(?P<rest>.*)")
ANOTHER = "--addons-from FOLDER takes them from a folder, such as samples/addons of an Istio release"


def place(asked: str, version: str) -> str:
    """Where the manifests are: as `asked`, or else at the project's public address for this version of Istio.

    A release has a tag; a vendor's build of one, or one that is in the making, has the release's branch. Raises
    InputError where the version is not known.
    """
    if asked:
        return asked.rstrip("/")
    found = RELEASED.fullmatch(version)
    if found is None:
        raise InputError(
            f"which release's add-ons fit this Istio is not known: its version is {version or '?'}", ANOTHER
        )
    tag = f"release-{found[1]}.{found[2]}" if found["rest"] else f"{found[1]}.{found[2]}.{found[3]}"
    return f"{PUBLIC}/{tag}/{SAMPLES}"


def read(where: str, names: Sequence[str]) -> dict[str, str]:
    """The manifests' texts, by the add-ons' names, fetched side by side.

    Raises InputError where a folder does not hold one, OperationFailedError where one cannot be fetched.
    """
    one = _fetched if "://" in where else _in_folder
    return dict(zip(names, each(lambda name: one(where, f"{name}.yaml"), names), strict=True))


def digest(where: str, names: Sequence[str], *more: object) -> str:
    """What the manifests are made from, in short: for a folder its files, for an address only that: it is a release's.

    `more` is what else decides how they become. Raises InputError where a folder does not hold one.
    """
    texts = {} if "://" in where else read(where, names)
    known = json.dumps([where if not texts else "", list(names), texts, more], sort_keys=True, default=str)
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _in_folder(folder: str, name: str) -> str:
    try:
        return Path(folder, name).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"folder {folder} holds no {name} that can be read: {error}", "check --addons-from") from error


def _fetched(address: str, name: str) -> str:
    import urllib.error
    import urllib.request  # who installs nothing does not load it

    url = f"{address}/{name}"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:
            content: bytes = answer.read(MOST + 1)
        text = content.decode()
    except urllib.error.HTTPError as error:
        with error:  # it is an answer, too
            raise _unread(url, f"{error.code} {error.reason}") from error
    except (OSError, ValueError) as error:  # an odd address is a ValueError
        raise _unread(url, str(getattr(error, "reason", "") or error)) from error
    if len(content) > MOST:
        raise _unread(url, "it is longer than a manifest should be")
    return text


def _unread(url: str, why: str) -> OperationFailedError:
    return OperationFailedError(f"cannot read {url}: {why}", f"{ANOTHER}; nothing was changed")
