"""Changes, each done or explained; a delete hits the object that was meant, and no other of its name."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fake_api import FakeApi

from lbdemo.kube.kinds import CONFIG_MAPS, LEASES, NAMESPACES, PODS
from lbdemo.kube.writes import Deletion, RefusedError
from lbdemo.tools.failures import ConflictError, NotFoundError, TerminatingError


def config_map(name: str = "kept", **meta: Any) -> dict[str, Any]:
    return {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop", **meta}}


@pytest.fixture
def server() -> Iterator[FakeApi]:
    with FakeApi() as fake:
        yield fake


def test_what_is_created_is_there(server: FakeApi) -> None:
    made = server.api().create(CONFIG_MAPS, {"metadata": {"name": "kept"}, "data": {"a": "b"}}, "shop")

    assert made["metadata"]["uid"]
    assert server.there(CONFIG_MAPS, "kept", "shop")


def test_what_exists_is_not_created_again(server: FakeApi) -> None:
    server.add(config_map())

    with pytest.raises(ConflictError, match="already exists"):
        server.api().create(CONFIG_MAPS, {"metadata": {"name": "kept"}}, "shop")


def test_nothing_is_created_in_a_namespace_that_goes_away(server: FakeApi) -> None:
    server.add({"kind": "Namespace", "metadata": {"name": "shop", "deletionTimestamp": "2026-01-01T00:00:00Z"}})

    with pytest.raises(TerminatingError, match="being terminated"):
        server.api().create(CONFIG_MAPS, {"metadata": {"name": "kept"}}, "shop")


def test_nor_in_one_that_is_not_there(server: FakeApi) -> None:
    server.add({"kind": "Namespace", "metadata": {"name": "other"}})

    with pytest.raises(NotFoundError, match="not found"):
        server.api().create(CONFIG_MAPS, {"metadata": {"name": "kept"}}, "shop")


def test_a_quota_is_no_missing_right(server: FakeApi) -> None:
    server.refuse("create", "configmaps", 403, "Forbidden", "exceeded quota: q", kind="configmaps")

    with pytest.raises(RefusedError, match="exceeded quota"):
        server.api().create(CONFIG_MAPS, {"metadata": {"name": "kept"}}, "shop")


def test_only_the_version_that_was_read_is_replaced(server: FakeApi) -> None:
    server.add({"kind": "Lease", "metadata": {"name": "lock", "namespace": "shop"}, "spec": {"holderIdentity": "a"}})
    api = server.api()
    read = server.objects[LEASES.resource, "shop", "lock"]
    api.replace(LEASES, {**read, "spec": {"holderIdentity": "b"}}, "shop")

    with pytest.raises(ConflictError):
        api.replace(LEASES, {**read, "spec": {"holderIdentity": "c"}}, "shop")

    assert server.objects[LEASES.resource, "shop", "lock"]["spec"] == {"holderIdentity": "b"}


def test_labels_come_and_go(server: FakeApi) -> None:
    server.add({"kind": "Namespace", "metadata": {"name": "shop", "labels": {"old": "1", "kept": "2"}}})

    server.api().label(NAMESPACES, "shop", {"new": "3", "old": None})

    assert server.objects["namespaces", "", "shop"]["metadata"]["labels"] == {"kept": "2", "new": "3"}


def test_what_is_deleted_is_gone_and_what_was_not_there_is_no_failure(server: FakeApi) -> None:
    server.add(config_map(uid="u1"))
    api = server.api()

    assert api.delete(CONFIG_MAPS, "kept", "shop", uid="u1") is Deletion.DONE
    assert api.delete(CONFIG_MAPS, "kept", "shop", uid="u1") is Deletion.ABSENT


def test_an_object_that_has_taken_the_name_stays(server: FakeApi) -> None:
    server.add(config_map(uid="somebody-elses"))

    assert server.api().delete(CONFIG_MAPS, "kept", "shop", uid="ours") is Deletion.ANOTHER

    assert server.there(CONFIG_MAPS, "kept", "shop")


def test_a_conflict_over_the_object_that_was_meant_is_one(server: FakeApi) -> None:
    server.add(config_map(uid="ours")).refuse("delete", "configmaps", 409, "Conflict", "not now", name="kept")

    with pytest.raises(ConflictError, match="not now"):
        server.api().delete(CONFIG_MAPS, "kept", "shop", uid="ours")


def test_who_may_not_delete_is_told_the_right(server: FakeApi) -> None:
    server.add(config_map()).forbid("delete", "configmaps")

    with pytest.raises(RefusedError, match="cannot delete configmaps kept in namespace shop") as raised:
        server.api().delete(CONFIG_MAPS, "kept", "shop")

    assert "kubectl auth can-i delete configmaps/kept -n shop" in raised.value.hint


def test_the_dependents_go_as_was_asked(server: FakeApi) -> None:
    server.add({"kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}})

    server.api().delete(PODS, "p", "shop", propagation="Foreground", grace=0)

    assert server.bodies[-1]["propagationPolicy"] == "Foreground"
    assert server.bodies[-1]["gracePeriodSeconds"] == 0


def test_each_change_can_be_pasted(server: FakeApi) -> None:
    lines: list[str] = []
    server.add(config_map())
    api = server.api(trace=lines.append)
    api.delete(CONFIG_MAPS, "kept", "shop")
    api.create(CONFIG_MAPS, {"metadata": {"name": "new"}}, "shop")
    api.label(CONFIG_MAPS, "new", {"a": "b"}, "shop")

    assert lines[0] == "kubectl -n shop delete configmaps/kept --cascade=background --wait=false"
    assert lines[1].splitlines()[0] == "kubectl -n shop create -f - <<'EOF'"
    assert lines[2] == """kubectl -n shop patch configmaps/new --type=merge -p '{"metadata": {"labels": {"a": "b"}}}'"""
