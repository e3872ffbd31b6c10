"""Devices without an IOMMU: a guest's disk and network work, a killed driver comes back, and every boot says what nothing holds back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bulkhead import grub, paths, systems
from bulkhead.errors import UsageProblem
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from bulkhead.systems import System
from tests.system.test_boot_devices import refusal, same, sealed

SYSTEM = str(Path(__file__).with_name("disk-net-unsafe.toml"))
BOOT_S = 180.0
COMMAND_S = 120.0
KERNEL_SAYS = "bulkhead: WARNING: UNSAFE DMA: no IOMMU; every driven device reaches all memory and raises any interrupt"
BUILDER_SAYS = "behind nothing: UNSAFE DMA, it reaches all memory"
PREPARE = "mkfs.ext4 -q /dev/vda && mount /dev/vda /mnt && dd if=/dev/urandom of=/tmp/x bs=1M count=16 2>/dev/null"
# Writes, forces to the disk, forgets and compares, until /tmp/stop; says why it ended.
LOOP = (
    "(n=0; while [ ! -e /tmp/stop ]; do cp /tmp/x /mnt/x && sync && echo 3 > /proc/sys/vm/drop_caches && cmp /tmp/x /mnt/x "
    "|| break; n=$((n+1)); echo $n > /tmp/rounds; done; echo done > /tmp/end) >/dev/null 2>&1 & "
    "while [ ! -e /tmp/rounds ]; do sleep 0.1; done"
)
COMPARE = (
    "touch /tmp/stop; while [ ! -e /tmp/end ]; do sleep 0.1; done; umount /mnt && mount /dev/vda /mnt && cmp /tmp/x /mnt/x && "
    "! dmesg | grep -e 'I/O error' -e 'EXT4-fs error' && ping -c3 10.0.2.2"
)


@pytest.fixture(scope="module")
def system(assemble: Callable[[str], System]) -> System:
    return assemble(SYSTEM)


@pytest.fixture(scope="module")
def session(system: System) -> Iterator[Session]:
    """The machine, which has no IOMMU; it is killed at the end."""
    machine = system.machine()
    assert machine.iommu == "none" and len(machine.devices) == 2
    with Session(machine, system.boot()) as unconfined:
        unconfined.wait_ready(BOOT_S)
        yield unconfined


def said(session: Session) -> str:
    return session.console.since(0).decode(errors="replace")


def execute(session: Session, command: str) -> tuple[int, str]:
    output = bytearray()
    shell = GuestShell(session, "a", len(session.link.events()))
    shell.wait_ready(BOOT_S)
    return shell.execute(command, output.extend, COMMAND_S), output.decode(errors="replace")


def test_unsafe__the_boot_says_so_for_the_machine_and_for_each_device(session: Session) -> None:
    assert not [word for word in session.emulator.command if word.startswith(("intel-iommu", "amd-iommu"))]
    assert said(session).count(KERNEL_SAYS) == 1 and said(session).count(BUILDER_SAYS) == 2
    assert "device 01:00.0 of blkdrv" in said(session) and "device 02:00.0 of netdrv" in said(session)


def test_unsafe__disk_and_network_work_and_survive_their_drivers(session: Session) -> None:
    """Without an IOMMU it is the reset alone that ends a dead driver's transfers, so it comes before its memory is made anew."""
    assert execute(session, f"{PREPARE} && ping -c1 10.0.2.2 && {LOOP}")[0] == 0
    for name in ("blkdrv", "netdrv"):
        start = len(session.link.events())
        session.link.demand(f"kill {name}")
        recovered = session.link.wait(
            lambda event, name=name: event.get("event") == "recovered" and event.get("name") == name,  # type: ignore[misc]
            30, f"{name}'s return", start,
        )  # fmt: skip
        stages = recovered["us"]
        assert isinstance(stages, dict) and stages["reset"] >= 100_000
        assert {"quiesce", "reset", "rebuild"} <= set(stages)
    status, output = execute(session, COMPARE)
    assert status == 0 and "0% packet loss" in output, output


def under(system: System, kernel: str, folder: Path) -> str:
    """What is said when @system is booted under another kernel image, which refuses."""
    return refusal(system.machine(), sealed(system, folder, paths.kernel_elf(kernel), same))


def test_unsafe__a_kernel_that_drives_no_device_is_refused(system: System, tmp_path: Path) -> None:
    assert "FATAL: no IOMMU: this kernel drives no device without one" in under(system, "svm", tmp_path)


def test_unsafe__no_kernel_helps_a_system_that_does_not_say_so(assemble: Callable[[str], System], tmp_path: Path) -> None:
    plain = assemble("two-tenants")
    text = under(plain, "svm-unsafe", tmp_path)
    assert "FATAL: no IOMMU: the device of domain 'blkdrv' needs unsafe_dma" in text
    with pytest.raises(UsageProblem, match="unsafe_dma"):
        systems.assemble(systems.find("two-tenants"), iommu="none")


def test_unsafe__with_an_iommu_devices_are_held_back_all_the_same() -> None:
    confined = systems.assemble(systems.find(SYSTEM), name="disk-net-unsafe-vtd", iommu="vtd")
    with Session(confined.machine(), confined.boot()) as running:
        running.wait_ready(BOOT_S)
        text = said(running)
    assert "unsafe_dma is described but not needed: VT-d holds the devices back" in text
    assert text.count("1 interrupts, behind VT-d") == 2 and "UNSAFE DMA" not in text


def test_unsafe__an_iso_has_its_kernel_in_the_place_of_the_one_without_devices(
    system: System, assemble: Callable[[str], System]
) -> None:
    for one, expected in ((system, ["svm-none"]), (assemble("two-tenants"), [])):
        kernels = grub.seal_kernels(one)
        unsafe = [f"{kernel.kind.cpu}-{kernel.kind.iommu}" for kernel in kernels if b"UNSAFE DMA" in kernel.path.read_bytes()]
        assert unsafe == expected
