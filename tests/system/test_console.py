"""A Linux guest whose terminal is a virtio console: what it writes and what is typed, by hash."""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator

import pytest
from bulkhead import guests, singleguest
from bulkhead.session import Session
from bulkhead.shell import GuestShell

BOOT_S = 180.0
NAME = "guest"
APPEND = "console=hvc0 reboot=t cryptomgr.notests quiet"
OUTPUT_KIB = 256
INPUT_BYTES = 24576  # six times what the channel holds


@pytest.fixture(scope="module")
def session() -> Iterator[Session]:
    """One machine with one guest, which has a virtio console and nothing else on its bus."""
    guests.ensure()
    request = singleguest.Request(
        guests.LINUX_CLOUD, guests.INITRAMFS, APPEND, 256, debug_exit=False, console="virtio"
    )
    system = singleguest.assemble(request)
    with Session(system.machine(), system.boot()) as running:
        running.wait_ready(BOOT_S)
        GuestShell(running, NAME).wait_ready(BOOT_S)
        yield running
        running.end()


def execute(session: Session, command: str) -> tuple[int, bytes]:
    """Runs @command in the guest's shell."""
    output = bytearray()
    shell = GuestShell(session, NAME, len(session.link.events()))
    shell.wait_ready(BOOT_S)
    return shell.execute(command, output.extend, BOOT_S), bytes(output)


def test_console__the_terminal_is_the_virtio_console(session: Session) -> None:
    command = "readlink /proc/self/fd/1; grep -h 3 /sys/bus/virtio/devices/*/device; cat /sys/class/tty/console/active"
    status, output = execute(session, command)
    assert (status, output) == (0, b"/dev/hvc0\n0x0003\nhvc0\n")


def test_console__what_the_guest_writes_comes_out_unchanged(session: Session) -> None:
    command = f"dd if=/dev/urandom of=/tmp/out bs=1k count={OUTPUT_KIB} 2>/dev/null; cat /tmp/out"
    status, output = execute(session, command)
    assert status == 0 and len(output) == OUTPUT_KIB << 10
    status, listed = execute(session, "sha256sum </tmp/out")
    assert listed.split()[0].decode() == hashlib.sha256(output).hexdigest()


def test_console__what_is_typed_comes_in_unchanged(session: Session) -> None:
    """Faster than the guest reads: the rest waits in the channel and in front of it, and nothing is lost."""
    shell = GuestShell(session, NAME, len(session.link.events()))
    shell.wait_ready(BOOT_S)
    # Without ^O: on the kernel's own console Linux's hvc driver takes it for SysRq.
    content = random.Random(53).randbytes(INPUT_BYTES).replace(b"\x0f", b"o")
    start = session.console.position()
    session.console.send(
        f"stty raw -echo; echo re''ady; sleep 1; head -c {INPUT_BYTES} | sha256sum; stty sane\n".encode()
    )
    session.console.wait_for(b"ready", BOOT_S, start)
    session.console.send(content)
    session.console.wait_for(b"  -", BOOT_S, start)
    found = re.search(rb"([0-9a-f]{64})  -", session.console.since(start))
    assert found is not None and found[1].decode() == hashlib.sha256(content).hexdigest()


def test_console__the_other_device_prints_there_too(session: Session) -> None:
    status, output = execute(session, "echo over the uart >/dev/ttyS0; sleep 0.2")
    assert status == 0 and output.strip() == b"over the uart"


def test_console__a_guest_that_starts_anew_has_it_again(session: Session) -> None:
    start = len(session.link.events())
    session.link.demand(f"restart vmm-{NAME}")
    assert session.link.find(
        lambda event: event.get("event") == "domain" and event.get("state") == "running", start
    )
    status, output = execute(session, "cat /proc/uptime; readlink /proc/self/fd/1")
    assert status == 0 and output.split()[-1] == b"/dev/hvc0"
