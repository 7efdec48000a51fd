"""What this user may do, asked of the API server itself."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lbdemo.kube.answers import Right, Unseen
from lbdemo.kube.client import Client, damaged
from lbdemo.kube.questions import Question
from lbdemo.kube.refusals import Refusal

ASKING = Right("create", "selfsubjectaccessreviews", "authorization.k8s.io")
AT_ONCE = 8
REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class Rights(Client):
    """What asks for rights. A right that is not there is an answer; so everybody can be told what to ask for."""

    def may(self, right: Right) -> bool | Unseen:
        """Whether this user has the right: everybody may ask that of themselves."""
        typed = tuple(right.argv()[1:])
        question = Question(
            f"whether this user may {right}", ASKING, REVIEWS, "POST", document=_review(right), typed=typed
        )
        answer = self.document(question)
        if isinstance(answer, Refusal):
            return self.unseen(question, answer)
        status: Any = answer.get("status")
        if not isinstance(status, dict) or not isinstance(status.get("allowed"), bool):
            return self.unseen(question, damaged("no verdict in it"))
        return bool(status["allowed"])

    def lacking(self, rights: Sequence[Right]) -> tuple[Right, ...] | Unseen:
        """Which of the rights this user has not; all are asked for side by side."""
        if not rights:
            return ()
        with ThreadPoolExecutor(min(len(rights), AT_ONCE)) as pool:
            answers = list(pool.map(self.may, rights))
        unseen = next((answer for answer in answers if isinstance(answer, Unseen)), None)
        return unseen or tuple(right for right, allowed in zip(rights, answers, strict=True) if not allowed)


def _review(right: Right) -> dict[str, Any]:
    plural, _, part = right.resource.partition("/")
    attributes = {"verb": right.verb, "group": right.group, "resource": plural, "subresource": part,
                  "namespace": right.namespace, "name": right.name}  # fmt: skip
    return {
        "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {name: value for name, value in attributes.items() if value}},
    }  # fmt: skip
