"""A throw-away CD image for an emulator without a multiboot loader: GRUB's core with its commands built in.

No menu, no modules to load, no keys and no terminal: GRUB is silent and starts at once. What people are given is
made by grub.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from bulkhead import proc
from bulkhead.emulator import Boot, Module
from bulkhead.errors import BulkheadFailed

_GRUB = "/usr/lib/grub/i386-pc"
_KERNEL = "kernel.elf"
_CORE = "core.img"


def _quoted(text: str) -> str:
    """A word for GRUB's rescue parser, which knows single quotes only."""
    if "'" in text or "\n" in text:
        raise BulkheadFailed(f"GRUB cannot take this command line: {text}")
    return f"'{text}'" if text else ""


def _multiboot_script(boot: Boot) -> list[str]:
    return [
        f"multiboot2 /{_KERNEL} {_quoted(boot.append)}".rstrip(),
        # GRUB unpacks what is compressed unless told not to, and the description has the hash of the file.
        *(f"module2 --nounzip /{module.name} {module.name}" for module in boot.modules),
    ]


def _linux_script(boot: Boot) -> list[str]:
    return [
        f"linux /{_KERNEL} {boot.append}".rstrip(),
        *(f"initrd /{module.name}" for module in boot.modules[:1]),
    ]


def make(boot: Boot, out: Path, work: Path, *, linux: bool = False) -> None:
    """Writes the CD image @out that starts what @boot says, or with @linux a bare Linux; @work is a private folder."""
    if boot.kernel is None:
        raise BulkheadFailed("nothing to boot: neither a kernel nor a CD image given")
    script = _linux_script(boot) if linux else _multiboot_script(boot)
    loader = "linux" if linux else "multiboot2"
    (work / "core.cfg").write_text("\n".join(["set root=(cd)", *script, "boot"]) + "\n")
    proc.run(
        ["grub-mkimage", "-O", "i386-pc-eltorito", "-d", _GRUB, "-p", "/", "-c", work / "core.cfg",
         "-o", work / _CORE, "biosdisk", "iso9660", loader],
        what="making GRUB's core image",
    )  # fmt: skip
    files = _files(boot.kernel, boot.modules) + [(_CORE, work / _CORE)]
    proc.run(
        ["xorriso", "-as", "mkisofs", "-quiet", "-graft-points", "-b", _CORE, "-no-emul-boot",
         "-boot-load-size", "4", "-boot-info-table", "-o", out, *(f"{name}={path}" for name, path in files)],
        what="making the CD image",
    )  # fmt: skip


def _files(kernel: Path, modules: Sequence[Module]) -> list[tuple[str, Path]]:
    files = [(_KERNEL, kernel.resolve()), *((module.name, module.path.resolve()) for module in modules)]
    names = [name for name, _ in files]
    if len(set(names)) != len(names) or _CORE in names:
        raise BulkheadFailed("two boot modules have the same name")
    for name, path in files:
        if any(char in f"{name}{path}" for char in "=\\\n ") or "/" in name:
            raise BulkheadFailed(f"the module '{name}' ({path}) holds a blank, '=' or backslash in its name or path")
    return files
