"""Users with few rights: service accounts with a role in a namespace, each with a kubeconfig of its own."""

from __future__ import annotations

import json
from pathlib import Path

from e2e.cluster import Cluster, Done, kubectl, lbdemo_argv, run

ROLES = Path(__file__).parents[2] / "docs" / "roles"


class User:
    """Somebody with one ClusterRole, bound in one namespace; runs lbdemo there."""

    def __init__(self, cluster: Cluster, role: str, folder: Path) -> None:
        self.cluster = cluster
        self.name = f"{role}-user"
        self._config = folder / f"{cluster.namespace}-{role}"
        cluster.kubectl("create", "serviceaccount", self.name)
        who = f"--serviceaccount={cluster.namespace}:{self.name}"
        cluster.kubectl("create", "rolebinding", self.name, f"--clusterrole={role}", who)
        self._config.write_text(json.dumps(self._kubeconfig()))

    def _kubeconfig(self) -> dict[str, object]:
        view = json.loads(kubectl("config", "view", "--minify", "--raw", "--flatten", "-o", "json"))
        token = self.cluster.kubectl("create", "token", self.name, "--duration=1h").strip()
        name = view["contexts"][0]["name"]
        context = {**view["contexts"][0]["context"], "user": self.name}
        view |= {"users": [{"name": self.name, "user": {"token": token}}]}
        return {**view, "contexts": [{"name": name, "context": context}]}

    @property
    def environment(self) -> dict[str, str]:
        return {"KUBECONFIG": str(self._config)}

    def __call__(self, *arguments: str, expect: int = 0) -> Done:
        # Who may not see nodes cannot tell a cluster on this machine from a tunnel, and has to say that it is right.
        yes = ("--yes",) if {"up", "clean"} & set(arguments) else ()
        return self.cluster(*arguments, *yes, expect=expect, KUBECONFIG=str(self._config))

    def outcome(self) -> str:
        """What `verify` finds; whether calls also came in turn is for tests of the strategies to say."""
        done = run(lbdemo_argv(self.cluster.namespace, "verify", "--json"), environment=self.environment)
        assert done.code in {0, 1, 7}, done.err
        outcome: str = done.json["results"][0]["verdict"]["outcome"]
        return outcome

    def may(self, command: str) -> str:
        """What a command that was printed (`kubectl auth can-i …`) answers this user."""
        return run(command.split(), environment=self.environment).out.strip()


def made_by_somebody_else(cluster: Cluster) -> None:
    """The namespace, as a platform team makes it."""
    kubectl("create", "namespace", cluster.namespace)
