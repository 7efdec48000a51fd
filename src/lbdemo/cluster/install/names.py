"""What Services are called within a cluster. Pure."""

from __future__ import annotations

DOMAIN = "cluster.local"  # the DNS domain of nearly every cluster


def in_cluster(service: str, namespace: str, domain: str) -> str:
    """A Service for any pod: its resolver completes what ends in `svc`. Another domain ("" is unknown) is spelt out."""
    return f"{service}.{namespace}.svc" + (f".{domain}" if domain not in ("", DOMAIN) else "")


def whole(service: str, namespace: str, domain: str) -> str:
    """A Service for those that look it up by its whole name, as a control plane does."""
    return f"{service}.{namespace}.svc.{domain or DOMAIN}"
