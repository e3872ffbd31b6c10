"""Time that the scheduler gave to someone else stands in a Linux guest's /proc/stat, in the column for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from bulkhead.session import Session
from bulkhead.shell import GuestShell
from bulkhead.systems import System

BOOT_S = 180.0
BURN = "while :; do :; done"
# Time since boot, idle, stolen, in hundredths of a second.
SPENT = "awk 'NR == 1 {up = $1 * 100} /^cpu / {print int(up), $5, $9}' /proc/uptime /proc/stat"


@pytest.fixture(scope="module")
def session(assemble: Callable[[str], System]) -> Iterator[Session]:
    system = assemble("two-tenants")
    with Session(system.machine(), system.boot()) as running:
        running.wait_ready(BOOT_S)
        yield running
        running.end()


def execute(session: Session, tenant: str, command: str) -> str:
    output = bytearray()
    shell = GuestShell(session, tenant, len(session.link.events()))
    shell.wait_ready(BOOT_S)
    assert shell.execute(command, output.extend, BOOT_S) == 0
    return output.decode()


def spent(session: Session, tenant: str, command: str) -> tuple[int, int, int]:
    """How long @command took in @tenant, and how much of that was idle and stolen."""
    output = execute(session, tenant, f"{SPENT}; {command}; {SPENT}")
    before, after = ([int(word) for word in line.split()] for line in re.findall(r"(?m)^\d+ \d+ \d+$", output))
    took, idle, stolen = (late - early for early, late in zip(before, after, strict=True))
    print(f"{tenant}: took {took}, idle {idle}, stolen {stolen}")
    return took, idle, stolen


def test_steal__grows_while_both_tenants_burn(session: Session) -> None:
    """Each is described half of the processor, so the other half is stolen.

    Linux counts as busy only the ticks it saw, so busy and stolen do not add up to the time taken.
    """
    execute(session, "b", f"({BURN}) > /dev/null 2>&1 & echo $! > /tmp/burner")
    took, _, stolen = spent(session, "a", f"timeout 4 sh -c '{BURN}'; true")
    execute(session, "b", "kill $(cat /tmp/burner)")
    assert 0.25 < stolen / took < 0.75


def test_steal__time_asleep_is_not_stolen(session: Session) -> None:
    took, idle, stolen = spent(session, "a", "sleep 4")
    assert idle > 0.75 * took and stolen < 0.1 * took
