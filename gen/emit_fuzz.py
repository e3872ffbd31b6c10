"""fuzz/*.c: one libFuzzer harness per interface, and one for the kernel's decoders."""

from __future__ import annotations

from dataclasses import dataclass

from . import cexpr, model, wire
from .emit_decode import checked, takes
from .emit_service import MethodView, views
from .render import join, render
from .scope import Scope


@dataclass(frozen=True)
class Arguments:
    """Checked arguments, and how they go back to words."""

    name: str
    length: int
    words: str
    copies: list[str]
    refusal: str


def arguments(name: str, items: tuple[wire.Item, ...], owner: str) -> Arguments:
    copies = [f"memcpy(&w[{item.word}], {owner}{item.name}, {item.size});" for item in items if item.kind == "bytes"]
    scalars = [f"[{item.word}] = {cexpr.to_word(item, owner + item.name)}" for item in items if item.kind != "bytes"]
    return Arguments(name, wire.length(items), join(scalars, ", ", 36) or "0", copies,
                     join(cexpr.refusals(items, "w"), " || ", 12))


def emit(whole: model.Model) -> dict[str, str]:
    outputs = {}
    for file, interface in whole.interfaces():
        methods: list[tuple[MethodView, Arguments]] = [
            (view, arguments(view.short, view.takes, "in->")) for view in views(Scope(whole, file), interface)]
        outputs[f"fuzz/{interface.name}.c"] = render("fuzz_service.c.j2", source=file.path, interface=interface,
                                                     methods=methods)
    if core := whole.core:
        scope = Scope(whole, core)
        calls = [arguments(call.name, wire.lay(scope, call.parameters), "in->") for _, call in core.calls
                 if takes(call) and checked(call)]
        outputs[f"fuzz/{core.stem}.c"] = render("fuzz_kernel.c.j2", source=core.path, calls=calls)
    return outputs
