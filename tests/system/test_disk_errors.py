"""A disk with bad places, made by QEMU's blkdebug below the namespace: the request fails, and nothing else does."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bulkhead import paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from tests.system.network import BOOT_S, SYSTEM, Monitor, Running

MIB = 1 << 20
FIRST_SECTOR = 2048  # of a's window
BAD_READ_MIB = 64
BAD_WRITE_MIB = 80

BLKDEBUG = """
[inject-error]
event = "read_aio"
iotype = "read"
sector = "{read}"
errno = "5"
once = "off"

[inject-error]
event = "write_aio"
iotype = "write"
sector = "{write}"
errno = "5"
once = "off"
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One machine whose disk has one sector that cannot be read and one that cannot be written, both of tenant a."""
    folder: Path = tmp_path_factory.mktemp("errors")
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate(600 * MIB)
    rules = folder / "rules"
    rules.write_text(
        BLKDEBUG.format(read=FIRST_SECTOR + BAD_READ_MIB * 2048 + 9, write=FIRST_SECTOR + BAD_WRITE_MIB * 2048 + 9)
    )
    system = systems.assemble(paths.SYSTEM_SOURCES / f"{SYSTEM}.toml").with_disk(image)
    socket = folder / "qmp"
    extra = ("-qmp", f"unix:{socket},server=on,wait=off", "-set", f"drive.d0.file=blkdebug:{rules}:{image}")
    with Session(replace(system.machine(), extra=extra), system.boot()) as session:
        session.wait_ready(BOOT_S)
        for tenant in system.tenants:
            GuestShell(session, tenant).wait_ready(BOOT_S)
        monitor = Monitor(socket)
        yield Running(session, monitor)
        monitor.close()
        session.end()


def read_at(mib: int, sector: int) -> str:
    return f"echo 3 > /proc/sys/vm/drop_caches; dd if=/dev/vda of=/dev/null bs=4k skip={mib * 256 + sector // 8} count=1 2>/dev/null"


def write_at(mib: int, sector: int) -> str:
    return f"dd if=/dev/zero of=/dev/vda bs=4k seek={mib * 256 + sector // 8} count=1 conv=fsync 2>/dev/null"


def test_disk_errors__a_sector_that_cannot_be_read_is_an_error_of_that_request(running: Running) -> None:
    assert running.execute("a", read_at(BAD_READ_MIB, 9))[0] != 0
    assert running.execute("a", read_at(BAD_READ_MIB, 1024))[0] == 0
    assert running.execute("b", read_at(BAD_READ_MIB, 9))[0] == 0


def test_disk_errors__a_sector_that_cannot_be_written_is_an_error_of_that_request(running: Running) -> None:
    assert running.execute("a", write_at(BAD_WRITE_MIB, 9))[0] != 0
    assert running.execute("a", write_at(BAD_WRITE_MIB, 1024))[0] == 0
    assert running.execute("b", write_at(BAD_WRITE_MIB, 9))[0] == 0


def test_disk_errors__are_logged_by_the_driver_which_lives_on(running: Running) -> None:
    log = running.log("blkdrv")
    sector = FIRST_SECTOR + BAD_READ_MIB * 2048 + 8
    assert f"operation 0 at sector {sector}: status 0x" in log
    row = running.rows()["blkdrv"]
    assert (row["state"], row["restarts"]) == ("running", 0)
    assert running.device("blkdrv")["driver_says"]["errors"] >= 2


KEPT = "/dev/vda bs=1M skip=100 count=8 2>/dev/null"


@pytest.fixture(scope="module")
def hashes(running: Running) -> dict[str, str]:
    """Of what each tenant has written; nothing that is reported may change it."""
    write = "dd if=/dev/urandom of=/dev/vda bs=1M seek=100 count=8 conv=fsync 2>/dev/null"
    return {tenant: running.execute(tenant, f"{write}; dd if={KEPT} | sha256sum")[1] for tenant in ("a", "b")}


def is_kept(running: Running, hashes: dict[str, str]) -> bool:
    """Whether each tenant reads from the disk what it wrote."""
    read = f"echo 3 > /proc/sys/vm/drop_caches; dd if={KEPT} | sha256sum"
    return all(running.execute(tenant, read) == (0, expected) for tenant, expected in hashes.items())


def test_disk_errors__a_warning_of_the_disk_is_reported_until_it_ends(running: Running, hashes: dict[str, str]) -> None:
    warning = {"path": "/machine/peripheral/dev0", "property": "smart_critical_warning"}
    start = len(running.session.link.events())
    running.monitor.ask("qom-set", **warning, value=2 | 8)
    assert re.match(r"its disk warns of: temperature, read only; \d+ K, spare \d+%, used \d+%$", running.reported("blkdrv", "warns", start))
    assert running.device("blkdrv")["driver_says"]["warnings"] == ["temperature", "read_only"]
    running.monitor.ask("qom-set", **warning, value=0)
    assert running.reported("blkdrv", "warns of nothing", start)
    assert running.device("blkdrv")["driver_says"]["warnings"] == []
    assert is_kept(running, hashes)
    assert running.rows()["blkdrv"]["restarts"] == 0  # a warning is no failure
    assert "mgmt: blkdrv: its disk warns of: temperature, read only" in running.log("")


def test_disk_errors__a_fatal_error_of_its_root_port_restarts_the_driver(running: Running, hashes: dict[str, str]) -> None:
    restarts = int(str(running.rows()["blkdrv"]["restarts"]))
    running.inject("rp0", "DLP")
    assert running.recovered("blkdrv", restarts + 1) == "fatal error of its root port: data link protocol"
    assert is_kept(running, hashes)
    assert "mgmt: blkdrv: fatal error of its root port: data link protocol" in running.log("")
    assert running.device("blkdrv")["root_port_errors"] == {"fatal": 1, "nonfatal": 0, "correctable": 0}
    assert running.device("netdrv")["root_port_errors"] == {"fatal": 0, "nonfatal": 0, "correctable": 0}
    assert running.rows()["blkdrv"]["restarts"] == restarts + 1


def test_disk_errors__an_error_that_has_no_name_and_stays_is_counted_once(running: Running, hashes: dict[str, str]) -> None:
    """QEMU's controller has no advanced error reporting, and does not clear what it reports instead."""
    restarts = running.rows()["blkdrv"]["restarts"]
    start = len(running.session.link.events())
    running.inject("dev0", "BAD_TLP")
    assert running.reported("blkdrv", "error", start) == "correctable error of its device: not named"
    time.sleep(2.5)  # another look or two
    assert running.device("blkdrv")["errors"] == {"fatal": 0, "nonfatal": 0, "correctable": 1}
    assert is_kept(running, hashes)
    assert running.rows()["blkdrv"]["restarts"] == restarts
