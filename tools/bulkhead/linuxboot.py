"""The Linux boot rows: instructions from the guest's first to its init, here and on the bare emulator.

Both boots run the same kernel, initramfs, command line and memory, under the plugin
tools/qemu-plugin/count.c, which counts executed instructions; waiting in HLT executes none.
"""

from __future__ import annotations

import json
import re
import time
from pathlib import Path

from bulkhead import benchrows, guests, paths, proc, report, singleguest
from bulkhead.benchrows import Row
from bulkhead.cpio import Archive
from bulkhead.errors import BulkheadFailed, TimeOut
from bulkhead.emulator import Boot, Machine, Module
from bulkhead.session import Session

_SOURCES = paths.ROOT / "tools" / "qemu-plugin"
_FOLDER = paths.BUILD / "linuxboot"
_APPEND = "console=ttyS0 reboot=t cryptomgr.notests quiet"
_MEMORY_MIB = 512
_TIMEOUT_S = 300.0
_EXITS = re.compile(r"exits: ([a-z][a-z0-9 _-]*?) (\d+)")


def _plugin() -> Path:
    out = _FOLDER / "count.so"
    source = _SOURCES / "count.c"
    if not out.exists() or out.stat().st_mtime < source.stat().st_mtime:
        proc.run(
            ["gcc", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
             "-fvisibility=hidden", "-o", out, source],
            what="compiling the counting plugin",
        )  # fmt: skip
    return out


def _initramfs() -> Path:
    init, out = _FOLDER / "init", _FOLDER / "init.cpio.gz"
    proc.run(
        ["gcc", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", "-o", init, _SOURCES / "init.S"],
        what="compiling the benchmark's init",
    )
    archive = Archive()
    archive.directory("dev")
    archive.character_device("dev/console", 5, 1)
    archive.file("init", init.read_bytes(), 0o755)
    out.write_bytes(archive.to_bytes())
    return out


def _start_bytes(kernel: Path) -> str:
    """The first bytes of startup_64, 0x200 into the protected-mode part.

    Source: Linux v6.1 Documentation/x86/boot.rst, "The Real-Mode Kernel Header" and "64-bit Boot Protocol".
    """
    image = kernel.read_bytes()
    if image[0x202:0x206] != b"HdrS":
        raise BulkheadFailed(f"{kernel.name} is not a bzImage")
    setup_sectors = image[0x1F1] or 4
    at = (setup_sectors + 1) * 512 + 0x200
    # cld; cli; xor eax,eax; mov ds,eax: the emulator ends a translated block behind the segment load.
    return image[at : at + 6].hex()


def _measure(
    what: str, boot: Boot, memory_mib: int, kernel: Path, vmm: str | None = None
) -> tuple[dict[str, int], dict[str, int]]:
    """The plugin's counts, and with @vmm that domain's own count of exits by reason."""
    result = _FOLDER / f"{what}.json"
    result.unlink(missing_ok=True)
    plugin = f"{_plugin()},out={result},start={_start_bytes(kernel)}"
    machine = Machine(memory_mib=memory_mib, icount=True, extra=("-plugin", plugin))
    with report.step(f"booting Linux, {what}"), Session(machine, boot) as session:
        until = time.monotonic() + _TIMEOUT_S
        while not result.exists() or not result.read_text().endswith("\n"):
            if session.emulator.status() is not None and not result.exists():
                session.check_boot()
                raise BulkheadFailed(f"{what}: the machine ended before its init ran")
            if time.monotonic() > until:
                raise TimeOut(f"{what}: no init within {_TIMEOUT_S:g} s")
            time.sleep(0.1)
        reasons = _exits_by_reason(session, vmm) if vmm is not None else {}
    counted = json.loads(result.read_text())
    return {name: int(value) for name, value in counted.items()}, reasons


def _exits_by_reason(session: Session, vmm: str) -> dict[str, int]:
    """What @vmm logs when its guest has powered off, which the benchmark's init does next."""
    session.link.wait(lambda event: event.get("event") == "guest", 60, "the guest's power-off")
    session.link.demand("focus operator")
    start = session.console.position()
    session.console.send(f"log {vmm}\n".encode())
    session.console.wait_for(b"exits: total", 20, start)
    text = session.console.since(start).decode(errors="replace")
    return {name: int(count) for name, count in _EXITS.findall(text) if name != "total"}


def rows() -> list[Row]:
    """The two rows of the Linux boot."""
    versions = guests.ensure()
    _FOLDER.mkdir(parents=True, exist_ok=True)
    initramfs = _initramfs()
    kernel = guests.LINUX_CLOUD
    bare_boot = Boot(kernel=kernel, append=_APPEND, modules=(Module("init", initramfs),))
    bare, _ = _measure("bare", bare_boot, _MEMORY_MIB, kernel)
    request = singleguest.Request(kernel, initramfs, _APPEND, _MEMORY_MIB, debug_exit=False)
    system = singleguest.assemble(request)
    ours, reasons = _measure("bulkhead", system.boot(), system.memory_mib, kernel, "vmm-guest")
    ratio = ours["instructions"] / bare["instructions"]
    how = (
        f"{versions.linux_cloud}: {ours['instructions']} instructions from startup_64 to init, "
        f"bare {bare['instructions']}"
    )
    exits = ours["vmruns"]
    return [
        benchrows.row("boot.linux", round(ratio, 3), 1, round(ratio, 3), round(ratio, 3), how),
        benchrows.row("boot.exits", exits, 1, exits, exits, f"VMRUNs in the same boot, {versions.linux_cloud}"),
        *(
            benchrows.row(f"boot.exits[{name}]", count, 1, count, count,
                          "counted by the VMM up to the power-off that follows", "exits")
            for name, count in sorted(reasons.items(), key=lambda one: -one[1])
        ),
    ]  # fmt: skip
