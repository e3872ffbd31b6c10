"""The numbers of idl/*.idl that a description needs, read with the IDL compiler's own parser."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from gen.load import load
from gen.model import Enum, Flags

from .errors import UsageError

IDL_FOLDER = Path(__file__).resolve().parents[1] / "idl"


@dataclass(frozen=True)
class Interface:
    """A service: its number, its methods by name, and who may be a client."""

    name: str
    number: int
    methods: dict[str, int]
    for_guests: bool
    for_domains: bool

    def mask(self, names: list[str]) -> int:
        """The method mask that allows exactly @names."""
        return sum(1 << self.methods[name] for name in set(names))


@dataclass(frozen=True)
class Abi:
    """Services, enumerators and flag bits by name."""

    interfaces: dict[str, Interface]
    enums: dict[str, dict[str, int]]
    flags: dict[str, dict[str, int]]

    def type(self, name: str) -> int:
        return self.enums["object_type"][name]

    def type_name(self, number: int) -> str:
        return next(name for name, value in self.enums["object_type"].items() if value == number)

    def kind(self, name: str) -> int:
        return self.enums["resource_kind"][name]

    def bits(self, flags: str, *names: str) -> int:
        return sum(1 << self.flags[flags][name] for name in names)

    def rights(self, *names: str) -> int:
        return self.bits("rights", *names)


@cache
def abi(folder: Path = IDL_FOLDER) -> Abi:
    """Everything in @folder; an IDL error is passed on as it is."""
    files = sorted(str(path) for path in folder.glob("*.idl"))
    if not files:
        raise UsageError(f"no interface files (*.idl) in {folder}")
    model = load(files)
    enums: dict[str, dict[str, int]] = {}
    flags: dict[str, dict[str, int]] = {}
    for _, item in model.items():
        if isinstance(item, Enum | Flags):
            into = enums if isinstance(item, Enum) else flags
            into[item.name] = {value.name: value.number.value for value in item.values}
    interfaces = {
        found.name: Interface(
            found.name,
            found.number.value,
            {method.name: method.number.value for method in found.methods},
            found.serves("guest"),
            found.serves("domain"),
        )
        for _, found in model.interfaces()
    }
    return Abi(interfaces, enums, flags)
