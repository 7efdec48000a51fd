"""Objects as checks look at them. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from lbdemo.cluster.doctor.evidence import Hook, Limit, Quota, Template
from lbdemo.cluster.istio.injectors import parse_selector

TEMPLATE = re.compile(r"(?m)^  ([a-z][-a-z]*): [|]$")  # one key of the injector's `templates`
Document = Mapping[str, Any]


def hook(configuration: Document, entry: Document) -> Hook:
    """One webhook of a configuration of either kind. One that does not say refuses, as the API has it."""
    asked = entry.get("clientConfig") or {}
    service = asked.get("service") or {}
    rules = entry.get("rules") or ()
    return Hook(
        configuration=f"{configuration['kind'].lower()}/{configuration['metadata']['name']}",
        name=entry.get("name", ""),
        refuses=entry.get("failurePolicy", "Fail") == "Fail",
        home=service.get("namespace", ""),
        service=service.get("name", ""),
        resources=frozenset(name.partition("/")[0] for rule in rules for name in rule.get("resources") or ()),
        operations=frozenset(name for rule in rules for name in rule.get("operations") or ()),
        namespaces=parse_selector(entry.get("namespaceSelector")),
    )


def quota(item: Document) -> Quota:
    """One ResourceQuota."""
    spec, status = item.get("spec") or {}, item.get("status") or {}
    scopes = set(spec.get("scopes") or ()) - {"NotTerminating"}  # which all our pods are
    scoped = bool(scopes or spec.get("scopeSelector"))
    hard = status.get("hard") or spec.get("hard") or {}
    return Quota(item["metadata"]["name"], hard, status.get("used") or {}, scoped)


def limits(item: Document) -> Iterator[Limit]:
    """What a LimitRange says of containers."""
    for entry in (item.get("spec") or {}).get("limits") or ():
        if entry.get("type") == "Container":
            yield Limit(
                item["metadata"]["name"],
                *({key: str(value) for key, value in (entry.get(name) or {}).items()}
                  for name in ("min", "max", "default", "defaultRequest")),
            )  # fmt: skip


def template(source: str, item: Document) -> Template:
    """The ConfigMap of Istio's injector: `config` holds the templates in YAML, `values` the charts' values in JSON."""
    data = item.get("data") or {}
    names = frozenset(found[1] for found in TEMPLATE.finditer(data.get("config", "")))
    values = json.loads(data.get("values") or "{}")
    new, old = (values.get("pilot") or {}).get("cni") or {}, values.get("istio_cni") or {}
    return Template(source, names, cni=bool(new.get("enabled") or old.get("enabled")))
