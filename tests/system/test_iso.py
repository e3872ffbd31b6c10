"""The CD image: GRUB hands over the same bytes that QEMU's -kernel does, compressed files included."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bulkhead import grub
from bulkhead.emulator import Boot, Machine
from bulkhead.session import Session
from bulkhead.systems import System


def test_iso__grub_boots_the_default_system(assemble: Callable[[str], System], tmp_path: Path) -> None:
    system = assemble("two-tenants")
    iso = tmp_path / "system.iso"
    grub.make_iso(iso, system.kernel, system.modules)
    with Session(Machine(memory_mib=system.memory_mib), Boot(iso=iso)) as session:
        session.wait_ready(120.0)
        session.end()
