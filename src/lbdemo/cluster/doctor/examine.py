"""Collects what the checks need, side by side and within their time, and lets them judge."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as LateError
from typing import Any

from lbdemo.cluster.doctor.checks import CHECKS
from lbdemo.cluster.doctor.checks.base import Check
from lbdemo.cluster.doctor.evidence import Evidence
from lbdemo.cluster.doctor.probes import SOURCES, Means
from lbdemo.cluster.doctor.results import Examination
from lbdemo.errors import LbdemoError, OperationFailedError
from lbdemo.kube.answers import Unseen, UnseenError, Why

WORDS = {
    "kubectl": "kubectl's version", "helm": "Helm's version", "docker": "Docker's daemon",
    "delivery": "the image's way", "installed": "lbdemo's deployments",
    "nodes": "the nodes", "namespace": "the namespace", "server": "the API server",
    "user": "who this user is", "rights": "this user's rights", "istio": "Istio",
    "stream": "whether an exec comes through", "template": "the injector's templates", "discoverer": "istiod's Service",
    "hooks": "the webhooks", "budgets": "quotas and limits", "kinds": "the kinds of this cluster",
}  # fmt: skip
HERE = ("kubectl", "helm", "docker", "delivery", "server")
"""What needs no API server, or says that there is none to ask."""


def examine(means: Means) -> Examination:
    """Makes all checks that matter for what was asked; takes no longer than `means` has it. Changes nothing."""
    asked = means.asked
    checks = [check for check in CHECKS if check.fits(asked)]
    evidence = collect(means, sources(checks))
    results = tuple(check(asked, evidence) for check in checks)
    return Examination(
        asked.command, asked.strategy, asked.context.name, asked.context.server, asked.namespace, results
    )


def sources(checks: Collection[Check]) -> list[str]:
    """The fields of Evidence that these checks look at."""
    named = (name for check in checks for name in (*check.needs, *check.beside))
    return list(dict.fromkeys(named))


def collect(means: Means, names: Collection[str], probes: Mapping[str, Callable[[Means], Any]] = SOURCES) -> Evidence:
    """Asks all sources at once; one that has not answered in the time of `means` is told as such, and left behind."""
    there = means.asked.context.server
    running = {name: _begun(probes[name], means) for name in names if there or name in HERE}
    until = time.monotonic() + means.limit
    found = {name: _answer(name, future, until, means.limit) for name, future in running.items()}
    nowhere = {name: Unseen(WORDS.get(name, name), Why.AWAY, "no context says which") for name in names}
    return Evidence(**{**nowhere, **found})


def _begun(probe: Callable[[Means], Any], means: Means) -> Future[Any]:
    """It runs in a thread that nobody waits for in the end: what hangs must not hold up who asked."""
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(probe(means))
        except BaseException as error:  # it is raised where the answer is awaited
            future.set_exception(error)

    threading.Thread(target=run, name="doctor", daemon=True).start()
    return future


def _answer(name: str, future: Future[Any], until: float, limit: float) -> Any:
    what = WORDS.get(name, name)
    try:
        return future.result(max(0.0, until - time.monotonic()))
    except LateError:
        return Unseen(what, Why.TIMED_OUT, f"no answer in {limit:g} s")
    except UnseenError as error:
        return error.unseen
    except LbdemoError as error:
        return error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return OperationFailedError(f"cannot read {what}: {type(error).__name__}: {error}")
