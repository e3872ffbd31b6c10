"""The default system with two real Linux guests: one boot, and what a person does with it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import pytest
from bulkhead import paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from bulkhead.systems import System

BOOT_S = 180.0


@pytest.fixture(scope="module")
def session(assemble: Callable[[str], System]) -> Iterator[Session]:
    """One running machine for the whole file; tests leave both tenants running."""
    system = assemble("two-tenants")
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


def table(session: Session) -> dict[str, dict[str, object]]:
    """The domains by name, as `ps` lists them."""
    reply = session.link.demand("ps")
    rows = reply["domains"]
    assert isinstance(rows, list)
    return {str(row["name"]): row for row in rows}


def wait_for(session: Session, name: str, state: str, start: int) -> None:
    """Waits for an event of domain @name after event number @start."""
    until = time.monotonic() + BOOT_S
    while time.monotonic() < until:
        if session.link.find(
            lambda event: event.get("event") == "domain" and event.get("name") == name and event.get("state") == state,
            start,
        ):
            return
        time.sleep(0.2)
    raise AssertionError(f"{name} never became {state}: {session.link.events()[start:]}")


def test_two_tenants__kernel_is_the_unmodified_debian_one(session: Session) -> None:
    status, output = execute(session, "a", "uname -r")
    versions = json.loads((paths.BUILD / "guests" / "versions.json").read_text())
    assert status == 0
    assert output.strip() in json.dumps(versions)


def test_two_tenants__each_has_its_own_memory_and_processor(session: Session) -> None:
    for tenant in ("a", "b"):
        status, output = execute(session, tenant, "nproc; awk '/MemTotal/ {print $2}' /proc/meminfo")
        processors, memory_kib = output.split()
        assert (status, processors) == (0, "1")
        assert 180_000 < int(memory_kib) < 262_144


def test_two_tenants__status_of_the_command_is_kept(session: Session) -> None:
    assert execute(session, "b", "exit 7") == (7, "")


@pytest.mark.parametrize(("tenant", "terminal"), [("a", "ttyS0"), ("b", "hvc0")])
def test_two_tenants__output_is_byte_for_byte(session: Session, tenant: str, terminal: str) -> None:
    assert execute(session, tenant, "readlink /proc/self/fd/1") == (0, f"/dev/{terminal}\n")
    status, output = execute(session, tenant, r"printf 'a\tb\r\n%%s <x> '; seq 1 2000")
    assert status == 0
    assert output == "a\tb\r\n%s <x> " + "".join(f"{n}\n" for n in range(1, 2001))


def test_two_tenants__guests_hash_alike(session: Session) -> None:
    command = "dd if=/dev/zero bs=1M count=20 2>/dev/null | sha256sum; sha256sum /bin/busybox"
    assert execute(session, "a", command) == execute(session, "b", command)


def test_two_tenants__killed_vmm_comes_back_and_the_neighbour_answers(session: Session) -> None:
    before = int(str(table(session)["vmm-b"]["restarts"]))
    start = len(session.link.events())
    marker = "neighbour"
    assert execute(session, "b", f"echo {marker} > /tmp/kept") == (0, "")
    session.link.demand("kill vmm-a")
    assert execute(session, "b", "cat /tmp/kept") == (0, f"{marker}\n")
    wait_for(session, "vmm-a", "running", start)
    listing = execute(session, "a", "ls /tmp | grep -v '^bh-'; true")  # bh-: the command's own script
    assert listing == (0, "")  # a new guest: nothing of the old one
    rows = table(session)
    assert rows["vmm-a"]["state"] == rows["vmm-b"]["state"] == "running"
    assert int(str(rows["vmm-b"]["restarts"])) == before
    assert execute(session, "b", "cat /tmp/kept") == (0, f"{marker}\n")


def test_two_tenants__mgmt_dies_and_comes_back_and_guests_run_on(session: Session) -> None:
    reply = session.link.command("pause mgmt")
    assert reply["ok"] is False and "itself" in str(reply["error"])
    assert execute(session, "b", "echo kept > /tmp/before")[0] == 0
    start = len(session.link.events())
    session.link.demand("kill mgmt")
    session.link.wait(lambda event: event.get("event") == "ready", BOOT_S, "mgmt's return", start)
    assert table(session)["mgmt"]["restarts"] == 1
    assert execute(session, "b", "cat /tmp/before") == (0, "kept\n")


def test_two_tenants__paused_guest_stands_still_and_goes_on(session: Session) -> None:
    assert execute(session, "a", "(while :; do echo x >> /tmp/ticks; sleep 0.1; done) & echo started")[0] == 0
    session.link.demand("pause vmm-a")
    assert execute(session, "b", "echo still here") == (0, "still here\n")
    session.link.demand("resume vmm-a")
    status, output = execute(session, "a", "wc -l < /tmp/ticks; kill %1 2>/dev/null; pkill -f ticks; true")
    assert status == 0 and int(output.split()[0]) > 0


def test_two_tenants__unknown_domain_is_refused(session: Session) -> None:
    reply = session.link.command("kill nobody")
    assert reply["ok"] is False and "no domain" in str(reply["error"])


def test_two_tenants__systems_in_the_tree_are_listed() -> None:
    assert "two-tenants" in systems.available()
