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
    refusal: str
    values: str
    copies: list[str]


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
    values = join(cexpr.fields(items, "w"), ", ", len(f"    *out = (struct {call.name}_args){{")) or "0"
    return Decoder(call.name, cexpr.members(items), join(tests, " || ", len("    if (")), values,
                   cexpr.copies_out(items, "w", "out->"))
