"""Two tenants on one disk, behind blkvirt and a driver that is killed: what they have, what they keep, what comes of faults."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from bulkhead import paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from tests.system.faults import FIRST, MIB, PIECE, WINDOW_MIB, Neighbour, digest
from tests.system.faults import PREPARE as NEIGHBOURS_PREPARE
from tests.system.network import BOOT_S, SYSTEM, Monitor, Running

DEVICE = "dev0"  # the disk: the first device of the description
KILLS = 5  # test_kills.py has many more, over encrypted windows

PREPARE = "dd if=/dev/urandom of=/tmp/data bs=64k count=32 2>/dev/null"

# Writes a part of the window, flushes it, reads it back from the disk and compares, for as long as /tmp/go is there.
WORK = """
touch /tmp/go; rm -f /tmp/verdict
(n=0
while [ -e /tmp/go ]; do
    s=$((n % 16 * 32))
    dd if=/tmp/data of=/dev/vda bs=64k seek=$s conv=fsync 2>/dev/null || { echo write > /tmp/verdict; exit; }
    echo 3 > /proc/sys/vm/drop_caches
    dd if=/dev/vda bs=64k skip=$s count=32 2>/dev/null | cmp -s - /tmp/data || { echo compare > /tmp/verdict; exit; }
    n=$((n + 1)); echo $n > /tmp/rounds
done
echo well > /tmp/verdict) >/dev/null 2>&1 &
"""
# Each writer has a part of the window; a piece of 2 MiB is 32 requests.
WRITERS = 8
FILL = """
for w in $(seq 0 $(({writers} - 1))); do
    (for n in $(seq 0 $(({pieces} - 1))); do
        dd if=/tmp/data of=/dev/vda bs=2M seek=$((w * {pieces} + n)) oflag=direct conv=notrunc 2>/dev/null || echo failed
    done) &
done
wait
"""
WORK_END = "rm /tmp/go; while [ ! -e /tmp/verdict ]; do sleep 0.1; done; cat /tmp/verdict /tmp/rounds"


@dataclass
class Disk:
    """A running system, and the image behind its disk."""

    running: Running
    image: Path

    def execute(self, tenant: str, command: str) -> tuple[int, str]:
        return self.running.execute(tenant, command)

    def at(self, tenant: str, offset: int, length: int) -> bytes:
        """What stands in the image at @offset of @tenant's window."""
        with self.image.open("rb") as file:
            file.seek(FIRST[tenant] + offset)
            return file.read(length)

    def begin_work(self) -> None:
        for tenant in ("a", "b"):
            assert self.execute(tenant, PREPARE + WORK)[0] == 0

    def end_work(self) -> None:
        for tenant in ("a", "b"):
            status, output = self.execute(tenant, WORK_END)
            assert status == 0 and output.startswith("well\n"), (tenant, output)
            assert int(output.split()[1]) >= 1, output

    def kill(self, name: str) -> None:
        """Kills @name and waits until it runs again."""
        before = int(str(self.running.rows()[name]["restarts"]))
        self.running.session.link.demand(f"kill {name}")
        until = time.monotonic() + BOOT_S
        while time.monotonic() < until:
            row = self.running.rows()[name]
            if int(str(row["restarts"])) == before + 1 and row["state"] == "running":
                return
            time.sleep(0.05)
        raise AssertionError(f"{name} never came back")


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    """One machine for all tests here; each leaves both tenants with a working disk."""
    folder = tmp_path_factory.mktemp("disk")
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate((1 + 2 * WINDOW_MIB + 1) * MIB)
    system = systems.assemble(paths.SYSTEM_SOURCES / f"{SYSTEM}.toml").with_disk(image)
    socket = folder / "qmp"
    machine = replace(system.machine(), extra=("-qmp", f"unix:{socket},server=on,wait=off"))
    with Session(machine, system.boot()) as session:
        session.wait_ready(BOOT_S)
        for tenant in system.tenants:
            GuestShell(session, tenant).wait_ready(BOOT_S)
        monitor = Monitor(socket)
        yield Disk(Running(session, monitor), image)
        monitor.close()
        session.end()


def test_disk__each_has_its_window(disk: Disk) -> None:
    for tenant in ("a", "b"):
        assert disk.execute(tenant, "cat /sys/block/vda/size /sys/block/vda/ro") == (0, f"{WINDOW_MIB * 2048}\n0\n")
        command = f"for n in $(seq 64); do echo {tenant}-marker-$n; done | dd of=/dev/vda conv=fsync 2>/dev/null"
        assert disk.execute(tenant, command)[0] == 0
    for tenant in ("a", "b"):
        assert disk.at(tenant, 0, 11) == f"{tenant}-marker-1\n".encode()


