"""Jinja2 set up for C, Python and Markdown; every output starts with its source and generator."""

from __future__ import annotations

import textwrap
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2

from . import cexpr, names, wire

WIDTH = 132


def fill(items: list[str], indent: int = 4, separator: str = ", ", last: str = "") -> str:
    """Joins items on as few lines of WIDTH columns as they need."""
    pieces = [item + separator.rstrip() for item in items[:-1]] + [item + last for item in items[-1:]]
    lines, line = [], ""
    for piece in pieces:
        if line and indent + len(line) + 1 + len(piece) > WIDTH:
            lines.append(line)
            line = ""
        line = f"{line} {piece}" if line else piece
    return "\n".join(" " * indent + text for text in [*lines, line])


def body(head: str, items: list[str], separator: str = ", ", last: str = "") -> str:
    """`head { items };` on one line where it fits, else one block."""
    joined = separator.join(items) + last
    single = f"{head} {{ {joined} }};"
    return single if len(single) <= WIDTH else f"{head} {{\n{fill(items, 4, separator, last)}\n}};"


def comment(text: str) -> str:
    """A C comment of at most WIDTH columns, or nothing."""
    if not text:
        return ""
    lines = textwrap.wrap(text.replace("*/", "* /"), WIDTH - 6)
    return "/* " + "\n * ".join(lines) + " */\n"


def banner(source: str) -> str:
    return f"Generated from {source} by gen (docs/idl.md). Do not edit."


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).with_name("templates")), undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True, keep_trailing_newline=True, autoescape=False)
    environment.globals.update(body=body, comment=comment, banner=banner, fill=fill, signature=signature,
                               cexpr=cexpr, names=names, wire=wire)
    return environment


def render(template: str, **values: Any) -> str:
    return _environment().get_template(template).render(**values)


def signature(name: str, parameters: list[str]) -> str:
    """`name(parameters)`, continued on further lines where it is too long."""
    joined = f"{name}({', '.join(parameters) or 'void'})"
    if len(joined) + 36 <= WIDTH:
        return joined
    return f"{name}(\n{fill(parameters)})"


def join(pieces: list[str], separator: str, column: int, indent: int = 8) -> str:
    """Joins with the separator, broken after it where a line that starts at @column would pass WIDTH."""
    text = ""
    for index, piece in enumerate(pieces):
        last = index == len(pieces) - 1
        word = piece if last else piece + separator.rstrip()
        if index and column + 1 + len(word) > WIDTH:
            text, column = f"{text}\n{' ' * indent}", indent
        elif index:
            text, column = text + " ", column + 1
        text, column = text + word, column + len(word)
    return text
