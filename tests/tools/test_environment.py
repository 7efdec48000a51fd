"""No setting of the user's changes what our commands mean."""

from __future__ import annotations

from lbdemo.tools.environment import for_programs, steering, to_paste

MINE = {
    "PATH": "/bin", "HELM_DRIVER": "sql", "HELM_KUBECONTEXT": "prod", "HELM_KUBETOKEN": "x", "HELM_NAMESPACE": "y",
    "HELM_CACHE_HOME": "/c", "KUBECONFIG": "/k",
}  # fmt: skip


def test_a_kuberc_does_not_reach_our_kubectl() -> None:
    assert for_programs({"KUBECTL_KUBERC": "true"})["KUBECTL_KUBERC"] == "false"


def test_helm_is_led_to_no_other_cluster_and_no_other_store() -> None:
    assert for_programs(MINE) == {
        "PATH": "/bin", "HELM_CACHE_HOME": "/c", "KUBECONFIG": "/k", "KUBECTL_KUBERC": "false",
    }  # fmt: skip
    assert steering(MINE) == ["HELM_DRIVER", "HELM_KUBECONTEXT", "HELM_KUBETOKEN", "HELM_NAMESPACE"]


def test_a_shell_can_have_the_same_environment() -> None:
    assert to_paste({"HELM_DRIVER": "sql"}) == "unset HELM_DRIVER; export KUBECTL_KUBERC=false"
    assert to_paste({}) == "export KUBECTL_KUBERC=false"
