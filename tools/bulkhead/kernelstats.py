"""What the kernel image says about itself: bytes by room, and the deepest stack from the call graph.

The core makes no indirect call on its paths and does not recurse, so direct calls and jumps between
functions are the whole graph; what would break that assumption is reported, not ignored.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

from capstone import CS_ARCH_X86, CS_MODE_64, CS_OP_IMM, CS_OP_REG, Cs
from capstone.x86 import X86_GRP_CALL, X86_GRP_JUMP, X86_REG_RSP
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from bulkhead import paths
from bulkhead.errors import BulkheadFailed

_RETURN_BYTES = 8
_ADDRESS_MASK = (1 << 64) - 1  # the disassembler gives targets as signed numbers


@dataclass
class Function:
    """One function of the image."""

    name: str
    address: int
    size: int
    frame: int = 0
    calls: set[str] = field(default_factory=set)
    indirect: bool = False


@dataclass(frozen=True)
class Stack:
    """The deepest chain of calls."""

    size_bytes: int
    chain: tuple[str, ...]
    indirect: tuple[str, ...]  # functions with indirect calls: their callees are not in the chain
    recursion: tuple[str, ...]  # cycles of calls; each is in a chain once only


def _function_symbols(file: Path) -> dict[str, tuple[int, int]]:
    with file.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        if not isinstance(table, SymbolTableSection):
            raise BulkheadFailed(f"{paths.shown(file)} has no symbols")
        return {
            symbol.name: (int(symbol["st_value"]), int(symbol["st_size"]))
            for symbol in table.iter_symbols()
            if symbol["st_info"]["type"] == "STT_FUNC" and symbol["st_size"]
        }


def _objects(vendor: str, pattern: str) -> list[tuple[str, Path]]:
    """The image's object files, or what else the compiler left beside them, with their rooms."""
    image = paths.kernel_elf(vendor)
    folders = [image.parent / "CMakeFiles" / f"{name}.dir" for name in (image.stem, "kernel_common")]
    return [(file.relative_to(folder).parts[0], file) for folder in folders for file in sorted(folder.rglob(pattern))]


def bytes_by_room(vendor: str) -> dict[str, int]:
    """Size of the image's functions by the room whose object file defines them."""
    image = _function_symbols(paths.kernel_elf(vendor))
    rooms: dict[str, int] = {}
    counted: set[str] = set()
    for room, file in _objects(vendor, "*.o"):
        for name in _function_symbols(file):
            if name in image and name not in counted:
                counted.add(name)
                rooms[f"kernel/{room}"] = rooms.get(f"kernel/{room}", 0) + image[name][1]
    return rooms


def _frames(vendor: str) -> dict[str, int]:
    """Frame sizes as the compiler reports them (-fstack-usage), by function name."""
    found: dict[str, int] = {}
    for _, file in _objects(vendor, "*.su"):
        for line in file.read_text().splitlines():
            match = re.match(r".*:\d+:\d+:(\S+)\t(\d+)\t", line)
            if match:
                name = match[1].split(".")[0]
                found[name] = max(found.get(name, 0), int(match[2]))
    return found


def _functions(vendor: str) -> dict[str, Function]:
    symbols = _function_symbols(paths.kernel_elf(vendor))
    frames = _frames(vendor)
    functions = {name: Function(name, *where) for name, where in symbols.items()}
    at = {function.address: function.name for function in functions.values()}
    decoder = Cs(CS_ARCH_X86, CS_MODE_64)
    decoder.detail = True
    with paths.kernel_elf(vendor).open("rb") as stream:
        elf = ELFFile(stream)
        for function in functions.values():
            code = _code(elf, function)
            pushed = _read_code(decoder, code, function, at)
            # The compiler's figure counts the return address too; it is added on the chain.
            known = frames.get(function.name.split(".")[0])
            function.frame = pushed if known is None else max(known - _RETURN_BYTES, pushed)
    return functions


def _code(elf: ELFFile, function: Function) -> bytes:
    for section in elf.iter_sections():
        start = int(section["sh_addr"])
        if start <= function.address < start + int(section["sh_size"]) and section["sh_flags"] & 0x4:
            offset = function.address - start
            return bytes(section.data()[offset : offset + function.size])
    return b""


def _read_code(decoder: Cs, code: bytes, function: Function, at: dict[int, str]) -> int:
    """Notes the calls of @function, and returns what its pushes and its frame take at most."""
    taken = 0
    for step in decoder.disasm(code, function.address):
        if step.group(X86_GRP_CALL) or step.group(X86_GRP_JUMP):
            operand = step.operands[0] if step.operands else None
            if operand is None or operand.type != CS_OP_IMM:
                function.indirect = function.indirect or step.group(X86_GRP_CALL)
                continue
            target = at.get(operand.imm & _ADDRESS_MASK)
            if target is not None and (target != function.name or step.group(X86_GRP_CALL)):
                function.calls.add(target)
        elif step.mnemonic.startswith("push"):
            taken += 8
        elif step.mnemonic == "sub" and len(step.operands) == 2:
            left, right = step.operands
            if left.type == CS_OP_REG and left.reg == X86_REG_RSP and right.type == CS_OP_IMM:
                taken += right.imm
    return taken


def instruction_addresses(vendor: str, wanted: set[str]) -> list[int]:
    """Where the image holds one of the instructions @wanted, or "sti hlt": an HLT that waits for an interrupt."""
    found: list[int] = []
    decoder = Cs(CS_ARCH_X86, CS_MODE_64)
    decoder.skipdata = True
    with paths.kernel_elf(vendor).open("rb") as stream:
        for section in ELFFile(stream).iter_sections():
            if not section["sh_flags"] & 0x4:
                continue
            before = ""
            for step in decoder.disasm(section.data(), int(section["sh_addr"])):
                if step.mnemonic in wanted or f"{before} {step.mnemonic}" in wanted:
                    found.append(step.address)
                before = step.mnemonic
    return found


def deepest_stack(vendor: str) -> Stack:
    """The deepest chain of calls in the image."""
    functions = _functions(vendor)
    cycles: set[str] = set()
    depth: dict[str, tuple[int, tuple[str, ...]]] = {}

    def measure(name: str, above: tuple[str, ...]) -> tuple[int, tuple[str, ...]]:
        if name in above:
            cycles.add(" -> ".join((*above[above.index(name) :], name)))
            return 0, ()
        if name not in depth:
            function = functions[name]
            below: tuple[int, tuple[str, ...]] = (0, ())
            for callee in sorted(function.calls):
                below = max(below, measure(callee, (*above, name)), key=lambda one: one[0])
            depth[name] = (function.frame + _RETURN_BYTES + below[0], (name, *below[1]))
        return depth[name]

    deepest = max((measure(name, ()) for name in sorted(functions)), key=lambda one: one[0])
    indirect = tuple(sorted(function.name for function in functions.values() if function.indirect))
    return Stack(deepest[0], deepest[1], indirect, tuple(sorted(cycles)))
