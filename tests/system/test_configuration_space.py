"""What `pciscan` refuses when the machine is not the described one: the boot stops, and says which device and why."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from bulkhead.devices import Device
from bulkhead.emulator import Machine
from bulkhead.errors import BulkheadError
from bulkhead.session import Session
from bulkhead.systems import System

DISK, NIC = Device("disk", "nvme"), Device("nic", "e1000e")


@pytest.fixture(scope="module")
def system(assemble: Callable[[str], System]) -> System:
    return assemble("two-tenants")


def said_by(system: System, machine: Machine) -> str:
    """Boots what must not boot; all that the machine said."""
    with Session(machine, system.boot()) as session:
        with pytest.raises(BulkheadError):
            session.wait_ready(60.0)
        session.drain()
        return session.console.since(0).decode()


@pytest.mark.parametrize(
    ("found", "words", "status"),
    [
        ((NIC, DISK), "disk: wrong class: found 20000, expected 10802", 9),
        ((DISK, replace(DISK, name="other")), "nic: wrong class: found 10802, expected 20000", 0x109),
        ((DISK,), "nic: not a root port", 0x10D),
    ],
    ids=["swapped", "two-disks", "one-missing"],
)
def test_pciscan__refuses_another_machine(
    system: System, found: tuple[Device, ...], words: str, status: int
) -> None:
    text = said_by(system, replace(system.machine(), devices=found))
    assert words in text, text[-3000:]
    assert f"domain 'pciscan' failed with status {status}" in text, text[-3000:]
    assert "blkdrv" not in text.partition("failed with status")[2], "a driver has started"


def test_pciscan__refuses_a_device_that_is_not_alone(system: System) -> None:
    """A second function shares its root port, and so its reset, with the disk."""
    beside = ("-device", "e1000e,bus=rp0,addr=0x0.1", "-set", "device.dev0.multifunction=on")
    text = said_by(system, replace(system.machine(), extra=beside))
    assert "disk: another function behind the same root port" in text, text[-3000:]
    assert "domain 'pciscan' failed with status 15" in text, text[-3000:]
