from __future__ import annotations

import pytest
from fake_api import FakeApi

from lbdemo.diagnose.collect.kube_proxy import proxy_mode

CONFIGURATION = "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n"


def config_map(name: str, **data: str) -> dict[str, object]:
    return {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "kube-system"}, "data": data}


@pytest.mark.parametrize(
    ("name", "text", "mode"),
    [
        ("kube-proxy", CONFIGURATION + "mode: ipvs\n", "ipvs"),
        ("kube-proxy", CONFIGURATION + 'mode: ""\n', "iptables"),
        ("kube-proxy-config", CONFIGURATION + "mode: nftables\n", "nftables"),
        ("kube-proxy", "kind: Config\nmode: ipvs\n", ""),
        ("kube-proxy", "KubeProxyConfiguration: [", ""),
        ("other", CONFIGURATION + "mode: ipvs\n", ""),
    ],
)
def test_the_mode_is_what_its_configuration_says(name: str, text: str, mode: str) -> None:
    with FakeApi().add(config_map(name, **{"config.conf": text, "kubeconfig.conf": "apiVersion: v1\n"})) as server:
        assert proxy_mode(server.api()) == mode


def test_who_may_not_read_it_knows_nothing() -> None:
    with FakeApi().add(config_map("kube-proxy", config=CONFIGURATION + "mode: ipvs\n")) as server:
        server.forbid("get", "configmaps")

        assert proxy_mode(server.api()) == ""
