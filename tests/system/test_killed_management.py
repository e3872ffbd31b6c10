"""Who manages is killed while a driver is on its way back, and in the end builder itself: tenants work on, nothing is lost,
and it is said. One machine; the death of builder is the last thing that it sees."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from bulkhead import frames, messages, paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from bulkhead.systems import System
from tests.system.faults import FIRST, MIB, PIECE, WINDOW_MIB, WORK_PLACES, Debugger, Neighbour, only_written
from tests.system.network import BOOT_S, NEIGHBOUR, NEIGHBOUR_END, SYSTEM, Monitor, Running, serve

SEARCHED_BYTES = 64 * MIB  # of the machine's memory, for builder: it is the first module
HEADER_BYTES = 64
INVALID = b"\x06"  # PUSH ES: no instruction of 64-bit mode
TRIES = 8

# The same as on the disk, for the network, in files of its own.
STREAM = NEIGHBOUR.replace("/tmp/", "/tmp/net-")
STREAM_END = NEIGHBOUR_END.replace("/tmp/", "/tmp/net-")


@dataclass
class Managed:
    """The running machine, what it was made of, and the image behind its disk."""

    running: Running
    system: System
    image: Path
    debugger: Path
    tenants: list[Neighbour]

    @property
    def session(self) -> Session:
        return self.running.session


@pytest.fixture(scope="module")
def managed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Managed]:
    """Both tenants work on disk and network all the time."""
    folder = tmp_path_factory.mktemp("managed")
    image = folder / "disk.img"
    with image.open("wb") as file:
        file.truncate((1 + 2 * WINDOW_MIB + 1) * MIB)
    text = (paths.SYSTEM_SOURCES / f"{SYSTEM}.toml").read_text()
    text, limits = re.subn(r'(mgmt = \{ policy = "on-failure", limit =) \d+', rf"\1 {2 * TRIES}", text)
    assert limits == 1
    description = folder / "managed.toml"
    description.write_text(text)
    system = systems.assemble(description).with_disk(image)
    qmp, debugger = folder / "qmp", folder / "debugger"
    extra = ("-qmp", f"unix:{qmp},server=on,wait=off", "-gdb", f"unix:{debugger},server=on,wait=off")
    with Session(replace(system.machine(), extra=extra), system.boot()) as session:
        session.wait_ready(BOOT_S)
        for tenant in system.tenants:
            GuestShell(session, tenant).wait_ready(BOOT_S)
        running = Running(session, Monitor(qmp), system)
        yield Managed(running, system, image, debugger, [Neighbour(running, tenant) for tenant in system.tenants])
        running.monitor.close()
        session.end()


@pytest.fixture(scope="module")
def at_work(managed: Managed) -> Iterator[Managed]:
    """Disk and network of both tenants under comparison, from the first test to the last."""
    with serve(2_000_000) as served:
        for one in managed.tenants:
            one.begin()
            command = STREAM.format(url=served.url, sha256=served.sha256)
            assert managed.running.execute(one.tenant, command)[0] == 0
        yield managed


def kill_both(managed: Managed, first: str, second: str, rest_s: float) -> str:
    """Kills @first and, @rest_s later and without waiting for an answer, @second; what COM1 showed until both were back."""
    session = managed.session
    session.link.demand("focus operator")
    start, position = len(session.link.events()), session.console.position()
    for number, name in enumerate((first, second), 1000):
        session.link._stream.sendall(frames.pack(messages.request(f"kill {name}", number)))
        time.sleep(rest_s)
    session.link.wait(
        lambda event: event.get("event") == "recovered" and event.get("name") == first, BOOT_S, f"{first}'s return", start
    )
    if second == "mgmt":
        session.link.wait(lambda event: event.get("event") == "ready", BOOT_S, "mgmt's return", start)
    until = time.monotonic() + BOOT_S
    while managed.running.rows()[second]["state"] != "running":
        assert time.monotonic() < until, f"{second} never came back"
        time.sleep(0.1)
    return session.console.since(position).decode(errors="replace")


def died_in_reset(shown: str, driver: str) -> bool:
    """Whether management died while @driver's device was left alone after its reset, by what stood on the console."""
    before, _, after = shown.partition("bulkhead: mgmt faulted")
    return after != "" and f"{driver} quiesce:" in before and f"{driver} reset:" not in before


