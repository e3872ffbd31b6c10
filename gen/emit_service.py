"""Clients for domains and guests, and server skeletons, of every interface."""

from __future__ import annotations

from dataclasses import dataclass

from . import cexpr, model, names, wire
from .emit_header import c_enums, header
from .render import join, render
from .scope import Scope

# A guest picks the entry for its processor at run time.
HYPERCALLS = (("hypercall_vmmcall", "vmmcall"), ("hypercall_vmcall", "vmcall"))


@dataclass(frozen=True)
class MethodView:
    """What the templates say about a method."""

    interface: str
    method: model.Method
    takes: tuple[wire.Item, ...]
    gives: tuple[wire.Item, ...]

    @property
    def short(self) -> str:
        return self.method.name

    @property
    def name(self) -> str:
        return f"{self.interface}_{self.method.name}"

    @property
    def doc(self) -> str:
        return self.method.doc

    @property
    def blocking(self) -> bool:
        return "blocking" in self.method.modes

    @property
    def number_name(self) -> str:
        return self.name.upper()

    @property
    def label(self) -> str:
        return f"INTERFACE_{self.interface.upper()}, {self.number_name}"

    @property
    def length(self) -> int:
        return wire.length(self.takes)

    @property
    def answer_length(self) -> int:
        return wire.length(self.gives)

    # The client's side.

    @property
    def parameters(self) -> list[str]:
        return [cexpr.parameter(item) for item in self.takes] + [cexpr.pointer(item) for item in self.gives]

    @property
    def fill(self) -> str:
        return cexpr.words(self.takes) or ".badge = 0"

    @property
    def copies(self) -> list[str]:
        return cexpr.copies_in(self.takes, "message")

    @property
    def refused(self) -> str:
        return join(cexpr.refusals(self.gives, "message.word"), " || ", len("    if ("))

    @property
    def stores(self) -> list[str]:
        return cexpr.stores(self.gives, "message.word")

    # The server's side.

    @property
    def handler(self) -> str:
        typed = [f"const struct {self.name}_in *in"] if self.takes else []
        return ", ".join(["void *context", "uint64_t badge", *typed,
                          *([f"struct {self.name}_out *out"] if self.gives else [])])

    @property
    def arguments(self) -> str:
        return ", ".join(["context", "message->badge", *(["&in"] if self.takes else []),
                          *(["&out"] if self.gives else [])])

    @property
    def reply(self) -> str:
        return "struct message *message" + (f", const struct {self.name}_out *out" if self.gives else "")

    @property
    def refusal(self) -> str:
        return join(cexpr.refusals(self.takes, "message->word"), " || ", len("    if ("))

    @property
    def values(self) -> str:
        scalars = cexpr.fields(self.takes, "message->word")
        return join(scalars, ", ", len(f"    in = (struct {self.name}_in){{")) if scalars else "0"

    @property
    def in_copies(self) -> list[str]:
        return cexpr.copies_out(self.takes, "message->word", "in.")

    @property
    def answer_fill(self) -> str:
        return cexpr.words(self.gives, "out->") or ".word = {0}"

    @property
    def answer_copies(self) -> list[str]:
        return [line.replace("&message.word", "&message->word") for line in
                cexpr.copies_in(self.gives, "message", "out->")]


def views(scope: Scope, interface: model.Interface) -> list[MethodView]:
    return [MethodView(interface.name, method, wire.lay(scope, method.parameters), wire.lay(scope, method.results))
            for method in interface.methods]


def emit(whole: model.Model) -> dict[str, str]:
    outputs = {}
    for file, interface in whole.interfaces():
        values = {"source": file.path, "interface": interface, "header": header(whole, file),
                  "methods": views(Scope(whole, file), interface)}
        outputs[f"domain/{interface.name}_server.h"] = render("server.h.j2", **values)
        if interface.serves("domain"):
            outputs[f"domain/{interface.name}_client.h"] = render("client.h.j2", **values)
    return outputs | _guest(whole)


def _guest(whole: model.Model) -> dict[str, str]:
    core = whole.core
    served = [(file, interface) for file, interface in whole.interfaces() if interface.serves("guest")]
    if core is None or not served:
        return {}
    files = list(dict.fromkeys(file for file, _ in served))
    source = ", ".join(file.path for file in [core, *files])
    services = [(interface, views(Scope(whole, file), interface)) for file, interface in served]
    used = {item.type for _, methods in services for view in methods for item in (*view.takes, *view.gives)}
    enums = [enum for file in [core, *files] for enum in c_enums(file) if enum[1] in used]
    return {
        "guest/hypercall.h": render("hypercall.h.j2", source=source, file=core, entries=HYPERCALLS, enums=enums,
                                    services=services),
        "guest/hypercall.S": render("hypercall.S.j2", source=source, entries=HYPERCALLS),
    }
