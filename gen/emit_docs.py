"""docs/interfaces.md: the reference, which is also the catalogue of security-function interfaces."""

from __future__ import annotations

import re

from . import model, wire
from .cexpr import number
from .layout import place
from .render import render
from .scope import Scope

_WHO = {"kernel": "the kernel alone sends it", "domain": "domains", "guest": "guests, by hypercall"}


def emit(whole: model.Model) -> dict[str, str]:
    core = whole.core
    if core is None:
        return {}
    scopes = {file.path: Scope(whole, file) for file in whole.files}
    files = [core, *whole.others]
    text = render(
        "interfaces.md.j2", source=", ".join(file.path for file in whole.files), core=core, files=files,
        objects=[(None, [call for owner, call in core.calls if owner is None]),
                 *((item, list(item.calls)) for item in core.objects)],
        interfaces=list(whole.interfaces()), scopes=scopes, layouts=_layouts(whole), items=describe, who=_who)
    return {"docs/interfaces.md": re.sub(r"\n{3,}", "\n\n", text).rstrip() + "\n"}


def _layouts(whole: model.Model) -> dict[str, list[object]]:
    return {file.path: [place(Scope(whole, file), struct) for struct in file.structs] for file in whole.files}


def _who(interface: model.Interface) -> str:
    return " and ".join(_WHO[word.text] for word in interface.clients)


def describe(scope: Scope, parameters: tuple[model.Parameter, ...]) -> list[tuple[str, str, str, str]]:
    """(words, name, type, allowed values) of each item."""
    rows = []
    for item, parameter in zip(wire.lay(scope, parameters), parameters, strict=True):
        last = item.word + item.words - 1
        where = str(item.word) if last == item.word else f"{item.word}–{last}"
        kind = f"bytes[{item.size}]" if item.kind == "bytes" else parameter.type.name
        rows.append((where, item.name, kind, _allowed(item)))
    return rows


def _allowed(item: wire.Item) -> str:
    if item.kind == "bytes":
        return "any bytes" if item.size % wire.WORD_BYTES == 0 else "any bytes; the rest of the last word is zero"
    if item.kind == "flags":
        return f"bits 0x{item.high:x}"
    if item.kind == "enum" and not item.contiguous:
        return ", ".join(str(value) for value in item.values)
    return f"{item.low}–{number(item.high).rstrip('ul')}"
