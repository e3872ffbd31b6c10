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


def _machine_mib(request: Request) -> int:
    """The guest, what lies beside it, and its files twice: as boot modules and as the VMM sees them."""
    files = [request.kernel, *([request.initrd] if request.initrd is not None else [])]
    size_mib = sum(file.stat().st_size for file in files) // (1 << 20) + 2
    return request.memory_mib + _BESIDE_MIB + 2 * size_mib


def assemble(request: Request, platform: Platform = QEMU_SVM) -> System:
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
        "debug_exit": "true" if request.debug_exit else "false",
    }
    return systems.assemble(
        systems.find(_DESCRIPTION), name=name, parameters=parameters, extra_folders=(images,), platform=platform
    )
