"""Which declared types a file sees: its own and those of the kernel's file."""

from __future__ import annotations

from . import model

INTEGERS = {"u8": 8, "u16": 16, "u32": 32, "u64": 64}

# Parameter types that the language itself knows. A slot is an index into the caller's table.
BUILT_IN = (*INTEGERS, "bool", "slot", "bytes")


class Scope:
    def __init__(self, whole: model.Model, file: model.File) -> None:
        core = whole.core
        visible = file.items if core is None or core is file else (*core.items, *file.items)
        self._types = {item.name: item for item in visible if isinstance(item, (model.Enum, model.Flags, model.Struct))}

    def enum(self, name: str) -> model.Enum | None:
        item = self._types.get(name)
        return item if isinstance(item, model.Enum) else None

    def flags(self, name: str) -> model.Flags | None:
        item = self._types.get(name)
        return item if isinstance(item, model.Flags) else None

    def struct(self, name: str) -> model.Struct | None:
        item = self._types.get(name)
        return item if isinstance(item, model.Struct) else None
