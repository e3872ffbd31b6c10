"""What the initramfs carries beside busybox: e2fsprogs with its libraries, and the kernels' virtio drivers.

Unpacked from Debian's packages under build/guests/tools, never installed; build/guests/tools/versions.json names them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

from bulkhead import debian, elf, paths, report
from bulkhead.errors import BulkheadFailed
from bulkhead.initramfs import Tools

_FOLDER = paths.GUESTS / "tools"
_VERSIONS = _FOLDER / "versions.json"
_PACKAGES = ("e2fsprogs", "libext2fs2", "libcom-err2", "libblkid1", "libuuid1", "libc6")
_PROGRAMS = ("mke2fs", "e2fsck", "tune2fs")
_LINKS = {
    **{f"sbin/mkfs.ext{version}": "mke2fs" for version in (2, 3, 4)},
    **{f"sbin/fsck.ext{version}": "e2fsck" for version in (2, 3, 4)},
}
_CONFIGURATION = "etc/mke2fs.conf"
_LIBRARY_FOLDERS = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu")
# ext4 finds crc32c by its name in the kernel's crypto interface, which no dependency says.
_DRIVERS = ("virtio_pci", "virtio_blk", "virtio_net", "virtio_rng", "virtio_console", "crc32c_generic", "ext4")


def _ensure_unpacked() -> None:
    if _VERSIONS.is_file():
        return
    with report.step("downloading e2fsprogs for the guests from Debian (once)"):
        archive = debian.BinaryArchive()
        shutil.rmtree(_FOLDER, ignore_errors=True)
        for package in _PACKAGES:
            archive.unpack(package, _FOLDER)
        versions = {package: archive.field(package, "Version") for package in _PACKAGES}
        _VERSIONS.write_text(json.dumps(versions, indent=2) + "\n")


def _library(name: str) -> Path:
    for folder in _LIBRARY_FOLDERS:
        file = _FOLDER / folder / name
        if file.exists():
            return file.resolve()
    raise BulkheadFailed(f"the library {name} is in none of {', '.join(_PACKAGES)}")


def stamp() -> Path:
    """The file that is newer whenever the programs are."""
    _ensure_unpacked()
    return _VERSIONS


def filesystem_tools() -> Tools:
    """mke2fs, e2fsck and tune2fs as they are in Debian, with the libraries and the loader that they name."""
    _ensure_unpacked()
    files = {f"sbin/{name}": _FOLDER / "sbin" / name for name in _PROGRAMS}
    loader = elf.interpreter(next(iter(files.values())))
    files[loader.lstrip("/")] = _library(loader.rpartition("/")[2])
    pending = [name for file in list(files.values()) for name in elf.libraries(file)]
    while pending:
        name = pending.pop()
        path = f"{_LIBRARY_FOLDERS[0]}/{name}"
        if path not in files:
            files[path] = _library(name)
            pending += elf.libraries(files[path])
    files[_CONFIGURATION] = _FOLDER / _CONFIGURATION
    return Tools(files, _LINKS)


def drivers(kernel: Path, wanted: Sequence[str] = _DRIVERS) -> Sequence[Path]:
    """What the kernel package unpacked at @kernel has as modules of @wanted (virtio and ext4), in an order that loads."""
    known = {_plain(file.stem): file for file in sorted(kernel.glob("lib/modules/*/kernel/**/*.ko"))}
    inside = {
        _plain(Path(line).stem) for file in kernel.glob("lib/modules/*/modules.builtin") for line in file.read_text().split()
    }
    missing = [name for name in wanted if name not in known and name not in inside]
    if missing:
        raise BulkheadFailed(f"{paths.shown(kernel)} has no module {', '.join(missing)}")
    return elf.module_order(wanted, lambda name: known.get(_plain(name)))


def _plain(name: str) -> str:
    return name.replace("-", "_")
