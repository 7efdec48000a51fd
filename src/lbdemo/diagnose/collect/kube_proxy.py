"""How kube-proxy translates Services' addresses, by its own configuration where that can be read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from lbdemo.kube.answers import Unseen
from lbdemo.kube.kinds import CONFIG_MAPS, raw

if TYPE_CHECKING:
    from lbdemo.kube.api import Api

NAMESPACE = "kube-system"
NAMES = ("kube-proxy", "kube-proxy-config")
"""How kubeadm (and kind) and EKS name its ConfigMap."""
KIND = "KubeProxyConfiguration"


def proxy_mode(api: Api) -> str:
    """Such as ipvs or nftables; iptables where its configuration says nothing; "" where there is none to be read."""
    for name in NAMES:
        found = api.get(CONFIG_MAPS.read_as(raw), name, NAMESPACE)
        if isinstance(found, Unseen):
            return ""
        for text in ((found or {}).get("data") or {}).values():
            if KIND in text and (told := _configuration(text)) is not None:
                return str(told.get("mode") or "iptables")
    return ""


def _configuration(text: str) -> Mapping[str, Any] | None:
    import yaml

    try:
        told = yaml.safe_load(text)
    except yaml.YAMLError:
        return None
    return told if isinstance(told, dict) and told.get("kind") == KIND else None
