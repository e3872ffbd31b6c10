"""The kernel's objects and calls."""

from __future__ import annotations

from collections.abc import Iterator

from . import model, wire
from .checks_messages import operation
from .problem import Problem
from .scope import Scope


def check(whole: model.Model) -> Iterator[Problem]:
    core = whole.core
    assert core is not None
    scope = Scope(whole, core)
    for item in core.objects:
        yield from _object(scope, item)
    for owner, call in core.calls:
        yield from operation(scope, call)
        yield from _number(call)
        yield from _right(scope, owner, call)
        yield from _modes(call)


def _object(scope: Scope, item: model.Object) -> Iterator[Problem]:
    types = scope.enum("object_type")
    same = [value for value in types.values if value.name == item.name] if types else []
    if not same or same[0].number.value != item.number.value:
        yield Problem(item.position, f"object '{item.name}' = {item.number.value} is not in enum object_type",
                      f"{item.name} = {same[0].number.value if same else item.number.value}"
                      + ("" if same else " there"))


def _number(call: model.Call) -> Iterator[Problem]:
    if call.number.value >= wire.CALLS:
        yield Problem(call.number.position, f"call number {call.number.value} is too large", f"0..{wire.CALLS - 1}")


def _right(scope: Scope, owner: model.Object | None, call: model.Call) -> Iterator[Problem]:
    if owner is None:
        if call.right is not None:
            yield Problem(call.right.position, f"a right for '{call.name}', which is on no object", "no right")
        return
    if not call.name.startswith(f"{owner.name}_"):
        yield Problem(call.position, f"call '{call.name}' of object '{owner.name}'",
                      f"a name like {owner.name}_{call.name}")
    if call.right is None:
        yield Problem(call.position, f"call '{call.name}' names no right", "'right NAME' after its number")
        return
    rights = scope.flags("rights")
    known = [value.name for value in rights.values] if rights else []
    if call.right.text not in known:
        yield Problem(call.right.position, f"unknown right '{call.right}'", ", ".join(known) or "flags rights")


def _modes(call: model.Call) -> Iterator[Problem]:
    if len(call.modes) > 1:
        yield Problem(call.position, f"call '{call.name}' is {' and '.join(sorted(call.modes))}", "one of them")
    elif "message" in call.modes:
        token = [one.type.name for one in call.parameters]
        if call.results or token not in ([], ["u64"]):
            yield Problem(call.position, f"message call '{call.name}' has words of its own",
                          "() or one u64, which travels in rdi, and no result")
