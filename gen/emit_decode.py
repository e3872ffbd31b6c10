"""kernel/decode.h: from the words of a system call to checked arguments."""

from __future__ import annotations

from dataclasses import dataclass

from . import cexpr, model, names, wire
from .render import WIDTH, render
from .scope import Scope


@dataclass(frozen=True)
class Decoder:
    name: str
    members: list[str]
    refusal: str
    values: str
    copies: tuple[str, ...]


def emit(whole: model.Model) -> dict[str, str]:
    core = whole.core
    if core is None:
        return {}
    decoders = [decoder(Scope(whole, core), call) for _, call in core.calls
                if call.parameters and "message" not in call.modes]
    rules = [_rule(owner, call) for owner, call in core.calls]
    highest = max((call.number.value for _, call in core.calls), default=0)
    limit = 1 << highest.bit_length()
    return {"kernel/decode.h": render("decode.h.j2", file=core, decoders=decoders, rules=rules, limit=limit)}


def _rule(owner: model.Object | None, call: model.Call) -> str:
    kind = f"OBJECT_TYPE_{owner.name.upper()}" if owner else "OBJECT_TYPE_NONE"
    right = f"RIGHT_{call.right.text.upper()}" if call.right else "0"
    return f"[{names.call(call.name)}] = {{{kind}, {right}}}"


def decoder(scope: Scope, call: model.Call) -> Decoder:
    items = wire.lay(scope, call.parameters)
    tests = cexpr.refusals(items, "w")
    if rest := cexpr.unused(items, "w"):
        tests.append(rest)
    scalars = [f".{item.name} = {cexpr.from_word(item, 'w')}" for item in items if item.kind != "bytes"]
    copies = tuple(f"__builtin_memcpy(out->{item.name}, &w[{item.word}], {item.size});"
                   for item in items if item.kind == "bytes")
    return Decoder(call.name, cexpr.members(items), _wrap(tests, " || ", 8),
                   _wrap(scalars, ", ", len(f"    *out = (struct {call.name}_args){{")), copies)


def _wrap(pieces: list[str], separator: str, column: int, indent: int = 8) -> str:
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
