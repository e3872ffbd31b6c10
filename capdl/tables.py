"""Reading one TOML table: typed keys, bounds, and a complaint about every key nobody asked for."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from .errors import Faults, Place
from .positions import Document, Way

Item = TypeVar("Item")

NAME = re.compile(r"[a-z][a-z0-9-]*")
_KINDS = {str: "a string", int: "an integer", bool: "true or false", list: "a list", dict: "a table"}


def kind_of(value: Any) -> str:
    """How an error message calls a value."""
    for python, words in (
        (bool, "true or false"),
        (str, "a string"),
        (int, "an integer"),
        (list, "a list"),
        (dict, "a table"),
    ):
        if isinstance(value, python):
            return words
    return "a date or a float"


def one_of(names: Iterable[str]) -> str:
    """`one of a, b, c`, or what to say when there is nothing to choose from."""
    known = sorted(names)
    return f"one of {', '.join(known)}" if known else "none, since there is none"


class Table:
    """A table with its place. Faults are collected; a faulty key reads as its default."""

    def __init__(self, document: Document, faults: Faults, way: Way, values: dict[str, Any]) -> None:
        self.document = document
        self.faults = faults
        self.way = way
        self.values = values
        self.asked: set[str] = set()

    @property
    def place(self) -> Place:
        return self.document.key_place(self.way)

    def at(self, key: str) -> Place:
        """Where the value of @key stands, or the table if it is absent."""
        return self.document.value_place((*self.way, key)) if key in self.values else self.place

    def has(self, key: str) -> bool:
        self.asked.add(key)
        return key in self.values

    def fault(self, key: str, what: str, expected: str) -> None:
        self.faults.add(self.at(key), what, expected)

    def _value(self, key: str, kind: type, default: Any) -> Any:
        self.asked.add(key)
        if key not in self.values:
            if default is None:
                self.faults.add(self.place, f"{self.title()} has no '{key}'", f"'{key}' to be {_KINDS[kind]}")
            return kind() if default is None else default
        value = self.values[key]
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            self.fault(key, f"'{key}' is {kind_of(value)}", _KINDS[kind])
            return kind() if default is None else default
        return value

    def title(self) -> str:
        """`[system]`, `[[guest]] 2`: what the table is called in a message."""
        names = [str(step) for step in self.way if isinstance(step, str)]
        if not names:
            return "the description"
        indexed = isinstance(self.way[-1], int)
        return f"[[{'.'.join(names)}]]" if indexed else f"[{'.'.join(names)}]"

    def text(self, key: str, default: str | None = None, longest: int = 1024) -> str:
        value: str = self._value(key, str, default)
        bad = next((char for char in value if not " " <= char <= "~"), None)
        if bad is not None:
            self.fault(key, f"'{key}' holds the character {bad!r}", "printable ASCII")
        if len(value) > longest:
            self.fault(key, f"'{key}' has {len(value)} characters", f"at most {longest}")
        return value

    def name(self, key: str, default: str | None = None, longest: int = 15) -> str:
        value: str = self._value(key, str, default)
        if key in self.values and value and not (NAME.fullmatch(value) and len(value) <= longest):
            self.fault(key, f"'{value}' is not a name", f"1 to {longest} of a-z, 0-9 and -, a letter first")
        elif key in self.values and not value and default is None and isinstance(self.values[key], str):
            self.fault(key, f"'{key}' is empty", "a name")
        return value

    def integer(self, key: str, low: int, high: int, default: int | None = None) -> int:
        value: int = self._value(key, int, default)
        if key in self.values and isinstance(self.values[key], int) and not low <= value <= high:
            self.fault(key, f"'{key}' is {value}", f"{low} to {high}")
            return low if default is None else default
        return value

    def boolean(self, key: str, default: bool) -> bool:
        return bool(self._value(key, bool, default))

    def choice(self, key: str, known: Iterable[str], default: str | None = None) -> str:
        names = list(known)
        value: str = self._value(key, str, default)
        if key in self.values and isinstance(self.values[key], str) and value not in names:
            self.fault(key, f"'{key}' is '{value}'", one_of(names))
            return names[0] if default is None else default
        return value

    def texts(self, key: str, required: bool = False) -> list[tuple[str, Place]]:
        """A list of strings, each with its place."""
        values: list[Any] = self._value(key, list, None if required else [])
        found: list[tuple[str, Place]] = []
        for index, value in enumerate(values):
            place = self.document.value_place((*self.way, key, index))
            if isinstance(value, str):
                found.append((value, place))
            else:
                self.faults.add(place, f"'{key}' holds {kind_of(value)}", "a string")
        return found

    def table(self, key: str) -> Table:
        value: dict[str, Any] = self._value(key, dict, {})
        return Table(self.document, self.faults, (*self.way, key), value)

    def tables(self, key: str, read: Callable[[Table], Item]) -> list[Item]:
        """An array of tables, each read by @read."""
        if isinstance(self.values.get(key), dict):
            self.asked.add(key)
            self.faults.add(self.document.key_place((*self.way, key)), f"'{key}' is one table", f"[[{key}]]")
            return []
        values: list[Any] = self._value(key, list, [])
        found: list[Item] = []
        for index, value in enumerate(values):
            way = (*self.way, key, index)
            if isinstance(value, dict):
                one = Table(self.document, self.faults, way, value)
                found.append(read(one))
                one.finish()
            else:
                self.faults.add(self.document.value_place(way), f"'{key}' holds {kind_of(value)}", "a table")
        return found

    def finish(self) -> None:
        """Complain about keys that no one asked for."""
        for key in self.values:
            if key not in self.asked:
                close = difflib.get_close_matches(key, self.asked, 1)
                expected = f"'{close[0]}'" if close else one_of(self.asked)
                self.faults.add(
                    self.document.key_place((*self.way, key)), f"unknown key '{key}' in {self.title()}", expected
                )
