"""`run --guest FILE`: a system with one tenant, described on the spot.

The template is capdl/system/single-guest.toml; what the person chose replaces its {placeholders}.
"""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass
from pathlib import Path

from bulkhead import paths
from bulkhead.errors import BulkheadFailed, UsageProblem

_TEMPLATE = paths.ROOT / "capdl" / "system" / "single-guest.toml.in"
_HOST_MIB = 192  # for the core, builder and the domains beside the guest


@dataclass(frozen=True)
class Request:
    """What `run --guest` was asked for."""

    kernel: Path
    initrd: Path | None
    append: str
    memory_mib: int
    debug_exit: bool


def _toml_string(text: str) -> str:
    if any(ord(char) < 0x20 or ord(char) == 0x7F for char in text):
        raise UsageProblem("--append holds a control character")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def describe(request: Request) -> Path:
    """Writes the description and links the images beside it; returns the description."""
    if not 16 <= request.memory_mib <= 65536:
        raise UsageProblem(f"--mem wants 16 to 65536 MiB, not {request.memory_mib}")
    if not _TEMPLATE.is_file():
        raise BulkheadFailed(f"{paths.shown(_TEMPLATE)} is missing from this tree")
    key = hashlib.sha256(repr(request).encode()).hexdigest()[:12]
    folder = paths.SYSTEMS / f"guest-{key}"
    images = folder / "guest-images"
    shutil.rmtree(images, ignore_errors=True)
    images.mkdir(parents=True)
    (images / "guest.kernel").symlink_to(request.kernel)
    if request.initrd is not None:
        (images / "guest.initrd").symlink_to(request.initrd)
    text = _TEMPLATE.read_text()
    values = {
        "MEMORY_MIB": str(request.memory_mib),
        "MACHINE_MIB": str(request.memory_mib + _HOST_MIB + _images_mib(request)),
        "APPEND": _toml_string(request.append),
        "DEBUG_EXIT": "true" if request.debug_exit else "false",
        "INITRD": 'initrd = "guest.initrd"' if request.initrd is not None else "",
    }
    for name, value in values.items():
        text = text.replace(f"@{name}@", value)
    file = folder / f"guest-{key}.toml"
    file.write_text(text)
    return file


def _images_mib(request: Request) -> int:
    files = [request.kernel, *([request.initrd] if request.initrd is not None else [])]
    return sum(file.stat().st_size for file in files) // (1 << 20) + 2
