"""Where the fields of a struct or page lie. Natural alignment, no implicit padding."""

from __future__ import annotations

from dataclasses import dataclass

from . import model
from .scope import INTEGERS, Scope


@dataclass(frozen=True)
class Place:
    """A field at its offset; @bytes is the size of all its elements together."""

    field: model.Field
    offset: int
    bytes: int
    align: int
    count: int | None
    struct: str | None
    bits: int

    @property
    def end(self) -> int:
        return self.offset + self.bytes


@dataclass(frozen=True)
class Layout:
    struct: model.Struct
    places: tuple[Place, ...]
    align: int
    used: int

    @property
    def size(self) -> int:
        return self.struct.size.value if isinstance(self.struct, model.Page) else self.used


def element(scope: Scope, name: str, outer: tuple[str, ...] = ()) -> tuple[int, int] | None:
    """Size and alignment of one element of type @name, or None if it is no field type."""
    if name in INTEGERS:
        return INTEGERS[name] // 8, INTEGERS[name] // 8
    struct = scope.struct(name)
    if struct is None or isinstance(struct, model.Page) or name in outer:
        return None
    inner = place(scope, struct, (*outer, name))
    return inner.used, inner.align


def place(scope: Scope, struct: model.Struct, outer: tuple[str, ...] = ()) -> Layout:
    """Lays fields out one after the other; the checks refuse what is then misaligned."""
    places: list[Place] = []
    offset, strictest = 0, 1
    for field in struct.fields:
        one, align = element(scope, field.type.name, outer or (struct.name,)) or (0, 1)
        count = field.type.count.value if field.type.count else None
        size = one * (1 if count is None else count)
        inner = field.type.name if scope.struct(field.type.name) else None
        places.append(Place(field, offset, size, align, count, inner, INTEGERS.get(field.type.name, 0)))
        offset, strictest = offset + size, max(strictest, align)
    return Layout(struct, tuple(places), strictest, offset)
