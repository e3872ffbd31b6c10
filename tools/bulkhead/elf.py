"""What an ELF file of a guest says of its own needs: the libraries of a program, the modules before a module."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

from elftools.common.exceptions import ELFError
from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.segments import InterpSegment

from bulkhead import paths
from bulkhead.errors import BulkheadFailed


_Result = TypeVar("_Result")


def _open_with(file: Path, look: Callable[[ELFFile], _Result]) -> _Result:
    try:
        with file.open("rb") as stream:
            return look(ELFFile(stream))
    except ELFError as error:
        raise BulkheadFailed(f"{paths.shown(file)} is not an ELF file: {error}") from error


def libraries(file: Path) -> list[str]:
    """Names of the shared libraries that @file asks for itself."""

    def look(image: ELFFile) -> list[str]:
        return [
            str(tag.needed)
            for section in image.iter_sections() if isinstance(section, DynamicSection)
            for tag in section.iter_tags("DT_NEEDED")
        ]  # fmt: skip

    return _open_with(file, look)


def interpreter(file: Path) -> str:
    """The path of the loader that @file names."""

    def look(image: ELFFile) -> str:
        return next(
            (segment.get_interp_name() for segment in image.iter_segments() if isinstance(segment, InterpSegment)), ""
        )

    return _open_with(file, look)


def module_depends(file: Path) -> list[str]:
    """Names of the modules that kernel module @file needs before it, without `.ko`."""

    def look(image: ELFFile) -> list[str]:
        section = image.get_section_by_name(".modinfo")
        fields = section.data().split(b"\0") if section is not None else []
        text = next((field[8:].decode() for field in fields if field.startswith(b"depends=")), "")
        return [name for name in text.split(",") if name]

    return _open_with(file, look)


def module_order(wanted: Iterable[str], found: Callable[[str], Path | None]) -> Sequence[Path]:
    """The modules @wanted and all that they need, each after what it needs.

    @found gives a module's file by its name, or None where the kernel has it built in.
    """
    order: list[Path] = []
    open_names: list[str] = []

    def visit(name: str) -> None:
        if name in open_names:
            raise BulkheadFailed(f"kernel modules need each other: {', '.join(open_names)}")
        file = found(name)
        if file is None or file in order:
            return
        open_names.append(name)
        for needed in module_depends(file):
            visit(needed)
        open_names.pop()
        order.append(file)

    for name in wanted:
        visit(name)
    return order
