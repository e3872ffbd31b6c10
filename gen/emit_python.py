"""python/abi.py: the same numbers, layouts and codecs for tools on the host."""

from __future__ import annotations

from . import model, names, wire
from .emit_service import views
from .layout import place
from .render import render
from .scope import Scope

_FORMATS = {8: "B", 16: "H", 32: "I", 64: "Q"}


def emit(whole: model.Model) -> dict[str, str]:
    core = whole.core
    if core is None:
        return {}
    return {"python/abi.py": render(
        "abi.py.j2", source=", ".join(file.path for file in whole.files), errors=core.errors[0].values,
        calls=[call for _, call in core.calls],
        enums=[item for file in whole.files for item in file.enums],
        flags=[item for file in whole.files for item in file.flags],
        structs=_structs(whole), interfaces=_interfaces(whole))}


def _structs(whole: model.Model) -> list[tuple[str, int, list[tuple[str, int, str, int | None]]]]:
    found = []
    for file in whole.files:
        for struct in file.structs:
            layout = place(Scope(whole, file), struct)
            fields = [(p.field.name, p.offset, p.struct or _FORMATS[p.bits], p.count) for p in layout.places]
            found.append((struct.name, layout.size, fields))
    return found


def _interfaces(whole: model.Model) -> list[tuple[model.Interface, list[tuple[str, int, str, str]]]]:
    """Each interface with (method, number, parameters, results) as Python source."""
    found = []
    for file, interface in whole.interfaces():
        methods = [(view.short, view.method.number.value, _items(view.takes), _items(view.gives))
                   for view in views(Scope(whole, file), interface)]
        found.append((interface, methods))
    return found


def _items(items: tuple[wire.Item, ...]) -> str:
    texts = []
    for item in items:
        kind = {"enum": names.camel(item.type), "flags": names.camel(item.type), "bool": "bool",
                "bytes": "bytes"}.get(item.kind, "int")
        texts.append(f"Item({item.name!r}, {kind}, {item.word}, {item.low}, 0x{item.high:x}, {item.size})")
    return "(" + ", ".join(texts) + ("," if len(texts) == 1 else "") + ")"
