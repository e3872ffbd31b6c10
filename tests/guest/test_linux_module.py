"""Linux as a tenant calls management through the generated stubs, each guest what its own mask allows."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkhead import guests, paths, systems
from bulkhead.platforms import Platform
from bulkhead.session import Session
from bulkhead.shell import GuestShell

BOOT_S = 240.0


@pytest.fixture(scope="module")
def session(platform: Platform) -> Iterator[Session]:
    """two-tenants, with the module in the initramfs of both."""
    versions = guests.ensure()
    module = guests.build_module(
        paths.ROOT / "tests" / "guest" / "linux-module", versions, paths.TARGET / "generated" / "guest"
    )
    images = paths.SYSTEMS / "two-tenants-module" / "images"
    images.mkdir(parents=True, exist_ok=True)
    (images / guests.INITRAMFS.name).write_bytes(guests.make_initramfs(versions, [module]))
    system = systems.assemble(
        systems.find("two-tenants"), name="two-tenants-module", extra_folders=(images,), platform=platform
    )
    with Session(system.machine(), system.boot()) as running:
        running.wait_ready(BOOT_S)
        yield running
        running.end()


def read_proc(session: Session, tenant: str, command: str = "cat /proc/bulkhead") -> dict[str, list[str]]:
    """What the module shows in @tenant: first word of a line to its other words."""
    shell = GuestShell(session, tenant)
    shell.wait_ready(BOOT_S)
    output = bytearray()
    assert shell.execute(command, output.extend, 60) == 0, output.decode(errors="replace")
    return {line.split()[0]: line.split()[1:] for line in output.decode().splitlines() if line.strip()}


def test_linux_module__calls_what_its_mask_allows(session: Session) -> None:
    shown = read_proc(session, "a")
    assert shown["version"][:2] == ["ok", "0.1"]
    assert shown["clock"][0] == "ok" and int(shown["clock"][2]) > 0
    assert shown["log_write"] == ["ok"]
    assert shown["events"][0] == "timeout"
    session.link.wait(
        lambda event: event.get("event") == "tenant-log" and "hello from Linux" in event.get("text", ""),
        10, "the tenant's log line",
    )  # fmt: skip


def test_linux_module__is_refused_what_its_mask_forbids(session: Session) -> None:
    shown = read_proc(session, "b")
    assert shown["version"][0] == "ok"
    assert shown["log_write"] == ["method"]


def test_linux_module__a_deadline_ends_the_wait(session: Session) -> None:
    shown = read_proc(session, "a", "echo 500 >/sys/module/bulkhead/parameters/wait_ms; cat /proc/bulkhead")
    assert 500 <= int(shown["events"][2]) < 5000


def test_linux_module__floods_are_cut_off(session: Session) -> None:
    command = "n=0; while [ $n -lt 100 ] && echo flood >/proc/bulkhead; do n=$((n+1)); done 2>/dev/null; echo n $n"
    shown = read_proc(session, "a", command)
    assert 0 < int(shown["n"][0]) < 100
