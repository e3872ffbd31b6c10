"""`run --guest FILE`: capdl/system/guest.toml, with what the person chose as its parameters."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from bulkhead import paths, systems
from bulkhead.errors import UsageProblem
from bulkhead.platforms import QEMU_SVM, Platform
from bulkhead.systems import System

_DESCRIPTION = "guest"
_BESIDE_MIB = 128  # for the core, builder, mgmt and the VMM


@dataclass(frozen=True)
class Request:
    """What `run --guest` was asked for."""

    kernel: Path
    initrd: Path | None
    append: str
    memory_mib: int
    debug_exit: bool
    disk: Path | None = None
    net: bool = False
    encrypt: bool = False
    console: str = "uart"  # or "virtio": what the guest's terminal is


def _machine_mib(request: Request) -> int:
    """The guest, what lies beside it, and its files twice: as boot modules and as the VMM sees them."""
    files = [request.kernel, *([request.initrd] if request.initrd is not None else [])]
    size_mib = sum(file.stat().st_size for file in files) // (1 << 20) + 2
    return request.memory_mib + _BESIDE_MIB + 2 * size_mib


def _flag(value: bool) -> str:
    return "true" if value else "false"


def _disk_mib(disk: Path | None) -> int:
    if disk is None:
        return 1
    size = disk.stat().st_size
    if size == 0 or size % (1 << 20):
        raise UsageProblem(f"the size of {paths.shown(disk)} is not a whole number of MiB: truncate -s makes it one")
    return size >> 20


def assemble(request: Request, platform: Platform = QEMU_SVM, iommu: str | None = None) -> System:
    """Makes the boot image of a system with this one guest."""
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in request.append):
        raise UsageProblem("--append holds a control character")
    key = hashlib.sha256(repr(request).encode()).hexdigest()[:12]
    name = f"guest-{key}"
    images = paths.SYSTEMS / name / "images"
    shutil.rmtree(images, ignore_errors=True)
    images.mkdir(parents=True)
    (images / "guest.kernel").symlink_to(request.kernel.resolve())
    if request.initrd is not None:
        (images / "guest.initrd").symlink_to(request.initrd.resolve())
    parameters = {
        "kernel": "guest.kernel",
        "initrd": "guest.initrd" if request.initrd is not None else "",
        "append": request.append,
        "mem": str(request.memory_mib),
        "machine_mib": str(_machine_mib(request)),
        "debug_exit": _flag(request.debug_exit),
        "disk": _flag(request.disk is not None),
        "disk_mib": str(_disk_mib(request.disk)),
        "net": _flag(request.net),
        "encrypt": _flag(request.encrypt),
        "console_device": request.console,
    }
    made = systems.assemble(
        systems.find(_DESCRIPTION), name=name, parameters=parameters, extra_folders=(images,), platform=platform,
        iommu=iommu,
    )  # fmt: skip
    return made if request.disk is None else made.with_disk(request.disk)
