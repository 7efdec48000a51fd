"""The causes that are known, one a file: a pure function of the case, which says a finding, or why it cannot tell.

`TABLE` names them; a code never changes its meaning. LB1xx: somebody chooses per connection, or among too few. LB2xx:
what follows from that, or only looks like it. LB3xx: Istio. LB4xx: what Kubernetes was told. LB5xx: other proxies and
meshes. LB9xx: what could be seen.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lbdemo.diagnose.case import Case
    from lbdemo.diagnose.findings import CannotTell, Finding

TABLE: dict[str, str] = {
    "LB101": "l4_single_connection",
}
"""By code, the module in this room that has it: each has `cause(case) -> Iterator[Finding | CannotTell]`."""


def explain(case: Case) -> tuple[Finding | CannotTell, ...]:
    """What each known cause says of the case, in the table's order."""
    return tuple(said for module in TABLE.values() for said in _rule(module, case))


def _rule(module: str, case: Case) -> Iterator[Finding | CannotTell]:
    yield from importlib.import_module(f"{__name__}.{module}").cause(case)
