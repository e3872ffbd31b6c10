"""Booting a bare-metal guest as tenant `t` beside the witness `w`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bulkhead import paths, systems
from bulkhead.platforms import QEMU_SVM, Platform
from bulkhead.session import Session

BOOT_S = 60.0


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
    ).with_disk(None)
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
