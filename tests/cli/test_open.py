from __future__ import annotations

import socket

import pytest
from echo_server import told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["loki"], "choose one of kiali, jaeger, grafana, prometheus, ui"),
        (["kiali", "--port", "70000"], "--port"),
        (["kiali", "-n", "No"], "'No' cannot be a namespace's name"),
        (["ui", "-n", "kube-system"], "kube-system belongs to the system"),
        ([], "NAME"),
    ],
)
def test_bad_input_is_refused_before_anything_is_asked(arguments: list[str], words: str) -> None:
    code, output, said = told("open", *arguments)

    assert (code, output) == (2, "")
    assert words in said


def test_a_taken_port_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mine:
        code, output, said = told("open", "kiali", "--port", str(mine.getsockname()[1]))

    assert (code, output) == (2, "")
    assert "cannot be had: address already in use" in said


def test_the_page_is_that_of_ui_with_the_variables_of_its_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LBDEMO_ENVOY_IMAGE", "no image")

    code, _, said = told("open", "ui")

    assert code == 2
    assert "'no image' is not an image reference" in said
