"""What a command on a cluster begins with."""

from __future__ import annotations

from typing import Any

import pytest

from lbdemo.cli.session import once
from lbdemo.errors import MissingProgramError


def test_docker_is_connected_once_and_a_failure_is_tried_again() -> None:
    answers: list[Any] = [MissingProgramError("no Docker daemon"), "docker"]

    def connect() -> Any:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    docker = once(connect)

    with pytest.raises(MissingProgramError):
        docker()
    assert docker() is docker()
    assert answers == []
