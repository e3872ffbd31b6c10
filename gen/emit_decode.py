"""kernel/decode.h: from the words of a system call to checked arguments."""

from __future__ import annotations

from dataclasses import dataclass

from . import cexpr, model, names, wire
from .render import join, render
from .scope import Scope


@dataclass(frozen=True)
class Decoder:
    name: str
    members: list[str]
    refused: str
    values: list[str]
    copies: list[str]
    arguments: str


def emit(whole: model.Model) -> dict[str, str]:
    core = whole.core
    if core is None:
        return {}
    decoders = [decoder(Scope(whole, core), call) for _, call in core.calls
                if call.parameters and "message" not in call.modes]
    rules = [_rule(owner, call) for owner, call in core.calls if owner]
    highest = max((call.number.value for _, call in core.calls), default=0)
    limit = 1 << highest.bit_length()
    return {"kernel/decode.h": render("decode.h.j2", file=core, decoders=decoders, rules=rules, limit=limit)}


def _rule(owner: model.Object, call: model.Call) -> str:
    kind, name = owner.name.upper(), names.call(call.name)
    if not call.right:
        return f"[{name}] = {{OBJECT_TYPE_{kind}, 0}}"
    return f"RULE({name.removeprefix('CALL_')}, {kind}, {call.right.text.upper()})"


def decoder(scope: Scope, call: model.Call) -> Decoder:
    items = wire.lay(scope, call.parameters)
    tests = cexpr.refusals(items, "w")
    if wire.length(items) < wire.MESSAGE_WORDS:
        tests.append(f"words_unused_set(w, {wire.length(items)})")
    refused, values = " || ".join(tests) or "false", cexpr.fields(items, "w") or ["0"]
    return Decoder(call.name, cexpr.members(items), refused, values, cexpr.copies_out(items, "w", "out->"),
                   join([call.name, refused, *values], ", ", len("DECODE(")))
