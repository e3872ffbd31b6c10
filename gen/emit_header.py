"""include/bulkhead/*.h: numbers, structs and pages in C; and the same numbers for assembly."""

from __future__ import annotations

from . import model, names
from .layout import Layout, place
from .render import WIDTH, render
from .scope import Scope


def emit(whole: model.Model) -> dict[str, str]:
    outputs = {}
    for file in whole.files:
        stem = header(whole, file)
        outputs[f"include/bulkhead/{stem}.h"] = _header(whole, file, stem)
        if file is whole.core:
            outputs["include/bulkhead/abi_asm.h"] = render("abi_asm.h.j2", file=file, groups=_assembly(whole, file))
    outputs["include/bulkhead/abi_check.h"] = _check(whole)
    outputs["include/bulkhead/message.h"] = render("message.h.j2", source=", ".join(f.path for f in whole.files[:1]))
    return outputs


def header(whole: model.Model, file: model.File) -> str:
    """Name of a file's header: `abi` for the kernel's, else the file's own name."""
    return "abi" if file is whole.core else file.stem


def _header(whole: model.Model, file: model.File, stem: str) -> str:
    scope = Scope(whole, file)
    layouts = [place(scope, struct) for struct in file.structs]
    return render("header.h.j2", file=file, stem=stem, core=file is whole.core, enums=c_enums(file),
                  structs=[(layout.struct, _members(layout)) for layout in layouts],
                  rings=[(interface, ring) for interface in file.interfaces for ring in interface.rings])


def c_enums(file: model.File) -> list[tuple[str, str, list[str]]]:
    """(documentation, C tag, enumerators) of all enums and flags."""
    found = []
    for item in file.items:
        if isinstance(item, model.Enum):
            values = [f"{names.prefix(item.name)}_{v.name.upper()} = {v.number.value}" for v in item.values]
        elif isinstance(item, model.Flags):
            values = [f"{names.prefix(item.name)}_{v.name.upper()} = 1 << {v.number.value}" for v in item.values]
        else:
            continue
        if values:
            found.append((item.doc, item.name, values))
    return found


def _members(layout: Layout) -> list[str]:
    """One declaration a field; neighbours of one plain type share theirs."""
    found: list[tuple[str, list[str]]] = []
    for entry in layout.places:
        kind = f"struct {entry.struct}" if entry.struct else names.integer(entry.bits)
        array = f"[{entry.count}]" if entry.count is not None else ""
        name = entry.field.name + array
        if found and found[-1][0] == kind and len(kind) + sum(len(f) + 2 for f in found[-1][1]) + len(name) < WIDTH - 6:
            found[-1][1].append(name)
        else:
            found.append((kind, [name]))
    if layout.size > layout.used:
        found.append(("uint8_t", [f"unused_[{layout.size - layout.used}]"]))
    return [f"{kind} {', '.join(fields)};" for kind, fields in found]


def _assembly(whole: model.Model, file: model.File) -> list[list[str]]:
    """Numbers of calls, and the offsets in each page, as assignments."""
    calls = [f"{names.call(call.name)} = {call.number.value}" for _, call in file.calls]
    pages = []
    for page in file.pages:
        layout, head = place(Scope(whole, file), page), page.name.upper()
        places = [f"{head}_{entry.field.name.upper()} = {entry.offset}" for entry in layout.places]
        pages.append([*places, f"{head}_BYTES = {layout.size}"])
    return [calls, *pages]


def _check(whole: model.Model) -> str:
    layouts: list[Layout] = []
    for file in whole.files:
        layouts.extend(place(Scope(whole, file), struct) for struct in file.structs)
    return render("abi_check.h.j2", files=whole.files, headers=[header(whole, file) for file in whole.files],
                  layouts=layouts)
