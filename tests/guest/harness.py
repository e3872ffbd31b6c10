"""Booting a bare-metal guest as tenant `t` beside the witness `w`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from bulkhead import bochs, paths, qemu, systems
from bulkhead.platforms import QEMU_SVM, Platform
from bulkhead.session import Session

HERE = Path(__file__).parent
BOOT_S = 60.0


@dataclass(frozen=True)
class Exempt:
    """A platform on which a defect of the emulator, in just this version, makes a test impossible."""

    platform: str
    emulator: str
    defect: str
    reproducer: str

    def __str__(self) -> str:
        return f"{self.emulator}: {self.defect}; to see it: {self.reproducer}"


def emulator_version(platform: Platform) -> str:
    """The emulator's name and version as exceptions give it, "Bochs 2.7"."""
    name, version = ("Bochs", bochs.version) if platform.emulator == "bochs" else ("QEMU", qemu.version)
    number = next(word for word in version().split() if word[0].isdigit())
    return f"{name} {'.'.join(number.split('.')[:2])}"


def skip_if_exempt(name: str, platform: Platform) -> None:
    """Skips where the emulator, in the version that is installed, cannot show what guest @name is about."""
    manifest = tomllib.loads((HERE / name / "test.toml").read_text())
    for one in (Exempt(**exception) for exception in manifest.get("exception", [])):
        if one.platform == platform.name and one.emulator == emulator_version(platform):
            pytest.skip(str(one))


@contextmanager
def guest_beside_witness(
    name: str,
    *,
    memory_mib: int = 32,
    system_name: str = "guest-test",
    icount: bool = False,
    platform: Platform = QEMU_SVM,
) -> Iterator[Session]:
    """A running machine whose tenant t boots tests/guest/@name; powered off at the end."""
    images = paths.SYSTEMS / f"{system_name}-{name}" / "images"
    images.mkdir(parents=True, exist_ok=True)
    link = images / "test.kernel"
    link.unlink(missing_ok=True)
    link.symlink_to(paths.TARGET / "tests" / "guest" / f"{name}.elf")
    system = systems.assemble(
        systems.find(system_name),
        name=f"{system_name}-{name}",
        parameters={"kernel": "test.kernel", "mem": str(memory_mib)},
        extra_folders=(images,),
        platform=platform,
    )
    with Session(system.machine(icount), system.boot()) as session:
        try:
            session.wait_ready(BOOT_S)
            yield session
        finally:
            session.end()


def witness_lines(text: bytes) -> list[int]:
    """The work units that the witness has reported."""
    words = [line.split() for line in text.replace(b"\r", b"").split(b"\n")]
    return [
        int(line[1])
        for line in words
        if len(line) == 2 and line[0] == b"WITNESS" and line[1].isdigit()
    ]
