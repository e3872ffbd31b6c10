"""Guest kernels and their files: from Debian's archive, unpacked under build/guests, never installed.

build/guests/images/ holds what systems name:
    linux-cloud.bzimage   Debian's cloud kernel
    linux-amd64.bzimage   Debian's standard kernel
    memtest86+x64.bin
    busybox.cpio.gz       the initramfs of initramfs.py: busybox, e2fsprogs, the virtio drivers of both kernels
build/guests/versions.json names the Debian version of each.
"""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bulkhead import debian, guesttools, initramfs, paths, proc, report
from bulkhead.errors import BulkheadFailed

IMAGES = paths.GUESTS / "images"
BUSYBOX = paths.GUESTS / "busybox" / "bin" / "busybox"
HEADERS = paths.GUESTS / "headers-cloud" / "usr" / "src"

LINUX_CLOUD = IMAGES / "linux-cloud.bzimage"
LINUX_AMD64 = IMAGES / "linux-amd64.bzimage"
MEMTEST = IMAGES / "memtest86+x64.bin"
INITRAMFS = IMAGES / "busybox.cpio.gz"

_VERSIONS = paths.GUESTS / "versions.json"
_LAYOUT = 1  # raise when what is unpacked, or where, changes


@dataclass(frozen=True)
class Versions:
    """Which Debian packages the guests are."""

    linux_cloud: str  # for example linux-image-6.1.0-37-cloud-amd64 6.1.140-1
    linux_amd64: str
    memtest: str
    busybox: str
    layout: int = _LAYOUT

    @property
    def cloud_release(self) -> str:
        """The release that `uname -r` prints in the cloud guest."""
        return _release(self.linux_cloud)


def _read_versions() -> Versions | None:
    try:
        versions = Versions(**json.loads(_VERSIONS.read_text()))
    except (OSError, ValueError, TypeError):
        return None
    files = (LINUX_CLOUD, LINUX_AMD64, MEMTEST, BUSYBOX)
    complete = versions.layout == _LAYOUT and all(path.exists() for path in files)
    return versions if complete else None


def _versioned_kernel(archive: debian.BinaryArchive, meta: str) -> str:
    """The versioned package behind a kernel meta-package."""
    depends = archive.field(meta, "Depends")
    match = re.match(r"(linux-image-\S+) \(= ([^)]+)\)", depends)
    if match is None:
        raise BulkheadFailed(f"{meta} depends on '{depends}', which names no versioned kernel")
    return f"{match[1]} {match[2]}"


def _unpack_kernel(archive: debian.BinaryArchive, versioned: str, to: Path) -> None:
    package = versioned.split()[0]
    folder = paths.GUESTS / package
    shutil.rmtree(folder, ignore_errors=True)
    archive.unpack(package, folder)
    kernel = folder / "boot" / f"vmlinuz-{package.removeprefix('linux-image-')}"
    if not kernel.exists():
        raise BulkheadFailed(f"{package} holds no {kernel.name}")
    shutil.copy(kernel, to)


def _unpack_headers(archive: debian.BinaryArchive, cloud: str) -> None:
    """The headers that belong to the cloud kernel, made usable from where they are unpacked."""
    root = HEADERS.parents[1]
    shutil.rmtree(root, ignore_errors=True)
    flavour = cloud.split()[0].replace("linux-image-", "linux-headers-")
    common = flavour.replace("-cloud-amd64", "-common")
    kbuild = next(
        (word for word in re.split(r"[,\s]+", archive.field(flavour, "Depends"))
         if word.startswith("linux-kbuild-")), None,
    )  # fmt: skip
    if kbuild is None:
        raise BulkheadFailed(f"{flavour} names no linux-kbuild package")
    for package in (flavour, common, kbuild):
        archive.unpack(package, root)
    # Debian's Makefiles and links name the installed places: point them here instead.
    for name in (flavour, common):
        tree = HEADERS / name
        for makefile in (tree / "Makefile", tree / ".kernelvariables"):
            if makefile.is_file() and not makefile.is_symlink():
                text = makefile.read_text()
                makefile.write_text(text.replace("/usr/src/", f"{HEADERS}/"))
        for link in tree.iterdir():
            if link.is_symlink() and str(link.readlink()).startswith(("/usr/", "../../lib/")):
                target = root / str(link.readlink()).replace("../../", "usr/").lstrip("/")
                link.unlink()
                link.symlink_to(target)


