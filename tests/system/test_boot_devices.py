"""Which machines and which descriptions of devices do not get past builder, and what remains of who prepared the machine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cbor2
import pytest
from bulkhead import image, paths
from bulkhead.emulator import Boot, Machine, Module
from bulkhead.errors import BulkheadError
from bulkhead.session import Session
from bulkhead.systems import System

BOOT_S = 120.0
OBJECTS, DOMAINS, WINDOWS = 5, 9, 12  # places in docs/system.cddl
DEVICES = 21


@pytest.fixture(scope="module")
def system(assemble: Callable[[str], System]) -> System:
    return assemble("two-tenants")


def refusal(machine: Machine, boot: Boot) -> str:
    """Boots what must not boot; all that the machine said."""
    with Session(machine, boot) as session:
        with pytest.raises(BulkheadError):
            session.wait_ready(BOOT_S)
        return session.console.since(0).decode(errors="replace")


def sealed(system: System, folder: Path, kernel: Path, change: Callable[[Any], None]) -> Boot:
    """A @kernel that was made for the changed description: only builder stands in its way."""
    content = cbor2.loads(system.modules[1].path.read_bytes())
    change(content)
    description = folder / "system.cbor"
    description.write_bytes(cbor2.dumps(content, canonical=True))
    image.seal_kernel(kernel, system.modules[0].path, description, folder / "kernel.elf")
    image.make_elf32(folder / "kernel.elf", folder / "kernel32.elf")
    modules = (system.modules[0], Module("system.cbor", description), *system.modules[2:])
    return Boot(kernel=folder / "kernel32.elf", modules=modules)


def driver(content: Any) -> Any:
    """The first domain with a device."""
    return next(domain for domain in content[DOMAINS] if domain[DEVICES])


def owned(content: Any, owner: int, at_least: int = 1) -> int:
    """An object of @owner that is frames."""
    return next(n for n, one in enumerate(content[OBJECTS]) if one[0] == owner and one[1] == 3 and one[4] >= at_least)


def reach_a_guests_memory(content: Any) -> None:
    guests = next(domain for domain in content[DOMAINS] if domain[16])
    driver(content)[DEVICES][0][2][1][0] = owned(content, guests[0])


def reach_another_device(content: Any) -> None:
    driver(content)[DEVICES][0][2][0][0] = owned(content, 65)


def reach_a_program(content: Any) -> None:
    domain = driver(content)
    domain[DEVICES][0][2][0][0] = domain[7]


def share_a_source(content: Any) -> None:
    first, second = (domain for domain in content[DOMAINS] if domain[DEVICES])
    second[DEVICES][0][1] = first[DEVICES][0][1]


def overlap_windows(content: Any) -> None:
    content[WINDOWS][1][1] = content[WINDOWS][0][1]


def tell_where_memory_lies(content: Any) -> None:
    """As unsafe_dma would."""
    told = driver(content)[17][0]
    told[2:4] = 2, driver(content)[DEVICES][0][2][0][0]


def same(content: Any) -> None:
    """The description as it is."""


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (reach_a_guests_memory, "is no pool"),
        (reach_another_device, "is no pool"),
        (reach_a_program, "is no pool"),
        (share_a_source, "iospace or source of another"),
        (overlap_windows, "overlap"),
        (tell_where_memory_lies, "with flags 0x2"),
    ],
)
def test_builder__refuses(system: System, tmp_path: Path, change: Callable[[Any], None], reason: str) -> None:
    boot = sealed(system, tmp_path, paths.kernel_elf("svm", "vtd"), change)
    said = refusal(system.machine(), boot)
    assert "FATAL: " in said and reason in said.partition("FATAL: ")[2], said


def test_builder__refuses_devices_under_a_kernel_without_iommu(system: System, tmp_path: Path) -> None:
    boot = sealed(system, tmp_path, paths.kernel_elf("svm"), same)
    assert "FATAL: no IOMMU: the device of domain 'blkdrv' needs unsafe_dma" in refusal(system.machine(), boot)


def test_scan__a_device_that_is_not_there_ends_the_boot_and_builder_says_why(system: System) -> None:
    said = refusal(replace(system.machine(), devices=system.devices[:1]), system.boot())
    assert "bulkhead: pciscan: nic: " in said, said
    assert "FATAL: domain 'pciscan' failed with status " in said


@pytest.fixture(scope="module")
def session(system: System) -> Iterator[Session]:
    with Session(system.machine(), system.boot()) as running:
        running.wait_ready(BOOT_S)
        yield running
        running.end()


def test_scan__is_gone_and_does_not_come_back(session: Session) -> None:
    rows = session.link.demand("ps")["domains"]
    assert isinstance(rows, list)
    row = next(row for row in rows if row["name"] == "pciscan")
    assert row["state"] not in ("running", "stopped") and row["capabilities"] == 0
    with pytest.raises(BulkheadError):
        session.link.demand("restart pciscan")
