"""A bootable CD image: GRUB (multiboot2), the kernel and its modules."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from bulkhead import paths, proc
from bulkhead.errors import BulkheadFailed
from bulkhead.qemu import Module

_KERNEL = "kernel.elf"


def _menu(append: str, modules: Sequence[str]) -> str:
    lines = [
        "serial --unit=0 --speed=115200",
        "terminal_input serial console",
        "terminal_output serial console",
        "set timeout=0",
        "menuentry Bulkhead {",
        f"    multiboot2 /boot/{_KERNEL} {append}".rstrip(),
        # GRUB unpacks what is compressed unless told not to, and the description has the hash of the file.
        *(f"    module2 --nounzip /boot/{name} {name}" for name in modules),
        "    boot",
        "}",
    ]
    return "\n".join(lines) + "\n"


def make_iso(out: Path, kernel: Path, modules: Sequence[Module], append: str = "") -> None:
    """Writes @out with the ELF64 @kernel and @modules, in their order."""
    names = [module.name for module in modules]
    files = {module.name: module.path for module in modules} | {_KERNEL: kernel}
    if len(files) != len(names) + 1:
        raise BulkheadFailed("two boot modules have the same name")
    tree = paths.WORK / "iso"
    shutil.rmtree(tree, ignore_errors=True)
    (tree / "boot" / "grub").mkdir(parents=True)
    for name, file in files.items():
        shutil.copy(file, tree / "boot" / name)
    (tree / "boot" / "grub" / "grub.cfg").write_text(_menu(append, names))
    out.parent.mkdir(parents=True, exist_ok=True)
    proc.run(
        ["grub-mkrescue", "-d", "/usr/lib/grub/i386-pc", "-o", out.resolve(), tree],
        what="making the CD image", log=paths.WORK / "iso.log",
        env={"SOURCE_DATE_EPOCH": "0", "GRUB_FS_UUID": "1970-01-01-00-00-00-00"},
    )  # fmt: skip
    shutil.rmtree(tree)
