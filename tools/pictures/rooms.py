"""rooms.svg: who includes whom, read from the #include lines of the tree."""

from __future__ import annotations

import re
from pathlib import Path

from .svg import INK, SOFT, Canvas

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
_BLUE, _ORANGE, _GREEN, _GOLD = "#0b6bcb", "#c05a00", "#1a7f4b", "#8a6a00"

# Room, folder, what it is. From the top down; arrows may point down only.
DOMAINS = (
    ("vmm", "domains/vmm", "one per guest: loads it, answers its exits"),
    ("mgmt", "domains/mgmt", "console, machine link, restart policies, the tenant interface"),
    ("builder", "capdl/builder", "first domain: realises the description, keeps the untypeds"),
    ("lib", "domains/lib", "start-up, log, rings, clock, newlib's system calls"),
)
# The selector runs before any kernel and shares nothing with one, so no arrow may leave it or come to it.
SELECTOR = "select"
FLOORS = (
    (SELECTOR, "kernel/select", "before any kernel: takes one image, wipes the others"),
    ("entry", "kernel/entry", "every way in and out; the IPC fast path; boot"),
    ("sys", "kernel/sys", "decode → check → commit, a file per object"),
    ("obj", "kernel/obj", "the objects: captab space thread sched endpoint notif vcpu …"),
    ("hw", "kernel/hw", "the processor; svm*.c alone know the vendor, behind hvm.h"),
    ("base", "kernel/base", "bits, checked arithmetic, SHA-256"),
)
GENERATED = "generated"


def included(folder: Path) -> set[str]:
    """What the sources below @folder include, as written."""
    found: set[str] = set()
    for file in sorted([*folder.glob("*.[chS]")]):
        found |= {name for _, name in _INCLUDE.findall(file.read_text())}
    return found


def arrows(root: Path) -> set[tuple[str, str]]:
    """(from, to) for each pair of rooms of which one includes the other or what the IDL compiler generates."""
    floors = {name for name, _, _ in FLOORS}
    library = {file.name for file in (root / "domains/lib").glob("*.h")}
    made: set[tuple[str, str]] = set()
    for name, folder, _ in (*DOMAINS, *FLOORS):
        own = {file.name for file in (root / folder).glob("*.h")}
        for header in included(root / folder):
            room, _, rest = header.partition("/")
            if rest and room in floors and (root / "kernel" / header).is_file():
                made.add((name, room))
            elif header.startswith("bulkhead/") or re.fullmatch(
                r"(stubs|error_name|decode|\w+_(client|server))\.h", header
            ):
                made.add((name, GENERATED))
            elif header in library and header not in own:
                made.add((name, "lib"))
    return {(a, b) for a, b in made if a != b}


def draw(root: Path) -> str:
    """The picture."""
    left, width, height, gap = 250, 470, 46, 16
    order = [*DOMAINS, None, *FLOORS]
    rows: dict[str, float] = {}
    y = 60.0
    for entry in order:
        if entry is None:
            y += 34
            continue
        rows[entry[0]] = y
        y += height + gap
    canvas = Canvas(900, int(y) + 34, "Rooms and who includes whom", "tools/pictures/rooms.py")
    canvas.text(30, 32, "Rooms: an arrow means “includes a header of”", 17, INK, bold=True)
    border = rows[FLOORS[0][0]] - 26
    canvas.line(left - 10, border, left + width + 150, border, SOFT, "6 4")
    canvas.text(left + width + 150, border - 6, "unprivileged: one address space each", 10, SOFT, "end")
    canvas.text(left + width + 150, border + 14, "privileged: the kernel", 10, SOFT, "end")
    canvas.box(30, rows["vmm"], 150, rows["base"] + height - rows["vmm"], "#faf5dc", _GOLD)
    middle = (rows["vmm"] + rows["base"] + height) / 2
    for at, (words, size) in enumerate((("generated", 14), ("from idl/*.idl by gen/", 10), ("into the build folder:", 10),
                                        ("numbers, layouts, stubs,", 10), ("decoders, skeletons", 10))):
        canvas.text(105, middle - 30 + 17 * at, words, size, _GOLD if at == 0 else INK, "middle", at == 0)
    for name, folder, what in (*DOMAINS, *FLOORS):
        color, fill = (_GREEN, "#e6f5ec") if name in {n for n, _, _ in FLOORS} else (_BLUE, "#e8f2fd")
        canvas.box(left, rows[name], width, height, fill, color)
        canvas.text(left + 14, rows[name] + 20, folder, 13, color, bold=True)
        canvas.text(left + 14, rows[name] + 37, what, 11, INK)
    _draw_arrows(canvas, root, rows, left, width, height)
    canvas.text(30, y + 16, "SHA-256 of kernel/base is compiled a second time into domains/lib; no header is shared.", 11, SOFT)
    return canvas.file()


def _draw_arrows(canvas: Canvas, root: Path, rows: dict[str, float], left: int, width: int, height: int) -> None:
    names = list(rows)
    leaving: dict[str, int] = {}
    arriving: dict[str, int] = {}
    for source, target in sorted(arrows(root), key=lambda pair: (names.index(pair[0]), str(pair[1]))):
        y1 = rows[source] + height / 2
        if target == GENERATED:
            canvas.arrow(f"M{left} {y1:g} H185", (181, y1), (-1, 0), _GOLD)
            continue
        color = _ORANGE if rows[target] < rows[source] else (_GREEN if source in {n for n, _, _ in FLOORS} else _BLUE)
        steps = names.index(target) - names.index(source)
        if steps == 1:
            x = left + width / 2
            tip = rows[target] - 1
            canvas.arrow(f"M{x:g} {rows[source] + height:g} V{tip - 4:g}", (x, tip), (0, 1), color)
            continue
        a, b = leaving.get(source, 0), arriving.get(target, 0)
        leaving[source], arriving[target] = a + 1, b + 1
        y1 += 8 - 7 * a
        y2 = rows[target] + 12 + 8 * b
        x, bulge = left + width, left + width + 24 + 26 * abs(steps)
        curve = f"M{x} {y1:g} C{bulge} {y1:g} {bulge} {y2:g} {x + 5} {y2:g}"
        canvas.arrow(curve, (x + 1, y2), (-1, 0), color)
