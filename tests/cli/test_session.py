"""What a command on a cluster begins with."""

from __future__ import annotations

from typing import Any

import pytest
from fake_api import FakeApi

from lbdemo.cli.session import log_in, once
from lbdemo.errors import MissingProgramError
from lbdemo.kube.answers import UnseenError


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


def test_a_login_that_fails_ends_it_before_anything_else_is_asked() -> None:
    said = "getting credentials: exec: executable corp failed with exit code 1"

    with FakeApi().proxy_says(said) as server, pytest.raises(UnseenError) as failed:
        log_in(server.api(plugin=True))

    assert "log in again" in failed.value.hint
    assert len(server.asked) == 1


def test_who_is_logged_in_goes_on() -> None:
    with FakeApi() as server:
        log_in(server.api(plugin=True))
