"""What an IDL file says, as written: names are not resolved yet (types.py) nor checked (checks.py)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath

from .problem import Position


@dataclass(frozen=True)
class Word:
    """A name as written, with its place."""

    text: str
    position: Position

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Number:
    value: int
    position: Position


@dataclass(frozen=True)
class Declared:
    name: str
    position: Position
    doc: str


@dataclass(frozen=True)
class Value(Declared):
    """An enumerator, or a flag by bit number, or an error with its text."""

    number: Number
    text: str = ""


@dataclass(frozen=True)
class TypeName:
    name: str
    position: Position
    count: Number | None


@dataclass(frozen=True)
class Field(Declared):
    type: TypeName


@dataclass(frozen=True)
class Bound:
    low: Number
    high: Number


@dataclass(frozen=True)
class Parameter(Field):
    bound: Bound | None


@dataclass(frozen=True)
class Enum(Declared):
    base: Word
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Flags(Declared):
    base: Word
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Errors(Declared):
    values: tuple[Value, ...]


@dataclass(frozen=True)
class Struct(Declared):
    fields: tuple[Field, ...]


@dataclass(frozen=True)
class Page(Struct):
    size: Number


@dataclass(frozen=True)
class Operation(Declared):
    """What a call of the kernel and a method of a service share."""

    number: Number
    modes: frozenset[str]
    parameters: tuple[Parameter, ...]
    results: tuple[Parameter, ...]


@dataclass(frozen=True)
class Call(Operation):
    right: Word | None


@dataclass(frozen=True)
class Method(Operation):
    pass


@dataclass(frozen=True)
class Object(Declared):
    number: Number
    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Ring(Declared):
    type: TypeName


@dataclass(frozen=True)
class Interface(Declared):
    number: Number
    version: Number | None
    clients: tuple[Word, ...]
    methods: tuple[Method, ...]
    rings: tuple[Ring, ...]

    def serves(self, client: str) -> bool:
        return any(word.text == client for word in self.clients)


Item = Errors | Enum | Flags | Struct | Call | Object | Interface


@dataclass(frozen=True)
class File:
    path: str
    items: tuple[Item, ...] = field(default=())

    @property
    def stem(self) -> str:
        return PurePath(self.path).stem

    @property
    def errors(self) -> list[Errors]:
        return [item for item in self.items if isinstance(item, Errors)]

    @property
    def enums(self) -> list[Enum]:
        return [item for item in self.items if isinstance(item, Enum)]

    @property
    def flags(self) -> list[Flags]:
        return [item for item in self.items if isinstance(item, Flags)]

    @property
    def structs(self) -> list[Struct]:
        """Structs and pages, in order."""
        return [item for item in self.items if isinstance(item, Struct)]

    @property
    def pages(self) -> list[Page]:
        return [item for item in self.items if isinstance(item, Page)]

    @property
    def objects(self) -> list[Object]:
        return [item for item in self.items if isinstance(item, Object)]

    @property
    def interfaces(self) -> list[Interface]:
        return [item for item in self.items if isinstance(item, Interface)]

    @property
    def calls(self) -> list[tuple[Object | None, Call]]:
        """Every call with its object, in order; calls outside an object need no capability."""
        found: list[tuple[Object | None, Call]] = []
        for item in self.items:
            if isinstance(item, Call):
                found.append((None, item))
            elif isinstance(item, Object):
                found.extend((item, call) for call in item.calls)
        return found


@dataclass(frozen=True)
class Model:
    files: tuple[File, ...]

    @property
    def core(self) -> File | None:
        """The file of the kernel's objects: the one that declares the errors."""
        return next((file for file in self.files if file.errors), None)

    @property
    def others(self) -> list[File]:
        return [file for file in self.files if file is not self.core]

    def interfaces(self) -> Iterator[tuple[File, Interface]]:
        for file in self.files:
            for interface in file.interfaces:
                yield file, interface

    def items(self) -> Iterator[tuple[File, Item]]:
        for file in self.files:
            for item in file.items:
                yield file, item
