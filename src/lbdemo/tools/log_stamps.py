"""The time stamps that `kubectl logs --timestamps` puts before each line. Lines stay bytes: they come by the million.

A stamp is RFC 3339 with up to nine decimals, in the node's own time zone; older kubelets trim trailing zeros.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

STAMP = re.compile(rb"(?m)^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d) ")
SORTABLE = 30  # bytes of a stamp with all nine decimals in UTC
ZERO = b"0001-01-01T00:00:00.000000000Z"


def sortable(line: bytes) -> bytes:
    """The line's stamp in UTC with nine decimals, so that stamps compare as bytes; `ZERO` when it has none."""
    if line[SORTABLE - 1 : SORTABLE + 1] == b"Z " and line[19:20] == b".":
        return line[:SORTABLE]
    found = STAMP.match(line)
    if found is None:
        return ZERO
    whole, decimals, zone = found.groups()
    try:
        moment = datetime.fromisoformat((whole + zone).decode()).astimezone(UTC)
    except (ValueError, OverflowError):
        return ZERO
    return moment.isoformat()[:19].encode() + b"." + (decimals or b"").ljust(9, b"0") + b"Z"


def shifted(stamp: bytes, seconds: int) -> bytes:
    """A sortable stamp so many seconds later (or earlier), cut to whole seconds: `--since-time` knows no fractions."""
    try:
        moment = datetime.fromisoformat(stamp[:19].decode()) + timedelta(seconds=seconds)
    except (ValueError, OverflowError):
        return ZERO
    return moment.isoformat().encode() + b".000000000Z"


def is_stamped(line: bytes) -> bool:
    """Whether the line is the pod's; what has no stamp is the kubelet's own message in the same stream."""
    return STAMP.match(line) is not None


def unstamped(block: bytes, prefix: bytes = b"") -> bytes:
    """Whole lines without their stamps, each with `prefix` instead (which must not contain a backslash)."""
    return STAMP.sub(prefix, block)