@pytest.mark.parametrize("driver", ["blkdrv", "netdrv"])
def test_mgmt__dies_while_a_device_waits_after_its_reset(at_work: Managed, driver: str) -> None:
    """The next mgmt finds the driver stopped and begins again with it."""
    chance = random.Random(1)
    for _ in range(TRIES):
        shown = kill_both(at_work, driver, "mgmt", chance.uniform(0.01, 0.09))
        if died_in_reset(shown, driver):
            assert "found on its way when management started" in shown, shown
            break
    else:
        raise AssertionError(f"mgmt never died in that stage: {shown}")
    states = {name: row["state"] for name, row in at_work.running.rows().items() if name != "pciscan"}
    assert set(states.values()) == {"running"}, states


@pytest.mark.parametrize(("driver", "second"), [("blkdrv", "pci"), ("blkdrv", "blkvirt"), ("netdrv", "netvirt")])
def test_recovery__goes_on_when_another_part_of_it_dies(at_work: Managed, driver: str, second: str) -> None:
    for rest_s in (0.0, 0.05):
        kill_both(at_work, driver, second, rest_s)


def test_builder__cannot_be_killed_and_the_operator_is_told_why(at_work: Managed) -> None:
    for command in ("kill builder", "restart builder"):
        reply = at_work.session.link.command(command)
        assert reply["ok"] is False and "holds all memory" in str(reply["error"]), reply


def spoil_builder(managed: Managed) -> None:
    """Overwrites builder's text in the machine's memory: it dies of whatever it does next."""
    builder = managed.system.modules[0].path.read_bytes()
    text_bytes = int.from_bytes(builder[8:16], "little")
    dump = managed.image.with_name("memory")
    managed.running.monitor.ask("pmemsave", val=0, size=SEARCHED_BYTES, filename=str(dump))
    memory = dump.read_bytes()
    dump.unlink()
    found, at = [], memory.find(builder[:text_bytes])
    while at >= 0:
        found.append(at)
        at = memory.find(builder[:text_bytes], at + 1)
    assert found and all(place % 4096 == 0 for place in found[:1]), found
    debugger = Debugger(managed.debugger)
    for place in found:
        debugger.write(place + HEADER_BYTES, INVALID * (text_bytes - HEADER_BYTES))
    debugger.close()


def test_builder__dies_and_everybody_else_works_on(at_work: Managed) -> None:
    """Management says so, refuses what nobody could undo, and tenants, drivers and their servers go on."""
    session, running = at_work.session, at_work.running
    rounds = [one.rounds() for one in at_work.tenants]
    session.link.demand("focus operator")
    start, position = len(session.link.events()), session.console.position()
    spoil_builder(at_work)
    told = session.link.wait(
        lambda event: event.get("event") == "domain" and event.get("name") == "builder", 60.0, "word of its death", start
    )
    assert told["state"] == "died" and "none can be started, stopped or restarted" in str(told["reason"]), told
    session.console.wait_for(b"mgmt: builder does not answer", 60.0, position)
    for command in ("kill blkdrv", "restart vmm-a", "pause vmm-b"):
        began = time.monotonic()
        reply = session.link.command(command)
        assert reply["ok"] is False and "builder does not answer" in str(reply["error"]), reply
        assert time.monotonic() - began < 5.0
    assert {row["state"] for row in running.rows().values()} == {"unknown"}  # it was builder who knew
    for one, so_far in zip(at_work.tenants, rounds, strict=True):
        until = time.monotonic() + BOOT_S
        while one.rounds() < so_far + 3:
            assert time.monotonic() < until, f"{one.tenant} works no more"
            time.sleep(0.5)


def test_managed__neither_tenant_lost_or_gained_a_byte(at_work: Managed) -> None:
    """After all of that, by hash."""
    for one in at_work.tenants:
        status, output = at_work.running.execute(one.tenant, STREAM_END)
        assert status == 0 and output.startswith("well\n") and int(output.split()[1]) >= 2, (one.tenant, output)
        one.end()
        one.check_image(at_work.image)
    only_written(at_work.image, [(FIRST[one.tenant], WORK_PLACES * PIECE) for one in at_work.tenants])
