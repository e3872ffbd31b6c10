"""Parameters and results: what calls and methods have in common."""

from __future__ import annotations

from collections.abc import Iterator

from . import model, wire
from .names import RESERVED, TAKEN
from .problem import Problem
from .scope import BUILT_IN, INTEGERS, Scope

_LARGEST_BYTES = wire.MESSAGE_WORDS * wire.WORD_BYTES


def operation(scope: Scope, item: model.Operation) -> Iterator[Problem]:
    problems = [problem for one in (*item.parameters, *item.results) for problem in _parameter(scope, one)]
    yield from problems
    if problems:
        return
    seen: dict[str, model.Parameter] = {}
    for one in (*item.parameters, *item.results):
        if one.name in seen:
            yield Problem(one.position, f"duplicate name '{one.name}'", f"a name not used at {seen[one.name].position}")
        seen.setdefault(one.name, one)
    for what, side in (("takes", item.parameters), ("answers", item.results)):
        words = wire.length(wire.lay(scope, side))
        if words > wire.MESSAGE_WORDS:
            yield Problem(item.position, f"'{item.name}' {what} {words} words", f"at most {wire.MESSAGE_WORDS}")


def _parameter(scope: Scope, one: model.Parameter) -> Iterator[Problem]:
    kind = one.type
    if one.name in RESERVED or one.name in TAKEN:
        yield Problem(one.position, f"'{one.name}' is a word of the generated code", "another name")
    if kind.name not in BUILT_IN and scope.enum(kind.name) is None and scope.flags(kind.name) is None:
        if scope.struct(kind.name) is not None:
            yield Problem(kind.position, f"struct '{kind.name}' cannot travel in a message", "its fields one by one")
        else:
            yield Problem(kind.position, f"unknown type '{kind.name}'", f"{', '.join(BUILT_IN)}, an enum or flags")
    elif kind.name == "bytes":
        yield from _bytes(kind)
    elif kind.count is not None:
        yield Problem(kind.count.position, f"an array of '{kind.name}' in a message", "bytes[N], or single values")
    yield from _bound(one)


def _bytes(kind: model.TypeName) -> Iterator[Problem]:
    if kind.count is None:
        yield Problem(kind.position, "bytes without a bound", f"bytes[1] to bytes[{_LARGEST_BYTES}]")
    elif not 1 <= kind.count.value <= _LARGEST_BYTES:
        yield Problem(kind.count.position, f"bytes[{kind.count.value}] does not fit a message",
                      f"bytes[1] to bytes[{_LARGEST_BYTES}]")


def _bound(one: model.Parameter) -> Iterator[Problem]:
    if one.bound is None:
        return
    low, high = one.bound.low.value, one.bound.high.value
    bits = 32 if one.type.name == "slot" else INTEGERS.get(one.type.name)
    if bits is None:
        yield Problem(one.bound.low.position, f"a bound on '{one.type.name}'",
                      "bounds on u8, u16, u32, u64 or slot only")
    elif low > high:
        yield Problem(one.bound.low.position, f"the bound {low}..{high} is empty", "the smaller number first")
    elif high >= 1 << bits:
        yield Problem(one.bound.high.position, f"the bound {low}..{high} is outside {one.type.name}",
                      f"within 0..{(1 << bits) - 1}")
