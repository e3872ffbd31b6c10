"""From the text of an IDL file to the model, with lark."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedCharacters, UnexpectedInput, UnexpectedToken, v_args
from lark.exceptions import VisitError

from . import model
from .problem import IdlError, Position, Problem

_GRAMMAR = Path(__file__).with_name("idl.lark")

# How terminals are called in an error message; keywords and signs are shown quoted.
_TERMINALS = {"NAME": "a name", "NUMBER": "a number", "STRING": "a text in quotes", "$END": "the end of the file"}


def parse(path: str, text: str) -> model.File:
    """Parses one file. Raises IdlError with the place and what the grammar allows there."""
    lines = text.splitlines()
    try:
        tree = _lark().parse(text)
    except UnexpectedInput as error:
        raise IdlError([_syntax_problem(path, error, lines)]) from None
    try:
        items = _Builder(path, _Comments(lines)).transform(tree)
    except VisitError as error:
        raise error.orig_exc from None
    return model.File(path, tuple(items))


def parse_file(path: str) -> model.File:
    try:
        text = Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise IdlError([Problem(Position(path, 1, 1), f"cannot be read ({error.strerror})", "an IDL file")]) from None
    except UnicodeDecodeError:
        raise IdlError([Problem(Position(path, 1, 1), "is not text", "UTF-8")]) from None
    return parse(path, text)


@lru_cache(maxsize=1)
def _lark() -> Lark:
    return Lark(_GRAMMAR.read_text(encoding="utf-8"), parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _describe(terminal: str) -> str:
    if terminal in _TERMINALS:
        return _TERMINALS[terminal]
    pattern = next((t.pattern.value for t in _lark().terminals if t.name == terminal), terminal)
    return f"'{pattern}'"


def _syntax_problem(path: str, error: UnexpectedInput, lines: list[str]) -> Problem:
    if isinstance(error, UnexpectedToken):
        names, found = error.accepts or error.expected, f"unexpected '{error.token}'"
        at_end = error.token.type == "$END"
    elif isinstance(error, UnexpectedCharacters):
        names, found, at_end = error.allowed or set(), f"unexpected character {error.char!r}", False
    else:
        names, found, at_end = set(), "unexpected end of file", True
    words = sorted(_describe(name) for name in names if name not in ("COMMENT", "WHITESPACE"))
    expected = (", ".join(words[:-1]) + " or " + words[-1]) if len(words) > 1 else (words or ["a declaration"])[0]
    if at_end:
        position = Position(path, max(len(lines), 1), len(lines[-1]) + 1 if lines else 1)
        return Problem(position, "unexpected end of file", expected)
    return Problem(Position(path, error.line, error.column), found, expected)


class _Comments:
    """`///` lines above an item are its documentation; `//` after a field is its note."""

    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def above(self, line: int) -> str:
        found: list[str] = []
        index = line - 2
        while index >= 0 and self._lines[index].lstrip().startswith("///"):
            found.insert(0, self._lines[index].strip()[3:].strip())
            index -= 1
        return " ".join(found)

    def beside(self, line: int) -> str:
        text = self._lines[line - 1]
        cut = text.find(";")
        mark = text.find("//", cut) if cut >= 0 and text.count(";") == 1 else -1
        return text[mark + 2 :].strip() if mark >= 0 else ""


@v_args(inline=True)
class _Builder(Transformer):  # type: ignore[type-arg]
    """One method per rule of the grammar."""

    def __init__(self, path: str, comments: _Comments) -> None:
        super().__init__()
        self._path = path
        self._comments = comments

    def _at(self, token: Token) -> Position:
        return Position(self._path, token.line or 1, token.column or 1)

    def _named(self, name: Token) -> dict[str, Any]:
        return {"name": str(name), "position": self._at(name), "doc": self._comments.above(name.line or 1)}

    def _number(self, token: Token) -> model.Number:
        digits, base = (token[2:], 16) if token.startswith("0x") else (token, 10)
        value = int(digits, base) if len(digits.lstrip("0")) <= 20 else 1 << 64
        if value >= 1 << 64:
            raise IdlError([Problem(self._at(token), "a number over 64 bits", f"at most {(1 << 64) - 1}")])
        return model.Number(value, self._at(token))

    def _word(self, token: Token) -> model.Word:
        return model.Word(str(token), self._at(token))

    def start(self, *items: model.Item) -> list[model.Item]:
        return list(items)

    @v_args(inline=False, meta=True)
    def error_def(self, meta: Any, values: list[model.Value]) -> model.Errors:
        position = Position(self._path, meta.line, meta.column)
        return model.Errors("error", position, self._comments.above(meta.line), tuple(values))

    def error_value(self, name: Token, number: Token, text: Token) -> model.Value:
        return model.Value(**self._named(name), number=self._number(number), text=str(text)[1:-1])

    def value(self, name: Token, number: Token) -> model.Value:
        return model.Value(**self._named(name), number=self._number(number))

    def enum_def(self, name: Token, base: Token, *values: model.Value) -> model.Enum:
        return model.Enum(**self._named(name), base=self._word(base), values=values)

    def flags_def(self, name: Token, base: Token, *values: model.Value) -> model.Flags:
        return model.Flags(**self._named(name), base=self._word(base), values=values)

    def struct_def(self, name: Token, *fields: model.Field) -> model.Struct:
        return model.Struct(**self._named(name), fields=fields)

    def page_def(self, name: Token, size: Token, *fields: model.Field) -> model.Page:
        return model.Page(**self._named(name), size=self._number(size), fields=fields)

    def field(self, name: Token, kind: model.TypeName) -> model.Field:
        return model.Field(str(name), self._at(name), self._comments.beside(name.line or 1), kind)

    def object_def(self, name: Token, number: Token, *calls: model.Call) -> model.Object:
        return model.Object(**self._named(name), number=self._number(number), calls=calls)

    def call_def(self, name: Token, number: Token, right: Token | None, modes: frozenset[str],
                 parameters: tuple[model.Parameter, ...], results: tuple[model.Parameter, ...]) -> model.Call:
        return model.Call(**self._named(name), number=self._number(number), modes=modes, parameters=parameters,
                          results=results, right=self._word(right) if right else None)

    def modes(self, *words: str) -> frozenset[str]:
        return frozenset(words)

    def mode(self, word: Token) -> str:
        return str(word)

    def blocking(self, *words: Token) -> frozenset[str]:
        return frozenset(str(word) for word in words)

    def interface_def(self, name: Token, number: Token, version: Token | None, clients: tuple[model.Word, ...],
                      *members: model.Method | model.Ring) -> model.Interface:
        return model.Interface(
            **self._named(name), number=self._number(number), version=self._number(version) if version else None,
            clients=clients, methods=tuple(m for m in members if isinstance(m, model.Method)),
            rings=tuple(m for m in members if isinstance(m, model.Ring)))

    def clients(self, *names: Token) -> tuple[model.Word, ...]:
        return tuple(self._word(name) for name in names)

    def method_def(self, name: Token, number: Token, modes: frozenset[str], parameters: tuple[model.Parameter, ...],
                   results: tuple[model.Parameter, ...]) -> model.Method:
        return model.Method(**self._named(name), number=self._number(number), modes=modes, parameters=parameters,
                            results=results)

    def ring_def(self, name: Token, kind: model.TypeName) -> model.Ring:
        return model.Ring(**self._named(name), type=kind)

    def params(self, *parameters: model.Parameter | None) -> tuple[model.Parameter, ...]:
        return tuple(parameter for parameter in parameters if parameter is not None)

    def param(self, name: Token, kind: model.TypeName, bound: model.Bound | None) -> model.Parameter:
        return model.Parameter(str(name), self._at(name), "", kind, bound)

    def type(self, name: Token, count: Token | None) -> model.TypeName:
        return model.TypeName(str(name), self._at(name), self._number(count) if count else None)

    def bound(self, low: Token, high: Token) -> model.Bound:
        return model.Bound(self._number(low), self._number(high))
