"""kernel/decode.h: the kernel's calls, what each needs, and which words it refuses."""

from __future__ import annotations

from dataclasses import dataclass

from . import cexpr, model, names, wire
from .render import join, render
from .scope import Scope


@dataclass(frozen=True)
class Row:
    """A call of the list; @members of its parameters' structure, empty without parameters."""

    name: str
    members: list[str]
    arguments: str


def emit(whole: model.Model) -> dict[str, str]:
    core = whole.core
    if core is None:
        return {}
    rows = [_row(Scope(whole, core), owner, call) for owner, call in core.calls if owner]
    highest = max((call.number.value for _, call in core.calls), default=0)
    return {"kernel/decode.h": render("decode.h.j2", file=core, limit=1 << highest.bit_length(),
                                      with_words=[row for row in rows if row.members],
                                      with_rows=[f"WITH({row.arguments})" for row in rows if row.members],
                                      plain=[f"PLAIN({row.arguments})" for row in rows if not row.members])}


def checked(call: model.Call) -> bool:
    """False where the words are a message, or where the fast path reads one word only and so does C."""
    return not call.modes & {"message", "unchecked"} and not ("blocking" in call.modes and not call.parameters)


def takes(call: model.Call) -> bool:
    """True if words are parameters: a message's parameter travels in rdi."""
    return bool(call.parameters) and "message" not in call.modes


def _row(scope: Scope, owner: model.Object, call: model.Call) -> Row:
    items = wire.lay(scope, call.parameters) if takes(call) else ()
    used = wire.length(items) if checked(call) else wire.MESSAGE_WORDS
    refused = " || ".join(cexpr.refusals(items, "w") if checked(call) else []) or "0"
    right = call.right.text.upper() if call.right else ""
    answers = bool(call.results or call.modes & {"message", "blocking"})
    number = names.call(call.name).removeprefix("CALL_")
    head = [call.name, number, owner.name.upper(), right, str(int(answers)), str(used)]
    return Row(call.name, cexpr.word_members(items), join([*head, refused], ", ", 8))
