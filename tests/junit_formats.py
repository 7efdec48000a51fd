"""What two common schemas ask of a JUnit report, as rules: Ant's (windyroad's JUnit.xsd) and Jenkins' (junit-10.xsd).

The rules are facts about these formats, written down anew: which attributes an element must and may have, what a value
looks like, and in which order children come (a pattern over their names).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

ANY = r"(?s:.*)"
TOKEN = r"\S(?: ?\S)*"
WHOLE = r"-?\d+"
DECIMAL = r"-?\d+(\.\d+)?"
MOMENT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
SECONDS = r"\d*(\.\d*)?"


@dataclass(frozen=True, slots=True)
class Rule:
    """One element: its attributes with the pattern of their values, and a pattern over its children's names."""

    required: dict[str, str] = field(default_factory=dict)
    optional: dict[str, str] = field(default_factory=dict)
    children: str = ""


REASON = {"message": ANY}
TEXT = Rule()

ANT = {
    "testsuites": Rule(children="(testsuite )*"),
    "testsuite": Rule(
        {
            "name": TOKEN, "package": TOKEN, "id": WHOLE, "hostname": TOKEN, "timestamp": MOMENT,
            "tests": WHOLE, "failures": WHOLE, "errors": WHOLE, "time": DECIMAL,
        },
        {"skipped": WHOLE},
        "properties (testcase )*system-out system-err ",
    ),
    "properties": Rule(children="(property )*"),
    "property": Rule({"name": TOKEN, "value": ANY}),
    "testcase": Rule({"name": TOKEN, "classname": TOKEN, "time": DECIMAL}, {}, "(skipped |error |failure )?"),
    "failure": Rule({"type": ANY}, REASON),
    "error": Rule({"type": ANY}, REASON),
    "skipped": Rule({}, REASON),
    "system-out": TEXT,
    "system-err": TEXT,
}  # fmt: skip

JENKINS = {
    "testsuites": Rule({}, dict.fromkeys(("name", "tests", "failures", "errors"), ANY), "(testsuite )*"),
    "testsuite": Rule(
        dict.fromkeys(("name", "tests", "failures", "errors"), ANY),
        {
            "time": SECONDS,
            **dict.fromkeys(("group", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"), ANY),
        },
        "(testsuite |properties |testcase |system-out |system-err )*",
    ),
    "properties": Rule(children="(property )*"),
    "property": Rule({"name": ANY, "value": ANY}),
    "testcase": Rule(
        {"name": ANY},
        {"time": ANY, "classname": ANY, "group": ANY},
        "(skipped |error |failure |system-out |system-err )*",
    ),
    "failure": Rule({}, {"type": ANY, "message": ANY}),
    "error": Rule({}, {"type": ANY, "message": ANY}),
    "skipped": Rule({}, {"type": ANY, "message": ANY}),
    "system-out": TEXT,
    "system-err": TEXT,
}

FORMATS = {"ant": ANT, "jenkins": JENKINS}


def broken(element: Element, rules: dict[str, Rule]) -> list[str]:
    """What is not as the format asks, in this element and all below; nothing when it is valid."""
    rule = rules.get(element.tag)
    if rule is None:
        return [f"no element {element.tag}"]
    patterns = rule.required | rule.optional
    found = [f"{element.tag} lacks {name}" for name in rule.required if name not in element.attrib]
    for name, value in element.attrib.items():
        if name not in patterns:
            found.append(f"{element.tag} may not have {name}")
        elif not re.fullmatch(patterns[name], value):
            found.append(f"{element.tag} {name}={value!r}")
    names = "".join(f"{child.tag} " for child in element)
    if not re.fullmatch(rule.children, names):
        found.append(f"{element.tag} holds {names}")
    return found + [line for child in element for line in broken(child, rules)]
