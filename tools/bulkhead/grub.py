"""A bootable CD or USB image: GRUB for BIOS and for UEFI, the selector, the kernels and their modules.

GRUB runs a list of commands and nothing else: no menu, no shell script, no key to wait for. Both forms find the
image by a file whose name is the SHA-256 of what the image holds, so that another Bulkhead disk is not taken for it.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bulkhead import image, paths, proc
from bulkhead.errors import BulkheadFailed
from bulkhead.emulator import Module
from bulkhead.systems import System

_GRUB = Path("/usr/lib/grub")
_GRUB_MODULES = ("boot", "echo", "halt", "iso9660", "multiboot2", "search_fs_file", "serial", "terminal")
# Every date on the image: 1980-01-01, the first that FAT has. The programs take 0 for "no date given".
_DATE_S = 315532800
_DATE = "1980010100000000"
_FIXED = {"SOURCE_DATE_EPOCH": str(_DATE_S), "TZ": "UTC"}


@dataclass(frozen=True)
class KernelKind:
    """A kernel image that the tree builds, and the hardware it is for, as kernel/select/ reads it."""

    cpu: str
    iommu: str

    @property
    def built(self) -> Path:
        """Where the build leaves it."""
        return paths.kernel_elf(self.cpu if self.iommu == "none" else f"{self.cpu}-{self.iommu}")

    @property
    def words(self) -> str:
        """What the selector is told of it."""
        return f"kernel cpu={self.cpu} iommu={self.iommu}"


KINDS = (
    KernelKind("svm", "none"),
    KernelKind("vmx", "none"),
    KernelKind("svm", "vtd"),
    KernelKind("vmx", "vtd"),
    KernelKind("svm", "amdvi"),
)
# Of a system with unsafe_dma, in the place of the one that drives no device.
UNSAFE = {KINDS[0]: paths.kernel_elf("svm", "unsafe")}
SELECTOR = paths.TARGET / "kernel" / "bulkhead-select.elf"


@dataclass(frozen=True)
class Kernel:
    """A kernel image with its trust section filled."""

    kind: KernelKind
    path: Path


def seal_kernels(system: System) -> list[Kernel]:
    """Every kernel image of the tree, sealed for @system."""
    builder, cbor = system.modules[0].path, system.modules[1].path
    kernels = []
    for kind in KINDS:
        built = UNSAFE.get(kind, kind.built) if system.unsafe_dma else kind.built
        if not built.is_file():
            raise BulkheadFailed(f"{paths.shown(built)} was not built")
        kernels.append(Kernel(kind, system.folder / f"kernel-{kind.cpu}-{kind.iommu}.elf"))
        image.seal_kernel(built, builder, cbor, kernels[-1].path)
    return kernels


def _commands(marker: str, kernels: Sequence[Kernel], modules: Sequence[Module]) -> str:
    lines = [
        "serial --unit=0 --speed=115200",
        "terminal_output serial",
        f"search.file {marker} root",
        "multiboot2 /boot/selector.elf",
        # GRUB unpacks what is compressed unless told not to, and the description has the hash of the file.
        *(f"module2 --nounzip /boot/{kernel.path.name} {kernel.kind.words}" for kernel in kernels),
        *(f"module2 --nounzip /boot/{module.name} {module.name}" for module in modules),
        "boot",
        "echo bulkhead: FATAL: the boot loader could not start the selector",
        "halt",
    ]
    return "\n".join(lines) + "\n"


def _copy(files: dict[str, Path], tree: Path) -> str:
    """Copies @files below @tree and leaves the marker there; returns its path on the image."""
    folder = tree / "boot"
    folder.mkdir(parents=True)
    total = hashlib.sha256()
    for name, file in sorted(files.items()):
        content = file.read_bytes()
        (folder / name).write_bytes(content)
        total.update(name.encode() + b"\0" + hashlib.sha256(content).digest())
    marker = f"bulkhead-{total.hexdigest()[:32]}"
    (folder / marker).touch()
    return f"/boot/{marker}"


def _make_grub(target: str, extra: Sequence[str], commands: Path, out: Path) -> None:
    proc.run(
        ["grub-mkimage", "-O", target, "-p", "/boot", "-c", commands, "-o", out, *_GRUB_MODULES, *extra],
        what=f"making GRUB for {target}", env=_FIXED,
    )  # fmt: skip


def _make_efi_disk(loader: Path, out: Path) -> None:
    """A FAT file system with @loader where UEFI looks for it, [UEFI-2.10] 3.5.1.1."""
    os.utime(loader, (_DATE_S, _DATE_S))
    with out.open("wb") as file:
        file.truncate((loader.stat().st_size // 65536 + 4) * 65536)
    steps: tuple[list[str | Path], ...] = (
        ["mformat", "-i", out, "-N", "0", "-v", "BULKHEAD", "::"],
        ["mmd", "-i", out, "::/EFI", "::/EFI/BOOT"],
        ["mcopy", "-m", "-i", out, loader, "::/EFI/BOOT/BOOTX64.EFI"],
    )
    for step in steps:
        proc.run(step, what="making the UEFI boot disk", env=_FIXED)


def _pack(tree: Path, efi: Path, out: Path) -> None:
    """One image that BIOS and UEFI start from a CD, and from a disk as well."""
    proc.run(
        [
            "xorriso", "-as", "mkisofs", "-quiet", "-R", "-o", out.resolve(),
            "-V", "BULKHEAD", f"--modification-date={_DATE}", "--set_all_file_dates", _DATE,
            "--gpt_disk_guid", "modification-date",
            "-b", "boot/bios.img", "-no-emul-boot", "-boot-load-size", "4", "-boot-info-table", "--grub2-boot-info",
            "--grub2-mbr", _GRUB / "i386-pc" / "boot_hybrid.img",
            "-eltorito-alt-boot", "-append_partition", "2", "0xef", efi,
            "-e", "--interval:appended_partition_2:all::", "-no-emul-boot", "-appended_part_as_gpt",
            tree,
        ],
        what="making the CD image", log=paths.WORK / "iso.log", env=_FIXED,
    )  # fmt: skip


def make_iso(out: Path, kernels: Sequence[Kernel], modules: Sequence[Module]) -> None:
    """Writes @out with the ELF64 @kernels, of which the selector takes one, and @modules in their order."""
    files = {module.name: module.path for module in modules}
    files |= {kernel.path.name: kernel.path for kernel in kernels} | {"selector.elf": SELECTOR}
    if len(files) != len(modules) + len(kernels) + 1 or "bios.img" in files:
        raise BulkheadFailed("two files on the CD image have the same name")
    if len({kernel.kind for kernel in kernels}) != len(kernels):
        raise BulkheadFailed("two kernels on the CD image are for the same hardware")
    work = paths.WORK / f"iso-{os.getpid()}"
    shutil.rmtree(work, ignore_errors=True)
    tree, commands = work / "tree", work / "commands.cfg"
    commands.parent.mkdir(parents=True)
    commands.write_text(_commands(_copy(files, tree), kernels, modules))
    _make_grub("i386-pc-eltorito", ("biosdisk",), commands, tree / "boot" / "bios.img")
    _make_grub("x86_64-efi", (), commands, work / "bootx64.efi")
    _make_efi_disk(work / "bootx64.efi", work / "efi.img")
    out.parent.mkdir(parents=True, exist_ok=True)
    _pack(tree, work / "efi.img", out)
    shutil.rmtree(work)
