"""A disk driver that does its worst (hostile_blkdrv/script.c): what each offence does to two tenants that write, read
back and compare, which is nothing but a pause; and what management says about it."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from bulkhead import paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell

BOOT_S = 180.0
PLACES_MIB = 128  # in tenant a's window: one place a MiB (script.c)

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
)

PREPARE = "dd if=/dev/urandom of=/tmp/data bs=1M count=2 2>/dev/null; sha256sum < /tmp/data"

# Writes and reads back for as long as /tmp/go is there; a difference or an error ends it with a word in /tmp/verdict.
NEIGHBOUR = """
touch /tmp/go
(n=0
while [ -e /tmp/go ]; do
    dd if=/tmp/data of=/dev/vda bs=64k seek=$((n % 8 * 32)) conv=fsync 2>/dev/null || { echo write > /tmp/verdict; exit; }
    echo 3 > /proc/sys/vm/drop_caches
    dd if=/dev/vda bs=64k skip=$((n % 8 * 32)) count=32 2>/dev/null | cmp -s - /tmp/data || { echo compare > /tmp/verdict; exit; }
    n=$((n + 1)); echo $n > /tmp/rounds
done
echo well > /tmp/verdict) >/dev/null 2>&1 &
"""

# The request that calls the offence is one of many in flight.
ROUND = """
(dd if=/tmp/data of=/dev/vda bs=64k seek={seek} conv=fsync 2>/dev/null || echo write failed) &
dd if=/dev/vda of=/dev/null bs=4k skip={place} count=1 2>/dev/null || echo read failed
wait
echo 3 > /proc/sys/vm/drop_caches
dd if=/dev/vda bs=64k skip={seek} count=32 2>/dev/null | sha256sum
"""


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """One machine for all offences: two-tenants with plain windows and the hostile driver in the place of the shipped one."""
    folder: Path = tmp_path_factory.mktemp("hostile-disk")
    text = (paths.SYSTEM_SOURCES / "two-tenants-plain.toml").read_text()
    text, images = re.subn(r'image = "blkdrv"', 'image = "hostile-blkdrv"', text)
    text, limits = re.subn(r'(blkdrv = \{ policy = "always", limit =) \d+', r"\1 16", text)
    assert images == limits == 1
    description = folder / "hostile-disk.toml"
    description.write_text(text)
    disk = folder / "disk.img"
    with disk.open("wb") as file:
        file.truncate(1 << 30)
    system = systems.assemble(description).with_disk(disk)
    with Session(system.machine(), system.boot()) as running:
        running.wait_ready(BOOT_S)
        for tenant in system.tenants:
            GuestShell(running, tenant).wait_ready(BOOT_S)
        yield running
        running.end()


def execute(session: Session, tenant: str, command: str) -> tuple[int, str]:
    """Runs @command in @tenant's shell."""
    output = bytearray()
    shell = GuestShell(session, tenant, len(session.link.events()))
    shell.wait_ready(BOOT_S)
    status = shell.execute(command, output.extend, BOOT_S)
    return status, output.decode()


def wait_recovered(session: Session, life: int) -> str:
    """Waits until the driver's life number @life serves; why the one before it ended."""
    until = time.monotonic() + BOOT_S
    while time.monotonic() < until:
        found = session.link.find(
            lambda event: event.get("event") == "recovered"
            and event.get("name") == "blkdrv"
            and int(str(event.get("recovered"))) == life
        )
        if found is not None:
            return str(found["cause"])
        time.sleep(0.1)
    raise AssertionError(f"the driver never came back: {session.link.events()[-8:]}")


def test_hostile_disk__tenants_notice_no_offence(session: Session) -> None:
    """One boot: the lives of a driver follow each other."""
    status, wanted = execute(session, "a", PREPARE)
    assert status == 0
    assert execute(session, "b", PREPARE)[0] == 0
    assert execute(session, "b", NEIGHBOUR)[0] == 0
    for life, (name, cause) in enumerate(OFFENCES):
        command = ROUND.format(seek=32 * life, place=256 * (PLACES_MIB + life))
        assert execute(session, "a", command) == (0, wanted), name
        assert re.search(cause, wait_recovered(session, life + 1)), (name, session.link.events()[-6:])
    status, verdict = execute(session, "b", "rm /tmp/go; while [ ! -e /tmp/verdict ]; do sleep 0.1; done; cat /tmp/verdict")
    assert (status, verdict) == (0, "well\n")
    rounds = execute(session, "b", "cat /tmp/rounds")[1]
    assert int(rounds) >= 3
    rows = session.link.demand("ps")["domains"]
    assert isinstance(rows, list)
    states = {row["name"]: (row["state"], row["restarts"]) for row in rows}
    assert states["blkdrv"] == ("running", len(OFFENCES))
    for name in ("blkvirt", "netvirt", "netdrv", "vmm-a", "vmm-b", "mgmt", "pci"):
        assert states[name] == ("running", 0), name
