"""Rights, and whether a streaming call comes through: proxies on the way break just those."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from lbdemo.cluster.doctor.asked import COMPARE, DIAGNOSE, VERIFY, Asked
from lbdemo.cluster.doctor.checks.base import Check
from lbdemo.cluster.doctor.evidence import Evidence
from lbdemo.cluster.doctor.results import GAPS, Judged, bad, failed, ok, warning
from lbdemo.kube.answers import Right
from lbdemo.words import count

ROLES = "docs/roles.md"


def rights(asked: Asked, evidence: Evidence) -> Judged:
    """What the command cannot do without."""
    lacking = evidence.rights
    assert not isinstance(lacking, GAPS), "it is needed"
    if lacking.must:
        return failed(f"this user may not {_named(lacking.must)}", _mend(lacking.must, asked))
    return ok(f"this user has all that `lbdemo {asked.command}` takes ({count(lacking.asked, 'right')} asked for)")


def further(asked: Asked, evidence: Evidence) -> Judged:
    """What makes it see more."""
    lacking = evidence.rights
    assert not isinstance(lacking, GAPS), "it is needed"
    if lacking.more:
        return warning(f"this user may not {_named(lacking.more)}", _mend(lacking.more, asked))
    return ok("this user may look at all that helps")


def _named(lacking: Iterable[Right]) -> str:
    return ", ".join(map(str, lacking))


def _mend(lacking: Iterable[Right], asked: Asked) -> str:
    commands = "\n".join(f"  {shlex.join(right.argv(asked.context.name))}" for right in lacking)
    return f"ask for the rights ({ROLES}); to see them:\n{commands}"


def stream(asked: Asked, evidence: Evidence) -> Judged:
    """An exec that was tried."""
    tried = evidence.stream
    assert not isinstance(tried, GAPS), "it is needed"
    if not tried.pod:
        return ok("no pod runs on which one could be tried")
    if not tried.broken:
        return ok(f"an exec into pod {tried.pod} came through")
    namespace, _, name = tried.pod.partition("/")
    context = ["--context", asked.context.name] if asked.context.name else []
    command = shlex.join(["kubectl", *context, "-n", namespace, "exec", name, "--", "true"])
    return bad(
        f"an exec into pod {tried.pod} does not come through: {tried.broken}",
        f"`{command}` shows it; does a proxy stand in between (HTTPS_PROXY, proxy-url), or is the node's kubelet away?",
        fatal=asked.command in (VERIFY, COMPARE),
    )


CHECKS = (
    Check("rights", "rights", "without them the command stops in the middle", ("rights",), rights),
    Check("further rights", "rights", "without them the command sees less", ("rights",), further),
    Check(
        "exec", "streaming calls", "lbdemo measures inside pods; proxies on the way break just such calls",
        ("stream",), stream, (VERIFY, COMPARE, DIAGNOSE),
    ),
)  # fmt: skip
