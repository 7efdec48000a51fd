"""The rules as a file of Prometheus' or as an object of Prometheus Operator's."""

from __future__ import annotations

from typing import Any

import yaml

from lbdemo.promql import span
from lbdemo.rules.recording import Rule, Wanted, alert, recording


class Text(str):
    """Text of several lines, which YAML shows as such."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Lines as lines, and each value where it stands."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 (as the base class has it)
        return True


_Dumper.add_representer(
    Text, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="|")
)


def rule_file(wanted: Wanted) -> dict[str, Any]:
    """What `rule_files` of Prometheus takes."""
    rules = [*(_rule(rule, wanted.service.name) for rule in recording(wanted)), _alert(wanted)]
    return {"groups": [{"name": _name(wanted), "rules": rules}]}


def prometheus_rule(wanted: Wanted) -> dict[str, Any]:
    """A PrometheusRule (monitoring.coreos.com/v1) in the service's namespace."""
    meta = {"name": _name(wanted), "namespace": wanted.service.namespace}
    head = {"apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": meta}
    return {**head, "spec": rule_file(wanted)}


def to_yaml(document: dict[str, Any]) -> str:
    """The document as a person reads it."""
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, width=1000)


def _name(wanted: Wanted) -> str:
    return f"lbdemo-{wanted.service.name}"


def _rule(rule: Rule, service: str) -> dict[str, Any]:
    expression = Text(rule.expression + "\n") if "\n" in rule.expression else rule.expression
    return {"record": rule.record, "expr": expression, "labels": {"service": service}}


def _alert(wanted: Wanted) -> dict[str, Any]:
    found = alert(wanted)
    return {
        "alert": found.name, "expr": found.expression, "for": span(found.patience),
        "labels": {"severity": "warning"},
        "annotations": {"summary": found.summary, "description": found.description},
    }  # fmt: skip
