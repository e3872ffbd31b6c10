"""From a built kernel to a boot image: what the kernel trusts is written into its `.trust` section."""

from __future__ import annotations

import hashlib
from pathlib import Path

from elftools.common.exceptions import ELFError
from elftools.elf.elffile import ELFFile

from bulkhead import paths, proc
from bulkhead.errors import BulkheadFailed

_TRUST_SECTION = ".trust"
_TRUST_BYTES = 64  # SHA-256 of builder, SHA-256 of the CBOR (docs/architecture.md, section 3)


def _trust_offset(kernel: Path) -> int:
    try:
        with kernel.open("rb") as file:
            section = ELFFile(file).get_section_by_name(_TRUST_SECTION)
            if section is None:
                raise BulkheadFailed(f"{paths.shown(kernel)} has no {_TRUST_SECTION} section")
            if section["sh_size"] != _TRUST_BYTES or section["sh_type"] != "SHT_PROGBITS":
                raise BulkheadFailed(
                    f"{paths.shown(kernel)}: {_TRUST_SECTION} must be {_TRUST_BYTES} bytes of data"
                )
            return int(section["sh_offset"])
    except ELFError as error:
        raise BulkheadFailed(f"{paths.shown(kernel)} is not an ELF file: {error}") from error


def seal_kernel(kernel: Path, builder: Path, cbor: Path, out: Path) -> None:
    """Writes @out: @kernel with the hashes of the builder and the description it will accept."""
    offset = _trust_offset(kernel)
    image = bytearray(kernel.read_bytes())
    if any(image[offset : offset + _TRUST_BYTES]):
        raise BulkheadFailed(f"{paths.shown(kernel)}: {_TRUST_SECTION} is not empty as built")
    trusted = b"".join(hashlib.sha256(path.read_bytes()).digest() for path in (builder, cbor))
    image[offset : offset + _TRUST_BYTES] = trusted
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(image)


def make_elf32(kernel: Path, out: Path) -> None:
    """QEMU's -kernel takes a multiboot1 kernel as ELF32 only."""
    proc.run(["objcopy", "-O", "elf32-i386", kernel, out], what="making the ELF32 kernel")
