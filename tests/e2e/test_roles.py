"""The commands under each documented role, and under plain view, edit and admin: what should work does; what may not
says which right is missing, with the command that asks for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.cluster import Cluster, eventually, kubectl, run
from e2e.users import ROLES, User, made_by_somebody_else

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(400)]
NAMES = ("view", "edit", "admin", "lbdemo-look", "lbdemo-measure", "lbdemo-install-namespace")
READERS = ("view", "lbdemo-look")


@pytest.fixture(scope="module")
def users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, User]]:
    """One of each, in a namespace where the one who may edit has installed lbdemo."""
    kubectl("apply", "-f", str(ROLES))
    cluster = Cluster("lbdemo-roles")
    try:
        made_by_somebody_else(cluster)
        found = {name: User(cluster, name, tmp_path_factory.mktemp(name)) for name in NAMES}
        found["edit"]("up", "--adopt", "--trace", "--trace-backend", "lbdemo")
        yield found
    finally:
        run(["kubectl", "delete", "namespace", cluster.namespace, "--ignore-not-found"])
        run(["kubectl", "delete", "-f", str(ROLES), "--ignore-not-found"])


def denied(user: User, said: str) -> list[str]:
    """The commands that were printed, each of which must deny the right."""
    commands = re.findall(r"kubectl [^`\n]*auth can-i [^`\n]+", said)
    assert commands, said
    assert all(user.may(command) == "no" for command in commands), commands
    return commands


@pytest.mark.parametrize("role", READERS)
def test_who_may_look_sees_pods_and_logs_and_what_is_installed(users: dict[str, User], role: str) -> None:
    found = users[role]("status", "--json").json

    assert [pod["state"] for pod in found["pods"]] == ["Ready"] * 4
    assert found["strategy"] == "clusterip"
    assert any("secrets" in text for text in found["unseen"])
    eventually(lambda: "echo-client" in users[role]("logs", "client", "--no-follow", "--tail", "5").out)


@pytest.mark.parametrize("role", READERS)
def test_who_may_only_look_can_neither_measure_nor_install(users: dict[str, User], role: str) -> None:
    for command in (("verify",), ("trace",), ("up", "--adopt", "--replicas", "3")):
        said = users[role](*command, expect=5).err

        denied(users[role], said)


@pytest.mark.parametrize("role", ["lbdemo-measure", "edit"])
def test_who_may_measure_can_verify(users: dict[str, User], role: str) -> None:
    assert users[role].outcome() == "PINNED"
    assert users[role]("trace", "--calls", "10", "--json").json["ok"]


def test_who_may_measure_cannot_install(users: dict[str, User]) -> None:
    denied(users["lbdemo-measure"], users["lbdemo-measure"]("up", "--adopt", "--replicas", "3", expect=5).err)


@pytest.mark.parametrize("role", ["admin", "lbdemo-install-namespace"])
def test_an_istio_that_may_be_there_is_not_installed_by_who_cannot_see(users: dict[str, User], role: str) -> None:
    said = users[role]("up", "--adopt", "--istio", expect=5).err

    assert any("mutatingwebhookconfigurations" in command for command in denied(users[role], said))


def test_who_may_install_in_the_namespace_changes_and_removes_what_is_there(users: dict[str, User]) -> None:
    installer = users["lbdemo-install-namespace"]

    installer("up", "--adopt", "--strategy", "headless")
    assert installer.outcome() == "BALANCED"
    assert "nothing left" in installer("clean").out


def test_the_role_to_install_everything_is_what_up_asks_for(tmp_path: Path) -> None:
    kubectl("apply", "-f", str(ROLES))
    cluster = Cluster("lbdemo-everything")
    home = Cluster("lbdemo-everybody")
    made_by_somebody_else(home)
    try:
        user = User(home, "view", tmp_path)
        who = f"--serviceaccount={home.namespace}:{user.name}"
        kubectl("create", "clusterrolebinding", "lbdemo-e2e", "--clusterrole=lbdemo-install-everything", who)
        user.cluster = cluster
        user("up")
        assert "nothing left" in user("clean").out
    finally:
        run(["kubectl", "delete", "clusterrolebinding", "lbdemo-e2e", "--ignore-not-found"])
        run(["kubectl", "delete", "namespace", home.namespace, cluster.namespace, "--ignore-not-found"])
        run(["kubectl", "delete", "-f", str(ROLES), "--ignore-not-found"])
