"""The checks, in the order in which they are told. One family a file; each is a pure function of evidence."""

from __future__ import annotations

from lbdemo.cluster.doctor.checks import cluster, delivery, istio, namespace_policies, programs, rights, webhooks
from lbdemo.cluster.doctor.checks.base import Check

CHECKS: tuple[Check, ...] = (
    *programs.CHECKS,
    *cluster.CHECKS,
    *rights.CHECKS,
    *delivery.CHECKS,
    *istio.CHECKS,
    *namespace_policies.CHECKS,
    *webhooks.CHECKS,
)
