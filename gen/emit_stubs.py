"""domain/stubs.S, stubs.h and error_name.h: how a domain calls the kernel's objects."""

from __future__ import annotations

from dataclasses import dataclass

from . import cexpr, model, names, wire
from .render import render, signature
from .scope import Scope


@dataclass(frozen=True)
class Stub:
    doc: str
    signature: str
    target: str
    rdi: str
    message: bool
    restartable: bool
    brief: str  # the word of a call that takes and gives one at most; empty: it is another
    fill: str
    copies: list[str]
    stores: list[str]


def emit(whole: model.Model) -> dict[str, str]:
    core = whole.core
    if core is None:
        return {}
    scope = Scope(whole, core)
    stubs = [_stub(scope, owner, call) for owner, call in core.calls]
    return {
        "domain/stubs.S": render("stubs.S.j2", source=core.path),
        "domain/stubs.h": render("stubs.h.j2", source=core.path, stubs=stubs),
        "domain/error_name.h": render("error_name.h.j2", source=core.path, values=core.errors[0].values),
    }


def _brief(call: model.Call, takes: tuple[wire.Item, ...], gives: tuple[wire.Item, ...]) -> str:
    if {"message", "restartable"} & set(call.modes) or len(takes) > 1 or len(gives) > 1:
        return ""
    if any(item.kind == "bytes" for item in (*takes, *gives)):
        return ""
    return cexpr.to_word(takes[0], takes[0].name) if takes else "0"


def _stub(scope: Scope, owner: model.Object | None, call: model.Call) -> Stub:
    takes, gives = wire.lay(scope, call.parameters), wire.lay(scope, call.results)
    parameters = ["uint32_t slot"] if owner else []
    rdi = "0"
    if "message" in call.modes:
        rdi = takes[0].name if takes else "deadline"
        parameters += [f"uint64_t {rdi}", "struct message *message"]
    else:
        if "blocking" in call.modes:
            rdi = "deadline"
            parameters.append("uint64_t deadline")
        parameters += [cexpr.parameter(item) for item in takes] + [cexpr.pointer(item) for item in gives]
    return Stub(
        doc=call.doc, signature=signature(names.stub(call.name, owner is not None), parameters),
        target=f"{names.call(call.name)}, {'slot' if owner else '0'}", rdi=rdi, message="message" in call.modes,
        restartable="restartable" in call.modes, brief=_brief(call, takes, gives), fill="{" + (cexpr.words(takes) or ".label = 0") + "}",
        copies=cexpr.copies_in(takes, "message"), stores=cexpr.stores(gives, "message.word"))