def ensure() -> Versions:
    """Makes every guest image present and says which versions they are."""
    versions = _read_versions()
    if versions is None:
        with report.step("downloading the guest kernels from Debian (once)"):
            versions = _fetch()
    _ensure_initramfs(versions)
    return versions


def _fetch() -> Versions:
    IMAGES.mkdir(parents=True, exist_ok=True)
    archive = debian.BinaryArchive()
    cloud = _versioned_kernel(archive, "linux-image-cloud-amd64")
    amd64 = _versioned_kernel(archive, "linux-image-amd64")
    _unpack_kernel(archive, cloud, LINUX_CLOUD)
    _unpack_kernel(archive, amd64, LINUX_AMD64)
    _unpack_headers(archive, cloud)
    archive.unpack("memtest86+", paths.GUESTS / "memtest86+")
    shutil.copy(paths.GUESTS / "memtest86+" / "boot" / "memtest86+x64.bin", MEMTEST)
    archive.unpack("busybox-static", paths.GUESTS / "busybox")
    versions = Versions(
        linux_cloud=cloud,
        linux_amd64=amd64,
        memtest=f"memtest86+ {archive.field('memtest86+', 'Version')}",
        busybox=f"busybox-static {archive.field('busybox-static', 'Version')}",
    )
    _VERSIONS.write_text(json.dumps(asdict(versions), indent=2) + "\n")
    return versions


def _package(kernel: str) -> str:
    """The package of a kernel in Versions, and the folder where it is unpacked."""
    return kernel.split()[0]


def _release(kernel: str) -> str:
    """What `uname -r` prints in a guest of it."""
    return _package(kernel).removeprefix("linux-image-")


def make_initramfs(
    versions: Versions, modules: Sequence[Path] = (), files: Mapping[str, bytes] | None = None
) -> bytes:
    """The initramfs of the Linux guests, with more @modules and @files if wanted."""
    return initramfs.build(
        BUSYBOX, modules, files,
        virtio={_release(kernel): guesttools.drivers(paths.GUESTS / _package(kernel))
                for kernel in (versions.linux_cloud, versions.linux_amd64)},
        tools=guesttools.filesystem_tools(),
    )  # fmt: skip


def _ensure_initramfs(versions: Versions) -> None:
    sources = [Path(module.__file__ or "") for module in (initramfs, guesttools)]
    files = (*sources, Path(__file__), BUSYBOX, guesttools.stamp())
    if INITRAMFS.exists() and INITRAMFS.stat().st_mtime >= max(file.stat().st_mtime for file in files):
        return
    with report.step("packing the guests' initramfs"):
        # Renamed into place: another command may be reading it.
        new = INITRAMFS.with_name(f"{INITRAMFS.name}.{os.getpid()}")
        new.write_bytes(make_initramfs(versions))
        new.replace(INITRAMFS)


def headers_folder(versions: Versions) -> Path:
    """The header tree to build modules for the cloud kernel against."""
    return HEADERS / f"linux-headers-{versions.cloud_release}"


def build_module(source: Path, versions: Versions, include: Path | None = None) -> Path:
    """Builds the kernel module in folder @source (with its Kbuild file) and returns the .ko.

    @include, if given, is a folder whose headers and sources the Kbuild file finds in $(BULKHEAD_INCLUDE).
    """
    work = paths.GUESTS / "modules" / source.name
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(source, work)
    command: list[str | Path] = ["make", "-s", "-C", headers_folder(versions), f"M={work}"]
    if include is not None:
        command.append(f"BULKHEAD_INCLUDE={include}")
    proc.run(
        [*command, "modules"], what=f"building the module {source.name}", log=work / "build.log"
    )
    modules = sorted(work.glob("*.ko"))
    if len(modules) != 1:
        raise BulkheadFailed(f"{paths.shown(source)} made {len(modules)} modules, expected one")
    return modules[0]
