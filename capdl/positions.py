"""TOML with positions: the values come from tomllib, where they stand from a small grammar of our own."""

from __future__ import annotations

import ast
import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Union

from lark import Lark, Token, Tree

from .errors import Place, refuse

Step = Union[str, int]
Way = tuple[Step, ...]

_TOMLLIB_PLACE = re.compile(r"^(.*) \(at (?:line (\d+), column (\d+)|end of document)\)$")


@cache
def _grammar() -> Lark:
    text = (Path(__file__).parent / "grammar" / "toml.lark").read_text(encoding="utf-8")
    return Lark(text, parser="lalr", lexer="contextual", propagate_positions=True)


@dataclass(frozen=True)
class Document:
    """A parsed file: its values, and the place of every key and of every value by path."""

    file: str
    values: dict[str, Any]
    keys: dict[Way, Place]
    places: dict[Way, Place]

    def key_place(self, way: Way) -> Place:
        return self.keys.get(way) or self.value_place(way)

    def value_place(self, way: Way) -> Place:
        while way not in self.places and way:
            way = way[:-1]
        return self.places.get(way, Place(self.file, 1, 1))


class _Walker:
    """Walks the positions tree, keeping the table that the next pair belongs to."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.keys: dict[Way, Place] = {}
        self.places: dict[Way, Place] = {}
        self.lengths: dict[Way, int] = {}
        self.current: Way = ()

    def resolve(self, parts: list[str], upto: int) -> Way:
        """The path of the first @upto parts, arrays of tables standing for their last element."""
        way: Way = ()
        for part in parts[:upto]:
            way = (*way, part)
            if way in self.lengths:
                way = (*way, self.lengths[way] - 1)
        return way

    def place(self, token: Token) -> Place:
        return Place(self.file, token.line or 1, token.column or 1)

    def header(self, tree: Tree[Token], is_array: bool) -> None:
        parts, place = self.key(tree.children[0])
        if is_array:
            way = (*self.resolve(parts, len(parts) - 1), parts[-1])
            self.lengths[way] = self.lengths.get(way, 0) + 1
            self.keys.setdefault(way, place)
            self.places.setdefault(way, place)
            self.current = (*way, self.lengths[way] - 1)
        else:
            self.current = self.resolve(parts, len(parts))
        self.keys[self.current] = place
        self.places[self.current] = place

    def key(self, tree: Any) -> tuple[list[str], Place]:
        tokens = [token for token in tree.children if isinstance(token, Token)]
        names = [_plain_key(token) for token in tokens]
        return names, self.place(tokens[-1] if len(tokens) == 1 else tokens[0])

    def pair(self, tree: Tree[Token], above: Way) -> None:
        parts, place = self.key(tree.children[0])
        way: Way = above
        for part in parts:
            way = (*way, part)
            self.keys.setdefault(way, place)
            self.places.setdefault(way, place)
        self.value(tree.children[1], way)

    def value(self, tree: Any, way: Way) -> None:
        meta = tree.meta
        self.places[way] = Place(self.file, meta.line, meta.column)
        inner = [child for child in tree.children if isinstance(child, Tree)]
        if tree.data == "array":
            for index, child in enumerate(inner):
                self.value(child, (*way, index))
        elif tree.data == "inline":
            for child in inner:
                self.pair(child, way)

    def walk(self, tree: Tree[Token]) -> None:
        for child in tree.children:
            assert isinstance(child, Tree)
            if child.data == "pair":
                self.pair(child, self.current)
            else:
                self.header(child, child.data == "array_table")


def _plain_key(token: Token) -> str:
    if token.type == "BASIC":
        return str(ast.literal_eval(str(token)))
    return token[1:-1] if token.type == "LITERAL" else str(token)


def read_text(text: str, file: str) -> Document:
    """Parse @text; a syntax error names its place in @file."""
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        _refuse_syntax(str(error), text, file)
    walker = _Walker(file)
    walker.places[()] = Place(file, 1, 1)
    walker.walk(_grammar().parse(text.replace("\r\n", "\n") + "\n"))
    return Document(file, values, walker.keys, walker.places)


def _refuse_syntax(message: str, text: str, file: str) -> Any:
    match = _TOMLLIB_PLACE.match(message)
    what = match[1] if match else message
    if match and match[2]:
        place = Place(file, int(match[2]), int(match[3]))
    else:
        place = Place(file, text.count("\n") + 1, 1)
    refuse(place, f"not TOML: {what[:1].lower()}{what[1:]}", "TOML 1.0")
