"""OTLP's JSON, as our collector and Jaeger's query service (its API v3) answer with: spans from it, and back.

The format: https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding (identities in hexadecimal digits,
64-bit numbers as strings, enumerations as numbers).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lbdemo.traces.span import Kind, Span

ERROR = 2  # STATUS_CODE_ERROR
KINDS = {f"SPAN_KIND_{kind.name}": kind for kind in Kind}  # as some write them all the same


def spans(document: Any) -> list[Span]:
    """The spans of a document, `{"resourceSpans": [...]}`, also as Jaeger's `{"result": ...}`.

    Raises ValueError for what is none.
    """
    try:
        inner = document.get("result", document)
        return [
            _span(span, _values(of.get("resource", {}).get("attributes", ())))
            for of in inner.get("resourceSpans", ())
            for scope in of.get("scopeSpans", ())
            for span in scope.get("spans", ())
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise ValueError(f"that is no OTLP: {error}") from error


def document(found: Iterable[Span]) -> dict[str, Any]:
    """The spans as a document, one `resourceSpans` for each resource."""
    groups: dict[tuple[Any, ...], list[Span]] = {}
    for span in found:
        groups.setdefault(tuple(sorted((key, str(value)) for key, value in span.resource.items())), []).append(span)
    return {
        "resourceSpans": [
            {
                "resource": {"attributes": _attributes(group[0].resource)},
                "scopeSpans": [{"spans": [_told(span) for span in group]}],
            }
            for group in groups.values()
        ]
    }


def _span(told: Mapping[str, Any], resource: Mapping[str, Any]) -> Span:
    return Span(
        trace=told["traceId"].lower(),
        id=told["spanId"].lower(),
        parent=told.get("parentSpanId", "").lower(),
        name=told.get("name", ""),
        kind=_kind(told.get("kind", 0)),
        begin=int(told["startTimeUnixNano"]),
        end=int(told["endTimeUnixNano"]),
        attributes=_values(told.get("attributes", ())),
        resource=resource,
        failed=told.get("status", {}).get("code") in (ERROR, "STATUS_CODE_ERROR"),
    )


def _kind(told: int | str) -> Kind:
    return KINDS.get(told, Kind.UNSPECIFIED) if isinstance(told, str) else Kind(told)


def _values(attributes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    return {each["key"]: _value(each.get("value", {})) for each in attributes}


def _value(told: Mapping[str, Any]) -> Any:
    """One of OTLP's typed values; lists and maps stay as they are."""
    for kind, value in told.items():
        return int(value) if kind == "intValue" else value
    return None


def _told(span: Span) -> dict[str, Any]:
    return {
        "traceId": span.trace,
        "spanId": span.id,
        **({"parentSpanId": span.parent} if span.parent else {}),
        "name": span.name,
        "kind": span.kind.value,
        "startTimeUnixNano": str(span.begin),
        "endTimeUnixNano": str(span.end),
        "attributes": _attributes(span.attributes),
        **({"status": {"code": ERROR}} if span.failed else {}),
    }


def _attributes(values: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": _typed(value)} for key, value in values.items()]


def _typed(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    return {"doubleValue": value} if isinstance(value, float) else {"stringValue": str(value)}
