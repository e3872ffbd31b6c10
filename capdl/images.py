"""Finding images, hashing them, and reading the segments of a domain's ELF."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from .spec import Image, Segment

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,38}")
KIND_BLOB, KIND_ELF = 0, 1
PAGE = 4096
# docs/architecture.md section 3: the image starts at 4 MiB (the info page lies below) and the heap at 512 MiB.
IMAGE_LOW, IMAGE_HIGH = 0x400000, 0x20000000
_FLAG_EXEC, _FLAG_WRITE, _FLAG_READ = 1, 2, 4  # [ELF] p_flags
_READ, _WRITE, _EXEC = 1, 2, 4  # map_flags


class ImageProblem(Exception):
    """An image cannot be used: what is wrong, and what would be right."""

    def __init__(self, what: str, expected: str) -> None:
        super().__init__(f"{what}; expected {expected}")
        self.what = what
        self.expected = expected


@dataclass(frozen=True)
class Found:
    """An image file and its record."""

    path: Path | None  # None: checked without images
    record: Image


def pages(segment: Segment) -> int:
    """How many 4 KiB frames a segment takes."""
    return (segment.vaddr % PAGE + segment.memory_bytes + PAGE - 1) // PAGE


class ImageStore:
    """Looks for images in folders, in order; a name may leave out `.elf`."""

    def __init__(self, folders: Sequence[Path]) -> None:
        self.folders = [Path(folder) for folder in folders]

    def find(self, name: str) -> Path:
        """The first file called @name, or @name.elf, or @name/@name.elf."""
        if not name:
            raise ImageProblem("an image without a name", "a file name")
        for folder in self.folders:
            for candidate in (folder / name, folder / f"{name}.elf", folder / name / f"{name}.elf"):
                if candidate.is_file():
                    return candidate
        raise ImageProblem(f"no image '{name}'", f"'{name}' or '{name}.elf' in one of the image folders")

    def load(self, name: str, as_domain: bool) -> Found:
        """Read and check the image; @as_domain: it must be a static ELF64 that builder can load."""
        path = self.find(name)
        if not NAME.fullmatch(path.name):
            raise ImageProblem(f"the file name '{path.name}' cannot name a module", "1 to 39 of A-Z a-z 0-9 . _ + -")
        data = path.read_bytes()
        if not data:
            raise ImageProblem(f"the image '{path.name}' is empty", "a kernel, an archive or a domain's ELF")
        digest = hashlib.sha256(data).digest()
        entry, segments = read_elf(path.name, data) if as_domain else (0, [])
        kind = KIND_ELF if as_domain else KIND_BLOB
        return Found(path, Image(path.name, digest, len(data), kind, entry, segments))


class NoImages(ImageStore):
    """Stands in where there are no images: `check` without --images. One page of everything."""

    def __init__(self) -> None:
        super().__init__([])

    def find(self, name: str) -> Path:
        return Path(name)

    def load(self, name: str, as_domain: bool) -> Found:
        segments = [Segment(IMAGE_LOW, 0, 1, 1, _READ | _EXEC)] if as_domain else []
        entry = IMAGE_LOW if as_domain else 0
        kind = KIND_ELF if as_domain else KIND_BLOB
        return Found(None, Image(Path(name).name[:39], bytes(32), 1, kind, entry, segments))


def read_elf(name: str, data: bytes) -> tuple[int, list[Segment]]:
    """Entry and PT_LOAD segments by rising address; ImageProblem if builder must not load it."""
    try:
        elf = ELFFile(io.BytesIO(data))
        header, segments = elf.header, [one.header for one in elf.iter_segments()]
    except (ELFError, ValueError, KeyError) as error:
        raise ImageProblem(f"'{name}' is not an ELF file ({error})", "a static ELF64 for x86-64") from error
    if (
        elf.elfclass != 64
        or not elf.little_endian
        or header["e_machine"] != "EM_X86_64"
        or header["e_type"] != "ET_EXEC"
    ):
        raise ImageProblem(f"'{name}' is not a static ELF64 for x86-64", "a domain linked by bulkhead_domain()")
    if any(one["p_type"] in ("PT_INTERP", "PT_DYNAMIC", "PT_TLS") for one in segments):
        raise ImageProblem(f"'{name}' needs a dynamic linker or TLS", "a static ELF64")
    loaded = [_segment(name, one, len(data)) for one in segments if one["p_type"] == "PT_LOAD" and one["p_memsz"]]
    loaded.sort(key=lambda one: one.vaddr)
    _check_layout(name, int(header["e_entry"]), loaded)
    return int(header["e_entry"]), loaded


def _segment(name: str, header: dict[str, int], size: int) -> Segment:
    flags = header["p_flags"]
    access = (
        (_READ if flags & _FLAG_READ else 0)
        | (_WRITE if flags & _FLAG_WRITE else 0)
        | (_EXEC if flags & _FLAG_EXEC else 0)
    )
    one = Segment(header["p_vaddr"], header["p_offset"], header["p_filesz"], header["p_memsz"], access)
    if access & _WRITE and access & _EXEC:
        raise ImageProblem(
            f"'{name}' has a segment that is writable and executable at {one.vaddr:#x}", "one or the other"
        )
    if not access & _READ:
        raise ImageProblem(f"'{name}' has an unreadable segment at {one.vaddr:#x}", "readable segments")
    if one.file_bytes > one.memory_bytes or one.offset + one.file_bytes > size:
        raise ImageProblem(
            f"'{name}' is cut off: the segment at {one.vaddr:#x} lies outside the file", "a whole ELF file"
        )
    if not IMAGE_LOW <= one.vaddr <= one.vaddr + one.memory_bytes <= IMAGE_HIGH:
        raise ImageProblem(
            f"'{name}' has a segment at {one.vaddr:#x}", f"addresses from {IMAGE_LOW:#x} to {IMAGE_HIGH:#x}"
        )
    return one


def _check_layout(name: str, entry: int, segments: list[Segment]) -> None:
    if not segments:
        raise ImageProblem(f"'{name}' has nothing to load", "at least one PT_LOAD segment")
    for one, after in zip(segments, segments[1:], strict=False):
        if one.vaddr // PAGE + pages(one) > after.vaddr // PAGE:
            raise ImageProblem(
                f"'{name}' has two segments in one page at {after.vaddr:#x}", "segments in pages of their own"
            )
    if not any(one.vaddr <= entry < one.vaddr + one.memory_bytes and one.access & _EXEC for one in segments):
        raise ImageProblem(f"'{name}' starts at {entry:#x}, which is not executable", "an entry in its text")
