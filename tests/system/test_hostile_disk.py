"""A disk driver that does its worst (hostile_blkdrv/script.c): what each offence does to two tenants that write, read
back and compare, which is nothing but a pause; and what management says about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from bulkhead import paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from bulkhead.systems import System
from tests.system.faults import (
    FIRST, PIECE, PREPARE, WORK_PLACES, Neighbour, digest, emulator_said, only_written, reachable,
)  # fmt: skip
from tests.system.network import BOOT_S, Running

TRIGGER_MIB = 100  # hostile_vmm/script.c
PLACES_MIB = 128  # in tenant a's window: one place a MiB (script.c)
OTHERS_POOL = 0x10_0080_0000  # script.c

# What a life of the driver does, in this order, and what management takes for the cause.
OFFENCES = (
    ("null_dereference", r"."),
    ("wild_write", r"."),
    ("endless_loop", r"stopped answering"),
    ("silence", r"stopped answering"),
    ("exit", r"."),
    ("completion_of_nothing", r"broke the rules"),
    ("completion_of_a_former_request", r"broke the rules"),
    ("status_that_does_not_exist", r"broke the rules"),
    ("impossible_counter", r"broke the rules"),
    ("scribble_over_the_channel", r"broke the rules"),
    ("device_aimed_at_the_kernel", r"outside its pools: address (0x)?10[0-9a-f]{4}\b"),
    ("device_aimed_at_guests", r"outside its pools: address (0x)?200[0-9a-f]{5}\b"),
    ("completion_twice", r"broke the rules"),
    ("device_aimed_at_the_networks_pool", rf"outside its pools: address (0x)?{OTHERS_POOL >> 12:x}[0-9a-f]{{3}}\b"),
    ("interrupt_flood", r"stopped answering"),
)

# The request that calls the offence is one of many in flight.
ROUND = """
(dd if=/tmp/data of=/dev/vda bs=64k seek={seek} conv=fsync 2>/dev/null || echo write failed) &
dd if=/dev/vda of=/dev/null bs=4k skip={place} count=1 2>/dev/null || echo read failed
wait
echo 3 > /proc/sys/vm/drop_caches
dd if=/dev/vda bs=64k skip={seek} count=32 2>/dev/null | sha256sum
"""


@dataclass
class Hostile:
    """The running machine, what it was made of, and the image behind its disk."""

    running: Running
    system: System
    image: Path


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hostile]:
    """One machine for all offences: two-tenants with plain windows and the hostile driver in the place of the shipped one."""
    folder: Path = tmp_path_factory.mktemp("hostile-disk")
    text = (paths.SYSTEM_SOURCES / "two-tenants-plain.toml").read_text()
    text, images = re.subn(r'image = "blkdrv"', 'image = "hostile-blkdrv"', text)
    text, limits = re.subn(r'(blkdrv = \{ policy = "always", limit =) \d+', r"\1 16", text)
    text, machines = re.subn(r'(name = "a"\nmemory_mib = 256\n)', r'\1vmm = "hostile-vmm"\n', text)
    assert images == limits == machines == 1
    description = folder / "hostile-disk.toml"
    description.write_text(text)
    disk = folder / "disk.img"
    with disk.open("wb") as file:
        file.truncate(1 << 30)
    system = systems.assemble(description).with_disk(disk)
    with Session(system.machine(), system.boot()) as session:
        session.wait_ready(BOOT_S)
        for tenant in system.tenants:
            GuestShell(session, tenant).wait_ready(BOOT_S)
        yield Hostile(Running(session, None), system, disk)  # type: ignore[arg-type]
        session.end()


def test_hostile_vmm__reaches_nothing_of_its_neighbours(hostile: Hostile) -> None:
    """Past its guest's limits, a VMM (hostile_vmm/script.c) asks for the neighbour's sectors and pool: refused, each."""
    machine = hostile.running
    secret = "echo the-neighbours | dd of=/dev/vda conv=fsync 2>/dev/null"
    assert machine.execute("b", secret)[0] == 0
    before = digest(hostile.image, FIRST["b"], PIECE)
    command = f"dd if=/dev/vda of=/dev/null bs=4k skip={TRIGGER_MIB * 256} count=1 2>/dev/null"
    assert machine.execute("a", command)[0] == 0
    log = machine.log("vmm-a")
    assert len(re.findall(r"neighbour's .*: refused|across the end: refused|before the beginning: refused", log)) == 6, log
    assert "SERVED" not in log and "NO ANSWER" not in log, log
    assert re.search(r"a: \d+ requests refused, the last: operation", machine.log("blkvirt"))
    assert digest(hostile.image, FIRST["b"], PIECE) == before


def test_hostile_disk__the_others_pool_is_one(hostile: Hostile) -> None:
    """What the offence of that name aims at is the network's, and not the disk's."""
    assert reachable(hostile.system, "netdrv", OTHERS_POOL) and not reachable(hostile.system, "blkdrv", OTHERS_POOL)


def test_hostile_disk__tenants_notice_no_offence(hostile: Hostile) -> None:
    """One boot: the lives of a driver follow each other."""
    machine, neighbour = hostile.running, Neighbour(hostile.running, "b")
    status, wanted = machine.execute("a", PREPARE)
    assert status == 0
    neighbour.begin()
    for life, (name, cause) in enumerate(OFFENCES):
        command = ROUND.format(seek=32 * life, place=256 * (PLACES_MIB + life))
        assert machine.execute("a", command) == (0, wanted), name
        found = machine.recovered("blkdrv", life + 1)
        assert re.search(cause, found), (name, found)
    neighbour.end(least=3)
    rows = machine.rows()
    assert (rows["blkdrv"]["state"], rows["blkdrv"]["restarts"]) == ("running", len(OFFENCES))
    for other in ("blkvirt", "netvirt", "netdrv", "vmm-a", "vmm-b", "mgmt", "pci"):
        assert (rows[other]["state"], rows[other]["restarts"]) == ("running", 0), other
    # By hash and on the disk itself: what each wrote, and not a byte elsewhere.
    assert all(digest(hostile.image, FIRST["a"] + life * PIECE, PIECE) == wanted.split()[0] for life in range(len(OFFENCES)))
    neighbour.check_image(hostile.image)
    only_written(hostile.image, [(FIRST["a"], len(OFFENCES) * PIECE), (FIRST["b"], WORK_PLACES * PIECE)])


def test_hostile_disk__the_flood_was_cut_off_in_the_remapping_table(hostile: Hostile) -> None:
    """The device went on to send; its entry was not there any more, which QEMU says once."""
    assert "1000 interrupts, none acknowledged" in hostile.running.log("blkdrv")
    assert re.search(r"non-present IRTE|IRTE.*not present", emulator_said(hostile.running.session))
