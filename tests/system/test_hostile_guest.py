"""A guest that breaks every rule of its disk and its network card (tests/guest/virtio_hostile) beside one that works on both:
it stops its own devices, which is told, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from bulkhead import paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from tests.system.faults import FIRST, MIB, PIECE, WINDOW_MIB, WORK_PLACES, Neighbour, only_written
from tests.system.network import BOOT_S, NEIGHBOUR, NEIGHBOUR_END, SYSTEM, Running, serve

PASSED = 16  # what the guest writes to debug-exit
GUEST_S = 240.0
DISK_IOPS = 1500  # so that requests are under way when the guest changes its mind

STREAM = NEIGHBOUR.replace("/tmp/", "/tmp/net-")
STREAM_END = NEIGHBOUR_END.replace("/tmp/", "/tmp/net-")


@dataclass
class Beside:
    """The running machine, and the image behind its disk."""

    running: Running
    image: Path


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Beside]:
    """two-tenants with plain windows; tenant a is the hostile guest, b is Linux."""
    folder = tmp_path_factory.mktemp("hostile-guest")
    text = (paths.SYSTEM_SOURCES / f"{SYSTEM}.toml").read_text()
    guest = 'name = "a"\nmemory_mib = 32\nkernel = "virtio_hostile.elf"\ndebug_exit = true\n'
    text, guests = re.subn(r'name = "a"\nmemory_mib(?:.*\n)+?(?=\n)', guest, text)
    assert guests == 1
    description = folder / "hostile-guest.toml"
    description.write_text(text)
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate((1 + 2 * WINDOW_MIB + 1) * MIB)
    system = systems.assemble(description).with_disk(image)
    machine = system.machine()
    slow = tuple(replace(device, iops=DISK_IOPS) if device.is_disk else device for device in machine.devices)
    with Session(replace(machine, devices=slow), system.boot()) as session:
        session.wait_ready(BOOT_S)
        GuestShell(session, "b").wait_ready(BOOT_S)
        yield Beside(Running(session, None, system), image)  # type: ignore[arg-type]
        session.end()


def test_hostile_guest__harms_its_own_devices_only(beside: Beside) -> None:
    running, neighbour = beside.running, Neighbour(beside.running, "b")
    with serve(1_000_000) as served:
        neighbour.begin()
        assert running.execute("b", STREAM.format(url=served.url, sha256=served.sha256))[0] == 0
        start = len(running.session.link.events())
        running.session.link.demand("restart vmm-a")  # from here on both are at it
        ended = running.session.link.wait(
            lambda event: event.get("event") == "guest" and event.get("name") == "a", GUEST_S, "the guest's end", start
        )
        assert (ended["state"], ended["value"]) == ("debug-exit", PASSED), running.log("vmm-a")
        status, output = running.execute("b", STREAM_END)
        assert status == 0 and output.startswith("well\n") and int(output.split()[1]) >= 1, output
    neighbour.end()
    neighbour.check_image(beside.image)
    only_written(beside.image, [(FIRST["a"], WINDOW_MIB * MIB), (FIRST["b"], WORK_PLACES * PIECE)])


def test_hostile_guest__is_reported_and_nobody_was_restarted(beside: Beside) -> None:
    log = beside.running.log("vmm-a")
    assert "virtio disk needs a reset" in log and "virtio network needs a reset" in log, log
    rows = beside.running.rows()
    for other in ("blkvirt", "netvirt", "blkdrv", "netdrv", "vmm-b", "mgmt", "pci"):
        assert (rows[other]["state"], rows[other]["restarts"]) == ("running", 0), other
