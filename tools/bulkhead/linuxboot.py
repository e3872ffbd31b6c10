"""The Linux boot rows: instructions from the guest's first to its init, here and on the bare emulator.

Both boots run the same kernel, initramfs, command line and memory. On QEMU the plugin tools/qemu-plugin/count.c counts
executed instructions; on Bochs ticks are counted (linuxbochs.py). Waiting in HLT is excluded on both sides.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from pathlib import Path

from bulkhead import benchrows, guests, linuxbochs, paths, proc, report, singleguest
from bulkhead.benchrows import Row
from bulkhead.bzimage import BzImage
from bulkhead.cpio import Archive
from bulkhead.emulator import Boot, Machine, Module
from bulkhead.errors import BulkheadFailed, TimeOut
from bulkhead.guests import Versions
from bulkhead.platforms import QEMU_SVM, Platform
from bulkhead.session import Session

_SOURCES = paths.ROOT / "tools" / "qemu-plugin"
_FOLDER = paths.BUILD / "linuxboot"
_APPEND = "console=ttyS0 reboot=t cryptomgr.notests quiet"
_MEMORY_MIB = 512
_TIMEOUT_S = 300.0
_EXITS = re.compile(r"exits: ([a-z][a-z0-9 _-]*?) (\d+)")
_VMM = "vmm-guest"


@dataclass(frozen=True)
class Boots:
    """What was counted between startup_64 and init."""

    ours: int
    bare: int
    entries: int  # into the guest, by VMRUN, VMLAUNCH or VMRESUME
    reasons: dict[str, int]  # the VMM's own count of exits by reason
    notes: str = ""


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
        ["gcc", "-nostdlib", "-static", "-no-pie", "-Wl,--build-id=none", f"-Wl,-Ttext={linuxbochs.MARKER:#x}",
         "-o", init, _SOURCES / "init.S"],
        what="compiling the benchmark's init",
    )  # fmt: skip
    archive = Archive()
    archive.directory("dev")
    archive.character_device("dev/console", 5, 1)
    archive.file("init", init.read_bytes(), 0o755)
    out.write_bytes(archive.to_bytes())
    return out


def _measure(what: str, machine: Machine, boot: Boot, vmm: str | None = None) -> tuple[dict[str, int], dict[str, int]]:
    """QEMU: the plugin's counts, and with @vmm that domain's own count of exits by reason."""
    result = _FOLDER / f"{what}.json"
    result.unlink(missing_ok=True)
    with report.step(f"booting Linux, {what}"), Session(machine, boot) as session:
        until = time.monotonic() + _TIMEOUT_S
        while not result.exists() or not result.read_text().endswith("\n"):
            if session.emulator.status() is not None and not result.exists():
                session.check_boot()
                raise BulkheadFailed(f"{what}: the machine ended before its init ran")
            if time.monotonic() > until:
                raise TimeOut(f"{what}: no init within {_TIMEOUT_S:g} s")
            time.sleep(0.1)
        reasons = exits_by_reason(session, vmm) if vmm is not None else {}
    counted = json.loads(result.read_text())
    return {name: int(value) for name, value in counted.items()}, reasons


def exits_by_reason(session: Session, vmm: str) -> dict[str, int]:
    """What @vmm logs when its guest has powered off, which the benchmark's init does next."""
    patience = session.platform.patience
    session.link.wait(lambda event: event.get("event") == "guest", 60 * patience, "the guest's power-off")
    session.link.demand("focus operator")
    start = session.console.position()
    session.console.send(f"log {vmm}\n".encode())
    session.console.wait_for(b"exits: total", 20 * patience, start)
    text = session.console.since(start).decode(errors="replace")
    return {name: int(count) for name, count in _EXITS.findall(text) if name != "total"}


def _on_qemu(kernel: Path, initramfs: Path) -> Boots:
    start = BzImage(kernel).start_bytes()

    def machine(what: str, memory_mib: int) -> Machine:
        plugin = f"{_plugin()},out={_FOLDER / f'{what}.json'},start={start}"
        return Machine(memory_mib=memory_mib, icount=True, extra=("-plugin", plugin))

    bare_boot = Boot(kernel=kernel, append=_APPEND, modules=(Module("init", initramfs),))
    bare, _ = _measure("bare", machine("bare", _MEMORY_MIB), bare_boot)
    system = singleguest.assemble(singleguest.Request(kernel, initramfs, _APPEND, _MEMORY_MIB, debug_exit=False))
    ours, reasons = _measure("bulkhead", machine("bulkhead", system.memory_mib), system.boot(), _VMM)
    return Boots(ours["instructions"], bare["instructions"], ours["vmruns"], reasons)


def _on_bochs(platform: Platform, kernel: Path, initramfs: Path) -> Boots:
    append = f"{_APPEND} {linuxbochs.APPEND}"
    with report.step("booting Linux, bare, on Bochs"):
        bare = linuxbochs.bare(kernel, initramfs, append, _MEMORY_MIB, _FOLDER)
    request = singleguest.Request(kernel, initramfs, append, _MEMORY_MIB, debug_exit=False)
    system = singleguest.assemble(request, platform)
    reasons: dict[str, int] = {}
    with report.step(f"booting Linux on {platform.name}"):
        ours = linuxbochs.guest(
            system.machine(icount=True), system.boot(), kernel, lambda session: reasons.update(exits_by_reason(session, _VMM))
        )
    notes = (
        f"; ticks of Bochs without those spent in {ours.halts} and {bare.halts} HLTs of the processor, "
        f"command line with {linuxbochs.APPEND}, bare on {linuxbochs.BARE.model}"
    )
    return Boots(ours.instructions, bare.instructions, ours.entries, reasons, notes)


def _rows(platform: Platform, boots: Boots, versions: Versions) -> list[Row]:
    how = f"{versions.linux_cloud}: {boots.ours} instructions from startup_64 to init, bare {boots.bare}{boots.notes}"
    entries = f"entries into the guest in the same boot, {versions.linux_cloud}"
    return [
        benchrows.single(platform, "boot.linux", round(boots.ours / boots.bare, 3), how),
        benchrows.single(platform, "boot.exits", boots.entries, entries),
        *(
            benchrows.single(platform, f"boot.exits[{name}]", count,
                             "counted by the VMM up to the power-off that follows", "exits")
            for name, count in sorted(boots.reasons.items(), key=lambda one: -one[1])
        ),
    ]  # fmt: skip


def rows(platform: Platform) -> list[Row]:
    """The two rows of the Linux boot, and the exits by reason."""
    versions = guests.ensure()
    _FOLDER.mkdir(parents=True, exist_ok=True)
    initramfs = _initramfs()
    kernel = guests.LINUX_CLOUD
    boots = _on_qemu(kernel, initramfs) if platform is QEMU_SVM else _on_bochs(platform, kernel, initramfs)
    return _rows(platform, boots, versions)
