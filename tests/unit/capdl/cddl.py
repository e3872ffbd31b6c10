"""A validator for the part of CDDL [RFC8610] that docs/system.cddl uses: arrays, groups, choices, ranges, sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lark import Lark, Token, Transformer

GRAMMAR = r"""
start: rule+
rule: NAME "=" type
type: _one ("/" _one)*
_one: control | range | literal | reference | array | group
control: reference "." OPERATOR argument
argument: literal | "(" range ")"
range: NUMBER ".." NUMBER
literal: NUMBER | STRING
reference: NAME
array: "[" [entries] "]"
group: "(" entries ")"
entries: entry ("," entry)* [","]
entry: [occurs] [label] type
label: NAME ":"
occurs: OCCURS
OCCURS.2: /\?|\+|\d*\*\d*/
OPERATOR: "size" | "regexp"
NUMBER: /0x[0-9a-f]+|\d+/
STRING: /"[^"]*"/
NAME: /[a-z][a-z0-9-]*/
%ignore /;[^\n]*/
%ignore /\s+/
"""


@dataclass(frozen=True)
class Entry:
    least: int
    most: int
    type: Any


class _Build(Transformer):  # type: ignore[type-arg]
    def start(self, rules: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(rules)

    def rule(self, parts: list[Any]) -> tuple[str, Any]:
        return str(parts[0]), parts[1]

    def type(self, parts: list[Any]) -> Any:
        return ("choice", parts) if len(parts) > 1 else parts[0]

    def control(self, parts: list[Any]) -> Any:
        return ("control", parts[0], str(parts[1]), parts[2])

    def argument(self, parts: list[Any]) -> Any:
        return parts[0]

    def range(self, parts: list[Token]) -> Any:
        return ("range", int(parts[0], 0), int(parts[1], 0))

    def literal(self, parts: list[Token]) -> Any:
        return ("literal", str(parts[0])[1:-1] if parts[0].type == "STRING" else int(parts[0], 0))

    def reference(self, parts: list[Token]) -> Any:
        return ("reference", str(parts[0]))

    def array(self, parts: list[Any]) -> Any:
        return ("array", parts[0] or [])

    def group(self, parts: list[Any]) -> Any:
        return ("group", parts[0])

    def entries(self, parts: list[Any]) -> list[Entry]:
        return [part for part in parts if isinstance(part, Entry)]

    def entry(self, parts: list[Any]) -> Entry:
        occurs, _, type_ = parts
        return Entry(*(occurs or (1, 1)), type_)

    def label(self, parts: list[Token]) -> str:
        return str(parts[0])

    def occurs(self, parts: list[Token]) -> tuple[int, int]:
        text = str(parts[0])
        if text in "?+":
            return (0, 1) if text == "?" else (1, 1 << 32)
        least, _, most = text.partition("*")
        return int(least or 0), int(most or 1 << 32)


class Schema:
    """The rules of a CDDL text; `problem` says what is wrong with a value."""

    def __init__(self, text: str) -> None:
        tree = Lark(GRAMMAR, parser="earley", maybe_placeholders=True).parse(text)
        self.rules: dict[str, Any] = _Build().transform(tree)

    def matches(self, value: Any, type_: Any) -> bool:
        kind = type_[0]
        if kind == "choice":
            return any(self.matches(value, one) for one in type_[1])
        if kind == "literal":
            return type(value) is type(type_[1]) and value == type_[1]
        if kind == "range":
            return type(value) is int and type_[1] <= value <= type_[2]
        if kind == "array":
            return isinstance(value, list) and any(not rest for rest in self.sequence(value, type_[1]))
        if kind == "control":
            return self.matches(value, type_[1]) and self.controlled(value, type_[2], type_[3])
        assert kind == "reference", type_
        return self.named(value, type_[1])

    def named(self, value: Any, name: str) -> bool:
        if name == "uint":
            return type(value) is int and 0 <= value < 1 << 64
        plain = {"tstr": str, "bstr": bytes, "bool": bool}
        return type(value) is plain[name] if name in plain else self.matches(value, self.rules[name])

    def controlled(self, value: Any, operator: str, argument: Any) -> bool:
        if operator == "regexp":
            return re.fullmatch(argument[1], value) is not None
        low, high = (argument[1], argument[1]) if argument[0] == "literal" else argument[1:]
        return bool(low <= len(value) <= high)

    def sequence(self, values: list[Any], entries: list[Entry]) -> Iterator[list[Any]]:
        """Every rest of @values after @entries took theirs."""
        if not entries:
            yield values
            return
        first, rest = entries[0], entries[1:]
        for left in self.repeated(values, first, 0):
            yield from self.sequence(left, rest)

    def repeated(self, values: list[Any], entry: Entry, taken: int) -> Iterator[list[Any]]:
        if taken < entry.most:
            for left in self.once(values, entry.type):
                yield from self.repeated(left, entry, taken + 1)
        if taken >= entry.least:
            yield values

    def once(self, values: list[Any], type_: Any) -> Iterator[list[Any]]:
        if type_[0] == "reference" and self.rules.get(type_[1], ("",))[0] == "group":
            yield from self.sequence(values, self.rules[type_[1]][1])
        elif values and self.matches(values[0], type_):
            yield values[1:]

    def valid(self, value: Any, rule: str = "system") -> bool:
        return self.matches(value, self.rules[rule])
