"""Enums, flags, errors, structs and pages."""

from __future__ import annotations

from collections.abc import Iterator

from . import model
from .layout import Layout, element, place
from .problem import Problem
from .scope import INTEGERS, Scope

PAGE_BYTES = 4096
_LARGEST_ENUMERATOR = (1 << 31) - 1
_BASES = "u8, u16, u32 or u64"


def check(whole: model.Model) -> Iterator[Problem]:
    for file in whole.files:
        for errors in file.errors:
            yield from _errors(errors)
        for enum in file.enums:
            yield from _values(enum)
        for flags in file.flags:
            yield from _values(flags)
        known: set[str] = set()
        for struct in file.structs:
            yield from _fields(Scope(whole, file), struct, known)
            known.add(struct.name)


def _errors(errors: model.Errors) -> Iterator[Problem]:
    if not any(value.name == "ok" and value.number.value == 0 for value in errors.values):
        yield Problem(errors.position, "the errors lack 'ok = 0'", "ok = 0 \"done\"")
    for value in errors.values:
        if value.number.value > 0xFFFF:
            yield Problem(value.number.position, f"error {value.number.value} does not fit a status", "0..65535")


def _values(item: model.Enum | model.Flags) -> Iterator[Problem]:
    kind = "enum" if isinstance(item, model.Enum) else "flags"
    bits = INTEGERS.get(item.base.text)
    if bits is None:
        yield Problem(item.base.position, f"unknown type '{item.base}'", _BASES)
        return
    if not item.values:
        yield Problem(item.position, f"{kind} '{item.name}' has no values", "at least one")
    for value in item.values:
        number = value.number
        highest = min((1 << bits) - 1, _LARGEST_ENUMERATOR) if kind == "enum" else min(bits, 31) - 1
        if number.value > highest:
            what = "value" if kind == "enum" else "bit"
            yield Problem(number.position, f"{what} {number.value} does not fit {item.base}", f"0..{highest}")


def _fields(scope: Scope, struct: model.Struct, known: set[str]) -> Iterator[Problem]:
    for field in struct.fields:
        kind = field.type
        inner = scope.struct(kind.name)
        if kind.name not in INTEGERS and (inner is None or isinstance(inner, model.Page)):
            yield Problem(kind.position, f"unknown type '{kind.name}'", f"{_BASES}, or a struct")
            return
        if inner is not None and inner.position.file == struct.position.file and inner.name not in known:
            yield Problem(kind.position, f"struct '{kind.name}' is not declared yet", "its declaration above")
            return
        if kind.count is not None and kind.count.value == 0:
            yield Problem(kind.count.position, "an array of no elements", "1 or more")
            return
    if not struct.fields:
        yield Problem(struct.position, f"'{struct.name}' has no fields", "at least one")
        return
    yield from _places(scope, place(scope, struct))


def _places(scope: Scope, layout: Layout) -> Iterator[Problem]:
    for entry in layout.places:
        if entry.offset % entry.align:
            missing = entry.align - entry.offset % entry.align
            yield Problem(entry.field.position, f"field '{entry.field.name}' is misaligned at offset {entry.offset}",
                          f"an offset divisible by {entry.align}: {missing} bytes more before it")
            return
    struct = layout.struct
    if not isinstance(struct, model.Page):
        if layout.used % layout.align:
            yield Problem(struct.position, f"struct '{struct.name}' has {layout.used} bytes",
                          f"a multiple of {layout.align}: {layout.align - layout.used % layout.align} bytes more")
        return
    if struct.size.value % PAGE_BYTES or struct.size.value == 0:
        yield Problem(struct.size.position, f"a page of {struct.size.value} bytes", f"a multiple of {PAGE_BYTES}")
    elif layout.used > struct.size.value:
        first = next(entry for entry in layout.places if entry.end > struct.size.value)
        yield Problem(first.field.position, f"field '{first.field.name}' ends at byte {first.end} of page "
                      f"'{struct.name}'", f"at most {struct.size.value}")


def ring_element(scope: Scope, kind: model.TypeName) -> Iterator[Problem]:
    """A ring has a power of two of elements, each a struct."""
    struct = scope.struct(kind.name)
    if struct is None or isinstance(struct, model.Page) or element(scope, kind.name) is None:
        yield Problem(kind.position, f"'{kind.name}' cannot be the element of a ring", "a struct")
    elif kind.count is None or kind.count.value.bit_count() != 1 or kind.count.value > 1 << 15:
        yield Problem(kind.position, f"ring of {kind.name} without a usable length",
                      "[N] with a power of two up to 32768")
