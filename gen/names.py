"""How things are called in C."""

from __future__ import annotations

from . import model
from .wire import Item

# What a generated name may not be: C keywords and macros of the standard headers.
RESERVED = frozenset(
    "auto break case char const continue default do double else enum extern float for goto if inline int long "
    "register restrict return short signed sizeof static struct switch typedef union unsigned void volatile while "
    "bool true false asm errno linux unix".split())

# Types that the generated headers declare themselves.
TAGS = frozenset({"error", "call", "message", "dispatch", "call_rule", "label"})

# What generated functions call their own parameters and variables.
TAKEN = frozenset({"slot", "deadline", "message", "error", "in", "out", "invoke"})


def prefix(name: str) -> str:
    """Enumerators of `rights` are RIGHT_*, of `map_flags` MAP_*, of anything else NAME_*."""
    if name == "rights":
        return "RIGHT"
    return name.removesuffix("_flags").upper()


def error(value: model.Value) -> str:
    return "OK" if value.number.value == 0 else f"ERR_{value.name.upper()}"


def call(call_name: str) -> str:
    return f"CALL_{call_name.upper()}"


def integer(bits: int) -> str:
    return f"uint{bits}_t"


def c_type(item: Item) -> str:
    """Type of the item in C; flags stay integers because any combination is a value."""
    if item.kind == "enum":
        return f"enum {item.type}"
    if item.kind == "bool":
        return "bool"
    return integer(item.bits)


def stub(operation_name: str, in_object: bool) -> str:
    """Calls without an object are `syscall_null`, the others carry their object's name already."""
    return operation_name if in_object else f"syscall_{operation_name}"


def camel(name: str) -> str:
    """Class name in Python; the plural of flags stays."""
    return "".join(part.capitalize() for part in name.split("_"))
