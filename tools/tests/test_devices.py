"""What the emulators are told of a system's devices, and which kernel image that takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulkhead import bochs, devices, elf, guests, guesttools, paths, qemu, systems
from bulkhead.devices import Device
from bulkhead.emulator import Boot, Machine
from bulkhead.errors import BulkheadFailed, TimeOut, UsageProblem
from bulkhead.platforms import QEMU_SVM
from bulkhead.run import Choice

NVME, NIC, ATA = Device("disk", "nvme"), Device("nic", "e1000e"), Device("disk", "ata")


def pairs(arguments: list[str], option: str) -> list[str]:
    """The values of @option."""
    return [value for name, value in zip(arguments, arguments[1:], strict=False) if name == option]


def test_devices__summary_is_read_in_its_order(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(
        json.dumps({"devices": [{"name": "disk", "kind": "nvme"}, {"name": "nic", "kind": "e1000e", "more": 1}]})
    )
    assert devices.read(tmp_path) == (NVME, NIC)
    (tmp_path / "summary.json").write_text("{}")
    assert devices.read(tmp_path) == ()


@pytest.mark.parametrize("text", ['{"devices": [{"name": "x", "kind": "floppy"}]}', '{"devices": [1]}', "not json"])
def test_devices__a_summary_that_says_nonsense_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "summary.json").write_text(text)
    with pytest.raises(BulkheadFailed):
        devices.read(tmp_path)


def test_devices__each_stands_alone_behind_its_root_port(tmp_path: Path) -> None:
    made = pairs(devices.qemu_arguments((NVME, NIC), "vtd", tmp_path), "-device")
    assert made[0].startswith("intel-iommu,intremap=on") and "aw-bits=48" in made[0]
    assert made[1].startswith("pcie-root-port,id=rp0,") and made[1].endswith("bus=pcie.0,addr=0x4")
    assert made[2].startswith("nvme,") and made[2].endswith("bus=rp0")
    assert made[3].startswith("pcie-root-port,id=rp1,") and made[3].endswith("bus=pcie.0,addr=0x5")
    assert made[4].startswith("e1000e,") and made[4].endswith("bus=rp1")


def test_devices__the_network_listens_on_no_port_of_the_host(tmp_path: Path) -> None:
    (network,) = pairs(devices.qemu_arguments((NIC,), "vtd", tmp_path), "-netdev")
    assert network.startswith("user,") and "hostfwd" not in network


def test_devices__iommu_is_the_one_that_was_chosen(tmp_path: Path) -> None:
    made = pairs(devices.qemu_arguments((NVME,), "amdvi", tmp_path), "-device")
    assert made[0] == "amd-iommu,intremap=on"
    assert not [one for one in made if one.startswith("intel-iommu")]


def test_devices__without_any_the_machine_is_as_it_was(tmp_path: Path) -> None:
    assert devices.qemu_arguments((), "vtd", tmp_path) == []
    assert list(tmp_path.iterdir()) == []


def test_devices__a_disk_nobody_gave_is_new_and_sparse(tmp_path: Path) -> None:
    file = devices.disk_file(NVME, tmp_path)
    assert file.parent == tmp_path
    assert file.stat().st_size == devices.DISK_MIB << 20 and file.stat().st_blocks == 0


def test_devices__a_given_disk_is_kept_with_what_it_holds(tmp_path: Path) -> None:
    image = tmp_path / "my,disk.img"
    image.write_bytes(b"precious" * 512)
    (disk,) = devices.with_disk((NVME,), image)
    (drive,) = pairs(devices.qemu_arguments((disk,), "vtd", tmp_path), "-drive")
    assert f"file={tmp_path}/my,,disk.img" in drive and "cache=unsafe" not in drive
    assert devices.make_disk(image).read_bytes() == b"precious" * 512


def test_devices__a_disk_needs_a_place(tmp_path: Path) -> None:
    for listed in ((), (NIC,), (NVME, Device("other", "nvme"))):
        with pytest.raises(UsageProblem):
            devices.with_disk(listed, tmp_path)


def test_devices__bochs_has_the_disk_first_and_the_cd_behind_it(tmp_path: Path) -> None:
    without = bochs._drives(Path("x.iso"), devices.ata_disk((), tmp_path))
    assert [line for line in without if "x.iso" in line] == ["ata0-master: type=cdrom, path=x.iso, status=inserted"]
    lines = bochs._drives(Path("x.iso"), devices.ata_disk((ATA,), tmp_path))
    assert f"ata0-master: type=disk, mode=flat, path={tmp_path / 'disk.img'}, cylinders=0" in lines
    assert "ata1-master: type=cdrom, path=x.iso, status=inserted" in lines


def test_devices__kernel_image_is_the_iommus() -> None:
    assert not devices.needs_iommu((ATA,)) and devices.needs_iommu((NIC,))
    assert paths.kernel_elf("svm").name == "bulkhead-svm.elf"
    assert paths.kernel_elf("svm", "vtd").name == "bulkhead-svm-vtd.elf"


def test_devices__without_iommu_there_is_a_kernel_for_systems_that_say_so(tmp_path: Path) -> None:
    def kernel(iommu: str, listed: tuple[Device, ...], unsafe: bool) -> str:
        return systems._kernel(QEMU_SVM, iommu, listed, unsafe).name

    assert kernel("none", (NVME, NIC), unsafe=True) == "bulkhead-svm-unsafe.elf"
    assert kernel("vtd", (NVME, NIC), unsafe=True) == "bulkhead-svm-vtd.elf"
    assert kernel("none", (ATA,), unsafe=False) == "bulkhead-svm.elf"
    with pytest.raises(UsageProblem, match="unsafe_dma"):
        kernel("none", (NIC,), unsafe=False)
    made = devices.qemu_arguments((NVME, NIC), "none", tmp_path)
    assert not [one for one in made if one.startswith(("intel-iommu", "amd-iommu"))] and len([one for one in made if one.startswith("pcie-root-port")]) == 2


def test_devices__qemu_takes_the_arguments(tmp_path: Path) -> None:
    """Started with both devices and both IOMMUs, and stopped before its first instruction."""
    for iommu in devices.IOMMUS:
        machine = Machine(memory_mib=64, devices=(NVME, NIC), iommu=iommu, extra=("-S",))
        with qemu.Qemu(machine, Boot(kernel=None, iso=_empty(tmp_path))) as emulator:
            with pytest.raises(TimeOut):
                emulator.wait(1.0)
            assert emulator.complaint() == ""


def _empty(folder: Path) -> Path:
    file = folder / "empty.iso"
    file.write_bytes(bytes(2048))
    return file


def test_guesttools__mke2fs_comes_with_every_library_it_names() -> None:
    guests.ensure()
    tools = guesttools.filesystem_tools()
    shipped = {path.rpartition("/")[2] for path in tools.files}
    for path in ("sbin/mke2fs", "sbin/e2fsck"):
        needed = elf.libraries(tools.files[path])
        assert "libc.so.6" in needed and set(needed) <= shipped
    assert tools.links["sbin/mkfs.ext4"] == "mke2fs"


def test_guesttools__a_module_comes_after_what_it_needs() -> None:
    guests.ensure()
    for kernel in sorted(paths.GUESTS.glob("linux-image-*")):
        names = [file.stem.replace("-", "_") for file in guesttools.drivers(kernel)]
        assert {"virtio_blk", "virtio_net", "virtio_pci"} <= set(names)
        for file in guesttools.drivers(kernel):
            for needed in elf.module_depends(file):
                plain = needed.replace("-", "_")
                assert plain not in names or names.index(plain) < names.index(file.stem.replace("-", "_"))


def test_run__disk_is_refused_without_a_system_that_has_one(tmp_path: Path) -> None:
    with pytest.raises(UsageProblem):
        Choice(disk=tmp_path).assemble("bench")
