"""How parameters and results lie in the words of a message, and which values are allowed."""

from __future__ import annotations

from dataclasses import dataclass

from . import model
from .scope import INTEGERS, Scope

MESSAGE_WORDS = 10
WORD_BYTES = 8
METHODS = 32
CALLS = 256
RESERVED_INTERFACES = 16

# The label: field name → (lowest bit, width).
LABEL = {"METHOD": (0, 5), "LENGTH": (8, 4), "INTERFACE": (16, 16), "STATUS": (32, 16)}
CALL_SHIFT = 32
HYPERCALL_BIT = 63

_EVERY_WORD = (1 << 64) - 1


@dataclass(frozen=True)
class Item:
    """One parameter or result. @values is set for enums, @mask for flags, @size for bytes."""

    name: str
    kind: str  # integer, bool, enum, flags, bytes
    bits: int
    low: int
    high: int
    word: int
    words: int = 1
    values: tuple[int, ...] = ()
    size: int = 0
    type: str = ""

    @property
    def contiguous(self) -> bool:
        """True if every number from low to high is allowed."""
        return self.kind in ("integer", "bool") or len(self.values) == self.high - self.low + 1

    @property
    def bounded(self) -> bool:
        """True if some 64-bit word is refused."""
        if self.kind == "bytes":
            return self.size % WORD_BYTES != 0
        return not (self.low == 0 and self.high == _EVERY_WORD)


def resolve(scope: Scope, parameter: model.Parameter, word: int) -> Item:
    """Needs a model that passed the checks."""
    name, kind = parameter.name, parameter.type.name
    if kind == "bytes":
        assert parameter.type.count is not None
        size = parameter.type.count.value
        return Item(name, "bytes", 8, 0, 255, word, (size + WORD_BYTES - 1) // WORD_BYTES, size=size)
    if kind == "bool":
        return Item(name, "bool", 1, 0, 1, word)
    if enum := scope.enum(kind):
        numbers = tuple(sorted(value.number.value for value in enum.values))
        return Item(name, "enum", INTEGERS[enum.base.text], numbers[0], numbers[-1], word, values=numbers, type=kind)
    if flags := scope.flags(kind):
        mask = sum(1 << value.number.value for value in flags.values)
        numbers = (0,) if mask == 0 else ()
        return Item(name, "flags", INTEGERS[flags.base.text], 0, mask, word, values=numbers, type=kind)
    bits = INTEGERS.get(kind, 32)
    low, high = (0, (1 << bits) - 1)
    if parameter.bound:
        low, high = parameter.bound.low.value, parameter.bound.high.value
    return Item(name, "integer", bits, low, high, word, type="slot" if kind == "slot" else "")


def lay(scope: Scope, parameters: tuple[model.Parameter, ...]) -> tuple[Item, ...]:
    """Gives each parameter its word or words, in order."""
    items: list[Item] = []
    word = 0
    for parameter in parameters:
        items.append(resolve(scope, parameter, word))
        word += items[-1].words
    return tuple(items)


def length(items: tuple[Item, ...]) -> int:
    return items[-1].word + items[-1].words if items else 0


def label_mask(name: str) -> int:
    shift, width = LABEL[name]
    return ((1 << width) - 1) << shift
