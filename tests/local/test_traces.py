from __future__ import annotations

import pytest

from lbdemo.errors import MissingProgramError, OperationFailedError
from lbdemo.local import traces


@pytest.mark.parametrize("package", ["opentelemetry.sdk", "opentelemetry.instrumentation.grpc"])
def test_what_is_missing_for_traces_is_named(monkeypatch: pytest.MonkeyPatch, package: str) -> None:
    monkeypatch.setattr("lbdemo.echo.tracing._is_there", lambda name: name != package)

    with pytest.raises(MissingProgramError, match=f"the package {package} is missing") as missing:
        traces.check_available()

    assert "lbdemo[trace]" in missing.value.hint


def test_here_all_is_there() -> None:
    traces.check_available()


def test_a_package_whose_parent_is_not_there_is_missing() -> None:
    from lbdemo.echo.tracing import _is_there

    assert not _is_there("nobody.has.this")


def test_a_collector_that_does_not_answer_is_named() -> None:
    with pytest.raises(OperationFailedError, match="did not answer"):
        traces.Collector("127.0.0.1:1", "127.0.0.1:1").traces(0)
