from __future__ import annotations

import socket

import pytest
from echo_server import told


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "70000"], "--port"),
        (["--envoy-image", "no image"], "'no image' is not an image reference"),
        (["--timeout", "soon"], "soon"),
        (["-n", "kube-system"], "kube-system belongs to the system"),
        (["--gateway-service", "istio-ingressgateway"], "'istio-ingressgateway' is not NAMESPACE/NAME"),
    ],
)
def test_bad_input_is_refused_before_anything_is_asked(arguments: list[str], words: str) -> None:
    code, output, said = told("ui", *arguments)

    assert (code, output) == (2, "")
    assert words in said


def test_a_taken_port_is_refused_before_anything_is_installed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mine:
        code, output, said = told("ui", "--port", str(mine.getsockname()[1]))

    assert (code, output) == (2, "")
    assert "cannot be had: address already in use" in said
