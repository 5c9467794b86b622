"""What the two published schemas of JUnit files ask, as tables: of each element its attributes and its children.

Both are stated because services differ: Ant's is the stricter one in order and types, Jenkins' in what a time looks like.

Source: https://github.com/windyroad/JUnit-Schema (JUnit.xsd of Ant), and junit-10.xsd of
https://github.com/jenkinsci/xunit-plugin, which Jenkins and Surefire's files are checked with.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree


@dataclass(frozen=True)
class Element:
    """An element.

    Attributes:
        needed, allowed: attributes with the name of their type.
        children: pattern of the tags of the children, each followed by a space.
        text: whether there may be text in it.
    """

    needed: Mapping[str, str]
    allowed: Mapping[str, str]
    children: str
    text: bool = False


def _is_moment(value: str) -> bool:
    try:
        datetime.strptime(value, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        return False
    return len(value) == 19


TYPES = {
    "string": lambda value: isinstance(value, str),
    "name": lambda value: bool(value.strip()),  # a token of at least one character
    "integer": lambda value: bool(re.fullmatch(r"[+-]?\d+", value)) and -(2**31) <= int(value) < 2**31,
    "decimal": lambda value: bool(re.fullmatch(r"[+-]?(\d+(\.\d*)?|\.\d+)", value)),
    "moment": _is_moment,  # without a time zone
    "surefire": lambda value: bool(re.fullmatch(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?", value)),
}
STRING = "string"

ANT = {
    "testsuites": Element({}, {}, r"(testsuite )*"),
    "testsuite": Element(
        {
            **{"name": "name", "hostname": "name", "package": STRING, "timestamp": "moment", "time": "decimal"},
            **dict.fromkeys(("id", "tests", "failures", "errors"), "integer"),
        },
        {"skipped": "integer"},
        r"properties (testcase )*system-out system-err ",
    ),
    "properties": Element({}, {}, r"(property )*"),
    "property": Element({"name": "name", "value": STRING}, {}, ""),
    "testcase": Element({"name": STRING, "classname": STRING, "time": "decimal"}, {}, r"(skipped |error |failure )?"),
    "skipped": Element({}, {"message": STRING}, "", text=True),  # of any type
    "error": Element({"type": STRING}, {"message": STRING}, "", text=True),
    "failure": Element({"type": STRING}, {"message": STRING}, "", text=True),
    "system-out": Element({}, {}, "", text=True),
    "system-err": Element({}, {}, "", text=True),
}

_TELLING = dict.fromkeys(("type", "message"), STRING)
_RERUN = "rerunFailure |rerunError |flakyFailure |flakyError "
JENKINS = {
    "testsuites": Element(
        {}, {"time": "surefire", **dict.fromkeys(("name", "tests", "failures", "errors"), STRING)}, r"(testsuite )*"
    ),
    "testsuite": Element(
        dict.fromkeys(("name", "tests", "failures", "errors"), STRING),
        {
            "time": "surefire",
            **dict.fromkeys(
                ("group", "skipped", "timestamp", "hostname", "id", "package", "file", "log", "url"), STRING
            ),
        },
        r"(testsuite |properties |testcase |system-out |system-err )*",
    ),
    "properties": Element({}, {}, r"(property )*"),
    "property": Element({"name": STRING, "value": STRING}, {}, ""),
    "testcase": Element(
        {"name": STRING},
        dict.fromkeys(("time", "classname", "group"), STRING),
        rf"(skipped |error |failure |{_RERUN}|system-out |system-err )*",
    ),
    "skipped": Element({}, _TELLING, "", text=True),
    "error": Element({}, _TELLING, "", text=True),
    "failure": Element({}, _TELLING, "", text=True),
    "system-out": Element({}, {}, "", text=True),
    "system-err": Element({}, {}, "", text=True),
}


def violations(text: str) -> list[str]:
    """Return what either schema does not allow in a file, and counts that are not those of its cases."""
    root = ElementTree.fromstring(text)  # which refuses what XML has no character for
    found = [
        f"{name}: {said}" for name, schema in {"Ant": ANT, "Jenkins": JENKINS}.items() for said in _of(root, schema)
    ]
    found += [] if root.tag == "testsuites" else [f"the root is {root.tag}"]
    for suite in root.iter("testsuite"):
        kinds = [child.tag for case in suite.findall("testcase") for child in case]
        counts = {"tests": len(suite.findall("testcase"))}
        counts |= {f"{kind}s": kinds.count(kind) for kind in ("failure", "error")} | {"skipped": kinds.count("skipped")}
        found += [f"{name} is {suite.get(name)}" for name, n in counts.items() if suite.get(name) != str(n)]
    return found


def _of(element: ElementTree.Element, schema: Mapping[str, Element]) -> Iterator[str]:
    known = schema.get(element.tag)
    if known is None:
        yield f"unknown element {element.tag}"
        return
    types = {**known.needed, **known.allowed}
    yield from (f"{element.tag} lacks {name}" for name in known.needed if name not in element.attrib)
    for name, value in element.attrib.items():
        if name not in types:
            yield f"{element.tag} may not have {name}"
        elif not TYPES[types[name]](value):
            yield f"{name}={value!r} of {element.tag} is no {types[name]}"
    children = "".join(f"{child.tag} " for child in element)
    if not re.fullmatch(known.children, children):
        yield f"{element.tag} may not hold {children}"
    between = [element.text, *(child.tail for child in element)]
    if not known.text and any((one or "").strip() for one in between):
        yield f"{element.tag} may not hold text"
    for child in element:
        yield from _of(child, schema)
