"""The CD image: one for both CPU vendors, under BIOS and under UEFI; the selector takes one kernel and wipes the rest."""

from __future__ import annotations

import hashlib
import re
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from bulkhead import grub, image
from bulkhead.emulator import Boot, Machine
from bulkhead.errors import BulkheadFailed
from bulkhead.platforms import BOCHS_SVM, BOCHS_VMX, QEMU_SVM, Platform
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from bulkhead.systems import System

BOOT_S = 120.0
BARE = str(Path(__file__).with_name("tenants-bare.toml"))
DEVICES = "two-tenants"
MIB = 1 << 20
UEFI = ("-bios", "/usr/share/ovmf/OVMF.fd")
VTD = ("-device", "intel-iommu")


def made_of(system: System, folder: Path) -> Path:
    """What `bulkhead iso` makes of @system."""
    grub.make_iso(folder / "system.iso", grub.seal_kernels(system), system.modules)
    return folder / "system.iso"


@pytest.fixture(scope="module")
def iso(assemble: Callable[[str], System], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_of(assemble(BARE), tmp_path_factory.mktemp("iso"))


@pytest.fixture(scope="module")
def iso_with_devices(assemble: Callable[[str], System], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made_of(assemble(DEVICES), tmp_path_factory.mktemp("iso"))


def console(session: Session) -> str:
    """All that came on COM1 so far."""
    return session.console.since(0).decode(errors="replace")


def verdict(session: Session) -> str:
    """What the selector said of the machine and of its choice."""
    found = re.search(r"bulkhead: (?:FATAL: )?(the machine has [^\r\n]*)", console(session))
    assert found is not None, console(session)
    return found[1]


@pytest.mark.parametrize(
    ("platform", "firmware"),
    [(QEMU_SVM, ()), (QEMU_SVM, UEFI), (BOCHS_VMX, ())],
    ids=["qemu-svm-bios", "qemu-svm-uefi", "bochs-vmx-bios"],
)
def test_iso__boots_to_the_shells(
    platform: Platform, firmware: tuple[str, ...], assemble: Callable[[str], System], iso: Path
) -> None:
    system = assemble(BARE)
    timeout_s = BOOT_S * platform.patience
    machine = Machine(memory_mib=system.memory_mib, platform=platform, extra=firmware, devices=system.devices)
    with Session(machine, Boot(iso=iso)) as session:
        session.wait_ready(BOOT_S)
        said = verdict(session)
        assert said.startswith(f"the machine has cpu={platform.vendor} iommu=none; ")
        assert said.endswith(f"; taken is cpu={platform.vendor} iommu=none")
        for tenant in system.tenants:
            output = bytearray()
            shell = GuestShell(session, tenant)
            shell.wait_ready(timeout_s)
            assert shell.execute("echo $((6 * 7))", output.extend, timeout_s) == 0
            assert output == b"42\n"


@pytest.mark.parametrize("firmware", [(), UEFI], ids=["bios", "uefi"])
def test_iso__with_devices_a_tenant_has_its_disk_and_its_network(
    firmware: tuple[str, ...], assemble: Callable[[str], System], iso_with_devices: Path
) -> None:
    """Under VT-d; firmware's addresses for configuration space and regions are of no account."""
    system = assemble(DEVICES)
    with Session(replace(system.machine(), extra=firmware), Boot(iso=iso_with_devices)) as session:
        session.wait_ready(BOOT_S)
        assert verdict(session).endswith("; taken is cpu=svm iommu=vtd")
        assert "device 01:00.0 of blkdrv: " in console(session) and "behind VT-d" in console(session)
        output = bytearray()
        shell = GuestShell(session, system.tenants[0])
        shell.wait_ready(BOOT_S)
        assert shell.execute("mkfs.ext4 -q /dev/vda && ping -c1 10.0.2.2", output.extend, BOOT_S) == 0, output.decode()


@pytest.mark.long
def test_iso__bochs_svm_runs_the_domains(assemble: Callable[[str], System], iso: Path) -> None:
    machine = Machine(memory_mib=assemble(BARE).memory_mib, platform=BOCHS_SVM)
    with Session(machine, Boot(iso=iso)) as session:
        session.wait_ready(BOOT_S)
        assert verdict(session).endswith("; taken is cpu=svm iommu=none")


def _marked(folder: Path, kind: grub.KernelKind) -> tuple[grub.Kernel, bytes]:
    """The SVM kernel under the name of @kind, and 64 bytes that no other file has: the hashes that it would trust."""
    trusted = [folder / f"{kind.cpu}-{kind.iommu}-{n}" for n in range(2)]
    for file in trusted:
        file.write_text(file.name)
    sealed = folder / f"marked-{kind.cpu}-{kind.iommu}.elf"
    image.seal_kernel(grub.KINDS[0].built, *trusted, sealed)
    return grub.Kernel(kind, sealed), b"".join(hashlib.sha256(file.read_bytes()).digest() for file in trusted)


def _memory(monitor: Path, megabytes: int, out: Path) -> bytes:
    """The machine's memory, by QEMU's monitor."""
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(30)
        stream.connect(str(monitor))
        stream.sendall(f'stop\npmemsave 0 {megabytes * MIB} "{out}"\nquit\n'.encode())
        while stream.recv(4096):
            pass
    return out.read_bytes()


def _struck(memory: bytes, kind: grub.KernelKind) -> tuple[int, int]:
    """Where the loader had put the kernel for @kind, by its tag, which the selector has struck out.

    GRUB loads a file to one place and moves it to this one before it starts the selector. What it leaves behind lies in
    memory that is free, and the core zeroes such memory before anybody gets it.
    """
    tags = re.findall(rb"\0\0\x48\x42.{4}(.{4})(.{4})" + kind.words.encode() + rb"\0", memory, flags=re.DOTALL)
    assert len(tags) == 1
    return int.from_bytes(tags[0][0], "little"), int.from_bytes(tags[0][1], "little")


def test_iso__the_kernel_for_the_iommu_runs_and_the_others_are_wiped(
    assemble: Callable[[str], System], tmp_path: Path
) -> None:
    assemble(BARE)
    kinds = [grub.KernelKind(*words) for words in (("svm", "none"), ("vmx", "none"), ("svm", "vtd"), ("svm", "amdvi"))]
    kernels, marks = zip(*(_marked(tmp_path, kind) for kind in kinds), strict=True)
    grub.make_iso(tmp_path / "x.iso", kernels, ())
    monitor = ("-monitor", f"unix:{tmp_path / 'monitor'},server=on,wait=off")
    with Session(Machine(memory_mib=256, extra=(*VTD, *monitor)), Boot(iso=tmp_path / "x.iso")) as session:
        with pytest.raises(BulkheadFailed, match="boot modules missing"):
            session.wait_ready(BOOT_S)
        said = verdict(session)
        memory = _memory(tmp_path / "monitor", 256, tmp_path / "memory.bin")
    assert said.startswith("the machine has cpu=svm iommu=vtd;") and said.endswith("; taken is cpu=svm iommu=vtd")
    in_place = memory[MIB : 4 * MIB]
    assert [in_place.count(mark) for mark in marks] == [0, 0, 1, 0]
    for kernel in kernels:
        start, end = _struck(memory, kernel.kind)
        assert end - start == kernel.path.stat().st_size
        assert not any(memory[start:end])


def test_iso__a_machine_that_no_kernel_is_for_is_told_so(iso: Path) -> None:
    with Session(Machine(extra=("-cpu", "max,-svm")), Boot(iso=iso)) as session:
        with pytest.raises(BulkheadFailed, match="refused to boot"):
            session.wait_ready(BOOT_S)
        said = verdict(session)
        assert said.startswith("the machine has cpu=none iommu=none; the image carries kernels for cpu=svm iommu=none")
        assert said.endswith("; none of them fits")
        assert "kernel starts" not in console(session)


def test_iso__two_are_equal(assemble: Callable[[str], System], iso: Path, tmp_path: Path) -> None:
    system = assemble(BARE)
    time.sleep(2.1)  # FAT counts time in steps of two seconds
    grub.make_iso(tmp_path / "again.iso", grub.seal_kernels(system), system.modules)
    assert (tmp_path / "again.iso").read_bytes() == iso.read_bytes()
