"""Evidence with other names: nothing real is left in it, and it is judged alike."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from diagnose import canaries
from diagnose.shops import caller, held, pod, service, shop
from diagnose.test_grid import CASES

from lbdemo.diagnose.diagnosis import diagnose
from lbdemo.diagnose.evidence import Evidence, Surroundings
from lbdemo.diagnose.saving import load, save
from lbdemo.kube.answers import Unseen, Why
from lbdemo.kube.records.meta import Meta, Owner
from lbdemo.kube.records.pods import Container
from lbdemo.kube.records.services import ServicePort
from lbdemo.kube.records.workloads import Autoscaler, Deployment


def judgement(evidence: Evidence) -> dict[str, Any]:
    """What is said, but for names."""
    told = diagnose(evidence).to_dict()
    found = [(f["code"], f["severity"], f["explains"], f["possible"], [len(fix["commands"]) for fix in f["fixes"]])
             for f in told["findings"]]  # fmt: skip
    flags = ("undecided", "unwanted", "unexplained", "connected_everywhere", "excused", "ignored")
    cannot = [each["code"] for each in told["cannot_tell"]]
    verdict = (told["verdict"]["outcome"], told["verdict"]["calls"])
    return {"found": found, "cannot": cannot, "verdict": verdict, **{name: told[name] for name in flags}}


def text_of(evidence: Evidence, folder: Path) -> str:
    return save(evidence, folder, anonymous=True).read_text()


@pytest.mark.parametrize("name", CASES)
def test_it_is_judged_alike(name: str, tmp_path: Path) -> None:
    seen = CASES[name][0]()

    save(seen, tmp_path, anonymous=True)

    assert judgement(load(tmp_path)) == judgement(seen)


def test_of_all_members_of_all_records_no_name_and_no_address_is_left(tmp_path: Path) -> None:
    text = text_of(canaries.evidence(), tmp_path)

    assert re.search(canaries.CANARY, text) is None
    assert load(tmp_path).version == canaries.evidence().version


def test_the_canaries_sing_where_names_are_kept(tmp_path: Path) -> None:
    text = save(canaries.evidence(), tmp_path).read_text()

    assert len(re.findall(canaries.CANARY, text)) > 200


def test_an_image_tells_what_runs_in_it_and_not_whose_it_is(tmp_path: Path) -> None:
    front = caller("front")
    assert front.pod is not None
    images = (Container("edge", "registry.acme.example/shop-nginx:1"), Container("x", "acme/jdk-shop@sha256:0"))
    seen = shop(callers=[replace(front, pod=replace(front.pod, containers=images))])

    assert "acme" not in text_of(seen, tmp_path)

    kept = load(tmp_path).callers[0].pod
    assert kept is not None
    assert [re.sub(r"\d+", "N", one.image) for one in kept.containers] == ["image-N-nginx", "image-N-jdk"]


def test_a_service_that_is_called_like_a_word_of_the_field_changes_no_word(tmp_path: Path) -> None:
    seen = shop(held(1), callers=[replace(caller("Running"), found_by="proxy")])
    named = replace(seen.service, meta=replace(seen.service.meta, name="proxy", labels={"stage": "Running"}))
    seen = replace(seen, service=named)

    text_of(seen, tmp_path)

    (kept,) = load(tmp_path).callers
    assert kept.pod is not None
    assert (kept.found_by, kept.pod.phase) == ("proxy", "Running")


def test_pods_stay_those_of_their_deployment(tmp_path: Path) -> None:
    meta = {"labels": {"pod-template-hash": "559586c498"},
            "owners": (Owner("ReplicaSet", "ledger-559586c498", "u", True),)}  # fmt: skip
    pods = [pod(f"ledger-559586c498-{n}aaaa", f"10.0.0.{n}", meta=meta) for n in (1, 2)]
    scaler = Autoscaler(Meta("HorizontalPodAutoscaler", "shop", "ledger"), "Deployment", "ledger", 1, 9, 2, 2, ())
    around = Surroundings(autoscalers=(scaler,))
    seen = shop({pods[0].name: {"10.0.1.1": 1}}, callers=[caller("checkout")], pods=pods,
                segments={pods[0].name: {"10.0.1.1": 50}}, surroundings=around)  # fmt: skip

    assert not re.search("ledger|559586c498", text_of(seen, tmp_path))
    assert "LB204" in [finding.code for finding in diagnose(load(tmp_path)).findings]


def test_a_ports_name_tells_what_is_spoken_there_and_no_more(tmp_path: Path) -> None:
    port = ServicePort(443, "grpc-ledger", "web-acme-rpc")

    assert not re.search("ledger|acme", text_of(shop(about=service(port=port)), tmp_path))

    kept = load(tmp_path).port
    assert (kept.name, kept.target) == ("grpc-port1", "web-port2-port2")


def test_what_others_said_is_left_out(tmp_path: Path) -> None:
    said = "the token eyJhbGciOi.eyJzdWIi.c2ln of alice@acme.example has expired"
    refused = Unseen("the log of pod till-0 in namespace acme", Why.REFUSED, said)
    ended = Container("main", "till:1", message=f"last line: {said}")
    seen = shop(callers=[replace(caller("till"), pod=replace(pod("till", "10.0.1.1"), containers=(ended,)))])

    text = text_of(replace(seen, unseen=(refused,)), tmp_path)

    assert not re.search("eyJ|alice|acme|till|last line", text)


@pytest.mark.parametrize("anonymous", [True, False])
def test_of_annotations_of_a_template_only_those_are_kept_that_are_read(tmp_path: Path, anonymous: bool) -> None:
    marks = {"vault.example/secret": "hunter2", "prometheus.io/port": "9100"}
    one = Deployment(Meta("Deployment", "shop", "payments"), 1, 1, 1, 1, True, 1, (), (), pod_annotations=marks)

    save(shop(surroundings=Surroundings(deployments=(one,))), tmp_path, anonymous=anonymous)

    kept = load(tmp_path).surroundings.deployments
    assert isinstance(kept, tuple)
    assert kept[0].pod_annotations == {"prometheus.io/port": "9100"}


def test_of_variables_only_those_are_kept_that_tell_something_by_names_that_are_nobodys(tmp_path: Path) -> None:
    env = {"ACME_PASSWORD": "hunter2", "JAVA_ACME_OPTS": "-Xmx1g", "ACME_GRPC_CHANNELS": "3",
           "HTTPS_PROXY": "http://me:pw@out.acme.example:3128", "NO_PROXY": ".acme.example,10.77.33.0/24",
           "ACME_TARGET": "payments:8080"}  # fmt: skip
    told = Container("app", "shop:1", env=env)
    one = replace(pod("till", "10.0.1.1"), containers=(told,))

    text = text_of(shop(callers=[replace(caller("till"), pod=one)]), tmp_path)

    assert not re.search(r"(?i)acme|hunter|me:pw|10\.77\.33", text)
    kept = json.loads(text)["callers"][0]["pod"]["containers"][0]["env"]
    assert [re.sub(r"\d+", "N", name) for name in kept] == [
        "JAVA_N", "VARIABLE_N_GRPC_CHANNELS", "HTTPS_PROXY", "NO_PROXY", "VARIABLE_N",
    ]  # fmt: skip
