"""Commands of fixes as they change an object: `kubectl patch` with a JSON patch or a merge patch."""

from __future__ import annotations

import copy
import json
import shlex
from collections.abc import Iterable
from typing import Any


def pasted(document: Any, lines: Iterable[str]) -> Any:
    """The object afterwards. Fails where a test of a JSON patch does, or a place is not there."""
    changed = copy.deepcopy(document)
    for line in lines:
        words = shlex.split(line)
        patch = json.loads(words[words.index("-p") + 1])
        if "merge" in words:
            changed = _merged(changed, patch)
        else:
            for operation in patch:
                _operate(changed, operation)
    return changed


def refuses(document: Any, lines: Iterable[str]) -> bool:
    """Whether a test of a JSON patch fails."""
    try:
        pasted(document, lines)
    except AssertionError:
        return True
    return False


def _operate(document: Any, operation: Any) -> None:
    *parents, last = (part.replace("~1", "/") for part in operation["path"].split("/")[1:])
    place: Any = document
    for part in parents:
        place = place[int(part) if isinstance(place, list) else part]
    if operation["op"] == "test":
        assert place.get(last) == operation["value"], operation
    elif operation["op"] == "remove":
        del place[last]
    else:
        assert operation["op"] == "add", operation
        place[last] = operation["value"]


def _merged(document: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    old = document if isinstance(document, dict) else {}
    changed = {name: _merged(old.get(name), value) for name, value in patch.items() if value is not None}
    return {name: value for name, value in (old | changed).items() if patch.get(name, "") is not None}