def test_disk__the_last_sector_is_the_windows(disk: Disk) -> None:
    last = WINDOW_MIB * 2048 - 1
    before = disk.at("b", 0, MIB)
    command = f"head -c 512 /dev/zero | tr '\\0' z | dd of=/dev/vda bs=512 seek={last} conv=fsync 2>/dev/null"
    assert disk.execute("a", command)[0] == 0
    assert disk.at("a", WINDOW_MIB * MIB - 512, 512) == b"z" * 512
    # One more is not there, and the neighbour's first sector is as it was.
    assert disk.execute("a", f"echo x | dd of=/dev/vda bs=512 seek={last + 1} 2>/dev/null")[0] != 0
    assert disk.execute("a", f"dd if=/dev/vda bs=512 skip={last + 1} 2>/dev/null | wc -c") == (0, "0\n")
    assert disk.at("b", 0, MIB) == before


def test_disk__a_neighbours_bytes_are_nowhere_in_the_window(disk: Disk) -> None:
    secret = "neighbours-secret-%d" % random.randrange(10**12)
    assert disk.execute("b", f"echo {secret} | dd of=/dev/vda seek=4096 conv=fsync 2>/dev/null")[0] == 0
    assert disk.at("b", 4096 * 512, len(secret)) == secret.encode()
    assert disk.execute("a", f"tr -d '\\0' < /dev/vda | grep -c {secret}") == (1, "0\n")


def test_disk__a_full_window_is_full_and_the_neighbour_works_on(disk: Disk) -> None:
    """Tenant a writes every sector it has, with more requests at a time than there are places for."""
    neighbour = Neighbour(disk.running, "b")
    neighbour.begin()
    status, output = disk.execute("a", NEIGHBOURS_PREPARE)
    assert status == 0
    assert disk.execute("a", FILL.format(writers=WRITERS, pieces=WINDOW_MIB * MIB // PIECE // WRITERS)) == (0, "")
    assert disk.execute("a", f"echo x | dd of=/dev/vda bs=512 seek={WINDOW_MIB * 2048} 2>/dev/null")[0] != 0
    neighbour.end(least=1)
    pieces = {digest(disk.image, FIRST["a"] + at, PIECE) for at in range(0, WINDOW_MIB * MIB, PIECE)}
    assert pieces == {output.split()[0]}
    neighbour.check_image(disk.image)


def test_disk__a_file_system_works(disk: Disk) -> None:
    make = "mkfs.ext4 -q /dev/vda && mkdir -p /mnt && mount /dev/vda /mnt"
    fill = "dd if=/dev/urandom of=/mnt/x bs=1M count=24 2>/dev/null && sha256sum < /mnt/x && sync"
    status, wanted = disk.execute("a", f"{make} && {fill}")
    assert status == 0
    again = "umount /mnt && echo 3 > /proc/sys/vm/drop_caches && e2fsck -fn /dev/vda > /dev/null 2>&1 && mount /dev/vda /mnt"
    assert disk.execute("a", f"{again} && sha256sum < /mnt/x && umount /mnt") == (0, wanted)


@pytest.mark.parametrize("name", ["blkvirt", "pci", "vmm-b"])
def test_disk__work_goes_on_when_another_dies(disk: Disk, name: str) -> None:
    assert disk.execute("a", PREPARE + WORK)[0] == 0
    time.sleep(1.0)
    disk.kill(name)
    time.sleep(1.0)
    status, output = disk.execute("a", WORK_END)
    assert status == 0 and output.startswith("well\n"), output
    marker = "echo after | dd of=/dev/vda seek=9000 conv=fsync 2>/dev/null; dd if=/dev/vda skip=9000 count=1 2>/dev/null | head -c 5"
    assert disk.execute("b", marker) == (0, "after")


def test_disk__a_warning_of_its_health_is_logged(disk: Disk) -> None:
    path = f"/machine/peripheral/{DEVICE}"
    disk.running.monitor.ask("qom-set", path=path, property="smart_critical_warning", value=4)
    time.sleep(1.0)
    assert re.search(r"health: warnings 0x4", disk.running.log("blkdrv"))
    assert disk.execute("a", "echo x | dd of=/dev/vda conv=fsync 2>/dev/null")[0] == 0


def test_disk__kills_of_the_driver_lose_nothing(disk: Disk) -> None:
    """A kill counts where requests were in flight: what blkvirt sent again says so."""
    chance = random.Random(1)
    disk.begin_work()
    recovered = replayed = tried = 0
    while replayed < KILLS and tried < 4 * KILLS:
        tried += 1
        time.sleep(0.2 + 0.3 * chance.random())
        life = int(str(disk.running.rows()["blkdrv"]["restarts"])) + 1
        disk.running.session.link.demand("kill blkdrv")
        disk.running.recovered("blkdrv", life)
        recovered += 1
        lines = re.findall(r"epoch \d+: (\d+) requests replayed", disk.running.log("blkvirt"))
        replayed += bool(lines) and int(lines[-1]) != 0
    disk.end_work()
    print(f"{recovered} kills, {replayed} with requests in flight")
    assert replayed >= KILLS
    assert disk.running.rows()["blkvirt"]["state"] == "running"
