"""What the boot benchmark must know of a bzImage: where it starts, and where it waits.

Source: Linux v6.1 Documentation/x86/boot.rst, "The Real-Mode Kernel Header" and "64-bit Boot Protocol".
"""

from __future__ import annotations

import re
import struct
from pathlib import Path

from elftools.elf.elffile import ELFFile

from bulkhead import proc
from bulkhead.errors import BulkheadFailed

_ENTRY_64 = 0x200
_SECTOR_BYTES = 512
# native_safe_halt: mds_idle_clear_cpu_buffers' verw, then sti; hlt (arch/x86/include/asm/irqflags.h).
_HALT = re.compile(rb"\x0f\x00\x2d....\xfb(\xf4)", re.DOTALL)


class BzImage:
    """A Linux kernel image."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._image = path.read_bytes()
        if self._image[0x202:0x206] != b"HdrS":
            raise BulkheadFailed(f"{path.name} is not a bzImage")
        self._protected = ((self._image[0x1F1] or 4) + 1) * _SECTOR_BYTES

    def start_bytes(self) -> str:
        """The first bytes of startup_64: cld; cli; xor eax,eax; mov ds,eax.

        No more: the emulator ends a translated block behind the segment load.
        """
        at = self._protected + _ENTRY_64
        return self._image[at : at + 6].hex()

    def start_address(self) -> int:
        """Where startup_64 lies when the image is loaded where it prefers."""
        (preferred,) = struct.unpack_from("<Q", self._image, 0x258)
        return int(preferred) + _ENTRY_64

    def halt_addresses(self, work: Path) -> list[int]:
        """Linear addresses of the HLT that the idle task waits in, without KASLR; @work is a private folder."""
        offset, length = struct.unpack_from("<II", self._image, 0x248)
        packed, unpacked = work / "payload.lz4", work / "vmlinux"
        # The size of what is unpacked stands behind the payload.
        packed.write_bytes(self._image[self._protected + offset : self._protected + offset + length - 4])
        proc.run(["lz4", "-d", "-f", "-q", packed, unpacked], what=f"unpacking {self._path.name}")
        with unpacked.open("rb") as stream:
            text = ELFFile(stream).get_section_by_name(".text")
            if text is None:
                raise BulkheadFailed(f"{self._path.name} holds no code")
            found = [int(text["sh_addr"]) + match.start(1) for match in _HALT.finditer(text.data())]
        if not found:
            raise BulkheadFailed(f"{self._path.name}: no idle HLT found")
        return found
