"""Drivers are killed again and again while a tenant writes, reads back and fetches: nothing is lost, nothing changes.

A kill counts only if requests were with the driver when it died, or for the network a stream was open. `bulkhead test --long kills` does a thousand of each.
build/run/kills-DRIVER.json says what was counted.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bulkhead import guests, guesttools, initramfs, paths, proc, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from tests.system.network import NEIGHBOUR, NEIGHBOUR_END, serve

BOOT_S = 180.0
KILLS = [25, pytest.param(1000, marks=pytest.mark.long)]
SOURCE = Path(__file__).parent / "kills" / "verify.c"
STOP = "/tmp/stop"
DISK_IOPS = 2000  # the emulator's disk answers at once, otherwise


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    """The default system, disks encrypted, with the verifier in the tenants' initramfs."""
    folder = tmp_path_factory.mktemp("kills")
    verify = folder / "verify"
    proc.run(["gcc", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", verify, SOURCE], what="compiling")
    versions = guests.ensure()
    package = versions.linux_cloud.split()[0]
    image = initramfs.build(
        guests.BUSYBOX, files={"bin/verify": verify.read_bytes()},
        virtio={package.removeprefix("linux-image-"): guesttools.drivers(paths.GUESTS / package)},
    )  # fmt: skip
    (folder / guests.INITRAMFS.name).write_bytes(image)
    system = systems.assemble(systems.find("two-tenants"), name="two-tenants-kills", extra_folders=(folder,))
    machine = system.machine()
    slow = tuple(replace(device, iops=DISK_IOPS) if device.is_disk else device for device in machine.devices)
    with Session(replace(machine, devices=slow), system.boot()) as running:
        running.wait_ready(BOOT_S)
        for tenant in system.tenants:
            GuestShell(running, tenant).wait_ready(BOOT_S)
        yield running
        running.end()


def execute(session: Session, tenant: str, command: str, timeout_s: float = BOOT_S) -> tuple[int, str]:
    """Runs @command in @tenant's shell."""
    output = bytearray()
    shell = GuestShell(session, tenant, len(session.link.events()))
    shell.wait_ready(BOOT_S)
    status = shell.execute(command, output.extend, timeout_s)
    return status, output.decode()


def kill_once(session: Session, driver: str) -> dict[str, object]:
    """Kills @driver and waits until another serves: what management says of it."""
    start = len(session.link.events())
    session.link.demand(f"kill {driver}")
    until = time.monotonic() + 60.0
    while time.monotonic() < until:
        found = session.link.find(
            lambda event: event.get("event") == "recovered" and event.get("name") == driver, start
        )
        if found is not None:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{driver} never came back: {session.link.events()[start:]}")


def kill_often(session: Session, driver: str, wanted: int, busy: Callable[[], int] | None = None) -> None:
    """@wanted kills with requests in flight, or with @busy streams open; the record goes to build/run."""
    rests = random.Random(1)
    counted: list[int] = []
    idle, times = 0, []
    while len(counted) < wanted:
        time.sleep(rests.uniform(0.0, 0.15))
        streams = busy() if busy else 0
        last = kill_once(session, driver)
        in_flight, us = streams or int(str(last["in_flight"])), last["us"]
        assert isinstance(us, dict)
        if in_flight:
            counted.append(in_flight)
            times.append(us)
        else:
            idle += 1
        assert idle <= 3 * wanted + 20, f"{driver} never had anything to do: {counted}"
    record = {
        "driver": driver, "kills": len(counted), "in_flight": counted, "without_requests": idle,
        "us": {stage: {"median": sorted(int(one[stage]) for one in times)[len(times) // 2],
                       "max": max(int(one[stage]) for one in times)} for stage in times[0]},
    }  # fmt: skip
    paths.RUN.mkdir(parents=True, exist_ok=True)
    (paths.RUN / f"kills-{driver}.json").write_text(json.dumps(record, indent=1) + "\n")


@pytest.mark.parametrize("kills", KILLS)
def test_kills__disk_driver_loses_nothing(session: Session, kills: int) -> None:
    for tenant in ("a", "b"):
        execute(session, tenant, f"rm -f {STOP}; verify /dev/vda 256 8192 {STOP} > /tmp/verify.out 2>&1 &")
    kill_often(session, "blkdrv", kills)
    for tenant in ("a", "b"):
        status, output = execute(session, tenant, f"touch {STOP}; wait; while pidof verify; do sleep 0.1; done; cat /tmp/verify.out")
        assert status == 0 and output.rpartition("\n")[0].rpartition("\n")[2].startswith("verify: well"), (tenant, output)


@pytest.mark.parametrize("kills", KILLS)
def test_kills__network_driver_breaks_no_stream(session: Session, kills: int) -> None:
    with serve(6_000_000) as served:
        for tenant in ("a", "b"):
            assert execute(session, tenant, NEIGHBOUR.format(url=served.url, sha256=served.sha256))[0] == 0
        kill_often(session, "netdrv", kills, served.open_streams)
        for tenant in ("a", "b"):
            status, output = execute(session, tenant, NEIGHBOUR_END)
            assert status == 0 and output.startswith("well\n"), (tenant, output)
            assert int(output.split()[1]) >= 1
