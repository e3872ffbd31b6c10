"""The devices of a system: what its description has the machine show, and what the emulators are told of it.

Each driven PCI device sits alone behind a root port, at the numbers that the compiler gave it: device i of the list
behind port 00:(4+i).0, on bus 1+i (docs/architecture.md).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from bulkhead import paths
from bulkhead.errors import BulkheadFailed, UsageProblem

NO_IOMMU = "none"
IOMMUS = ("vtd", "amdvi", NO_IOMMU)
DEFAULT_IOMMU = "vtd"
DISK_MIB = 1024  # a disk that nobody gave: a sparse file of zeroes

_PCI_DISKS = ("nvme",)
_PCI_NICS = ("e1000e",)
_ATA = "ata"
_FIRST_SLOT = 4
_SERIAL = "bulkhead"
_IOMMU_ARGUMENTS: Mapping[str, Sequence[str]] = {
    # caching-mode off: no cache of entries that are not present; the default 39 bits refuse four-level tables.
    "vtd": ("-device", "intel-iommu,intremap=on,caching-mode=off,aw-bits=48"),
    "amdvi": ("-device", "amd-iommu,intremap=on"),
    NO_IOMMU: (),
}


@dataclass(frozen=True)
class Device:
    """One device that a domain drives."""

    name: str  # as the description calls it
    kind: str  # nvme, e1000e or ata
    disk: Path | None = None  # what a disk holds; None: a new file of zeroes, gone with the machine
    iops: int = 0  # for tests: a disk that takes no more requests in a second, so that some are always with it
    null_mib: int = 0  # for the benchmark: a disk of this size that keeps nothing and answers at once

    @property
    def is_disk(self) -> bool:
        """Whether it keeps data."""
        return self.kind in (*_PCI_DISKS, _ATA)

    @property
    def is_pci(self) -> bool:
        """Whether it needs an IOMMU."""
        return self.kind in (*_PCI_DISKS, *_PCI_NICS)


def read(folder: Path) -> tuple[Device, ...]:
    """The devices of the system that was compiled into @folder, in the compiler's order."""
    file = folder / "summary.json"
    try:
        listed = json.loads(file.read_text()).get("devices", [])
        made = tuple(Device(str(one["name"]), str(one["kind"])) for one in listed)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BulkheadFailed(f"{paths.shown(file)} does not list the devices: {error}") from error
    for device in made:
        if not (device.is_pci or device.is_disk):
            raise BulkheadFailed(f"{paths.shown(file)}: no emulator here has a device of kind '{device.kind}'")
    return made


def needs_iommu(devices: Sequence[Device]) -> bool:
    """Whether one of @devices can reach memory by itself."""
    return any(device.is_pci for device in devices)


def unconfined(folder: Path) -> bool:
    """Whether the system that was compiled into @folder lets devices work without an IOMMU."""
    return json.loads((folder / "summary.json").read_text()).get("unsafe_dma") is True


def with_disk(devices: Sequence[Device], disk: Path) -> tuple[Device, ...]:
    """@devices with @disk behind the only one that keeps data."""
    disks = [device for device in devices if device.is_disk]
    if len(disks) != 1:
        raise UsageProblem(f"--disk wants a system with one disk, this one has {len(disks) or 'none'}")
    return tuple(replace(device, disk=disk) if device.is_disk else device for device in devices)


def make_disk(file: Path, size_mib: int = DISK_MIB) -> Path:
    """Makes @file a sparse disk of zeroes if it is not there yet."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("xb") as disk:
            disk.truncate(size_mib << 20)
    return file


def disk_file(device: Device, folder: Path) -> Path:
    """What is behind @device: the disk that was given, or a new one in the emulator's own @folder."""
    return device.disk.resolve() if device.disk is not None else make_disk(folder / f"{device.name}.img")


def ata_disk(devices: Sequence[Device], folder: Path) -> Path | None:
    """The file behind the first ATA disk, for a machine that has one."""
    return next((disk_file(device, folder) for device in devices if device.kind == _ATA), None)


def _escaped(path: Path) -> str:
    return str(path).replace(",", ",,")


def _qemu_device(index: int, device: Device, folder: Path) -> list[str]:
    if device.null_mib:
        return [
            "-drive", f"if=none,id=d{index},driver=null-co,size={device.null_mib}M,read-zeroes=off",
            "-device", f"nvme,id=dev{index},drive=d{index},serial={_SERIAL},bus=rp{index}",
        ]  # fmt: skip
    if device.kind in _PCI_DISKS:
        # A disk that goes with the machine needs to survive nothing.
        cache = "" if device.disk is not None else ",cache=unsafe"
        cache += f",throttling.iops-total={device.iops}" if device.iops else ""
        file = _escaped(disk_file(device, folder))
        return [
            "-drive", f"if=none,id=d{index},format=raw,discard=unmap{cache},file={file}",
            "-device", f"nvme,id=dev{index},drive=d{index},serial={_SERIAL},bus=rp{index}",
        ]  # fmt: skip
    # User-mode networking: QEMU itself is gateway, DHCP and DNS, and listens on no port of the host.
    return [
        "-netdev", f"user,id=n{index},ipv6=off",
        "-device", f"e1000e,id=dev{index},netdev=n{index},bus=rp{index}",
    ]  # fmt: skip


def qemu_arguments(devices: Sequence[Device], iommu: str, folder: Path) -> list[str]:
    """The IOMMU if there is one, the root ports and the devices; nothing for a system without."""
    if not needs_iommu(devices):
        return []
    arguments = [*_IOMMU_ARGUMENTS[iommu]]
    for index, device in enumerate(device for device in devices if device.is_pci):
        slot = f"0x{_FIRST_SLOT + index:x}"
        arguments += [
            "-device", f"pcie-root-port,id=rp{index},chassis={index + 1},slot={index + 1},bus=pcie.0,addr={slot}",
            *_qemu_device(index, device, folder),
        ]  # fmt: skip
    return arguments
