"""`bulkhead bench`: every row of the budget, measured, beside its budget.

Rows that the machine measures come from the system `bench` (a laboratory domain, tests/bench/main.c) and from the
system `bench-guest` (tests/bench/guest, beside a service that does nothing). Both are booted where one TSC tick is one
instruction (QEMU under `-icount shift=0,sleep=off`, Bochs under `clock: sync=none`), and write one line a row:
    bench: NAME rounds=N min=N median=N how=TEXT TO THE END OF THE LINE
and `bench: end` after the last. The rows of the tool itself (lines, bytes) are in benchrows.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from bulkhead import benchrows, benchtable, bochs, build, guests, iobench, linuxboot, paths, proc, qemu, report, systems
from bulkhead.benchrows import BUDGET, Row
from bulkhead.benchtable import Column
from bulkhead.errors import EXIT_TESTS_FAILED, BulkheadError, BulkheadFailed, TimeOut, UsageProblem
from bulkhead.platforms import BOCHS_VMX, QEMU_SVM, Platform
from bulkhead.session import Session
from bulkhead.systems import System

_SYSTEM = "bench"
_GUEST_SYSTEM = "bench-guest"
_TIMEOUT_S = 300.0
_LINE = re.compile(r"bench: (\S+) rounds=(\d+) min=(\d+) median=(\d+) how=([^\r\n]*)")
_END = b"bench: end"


def _measure(system: System, title: str) -> list[Row]:
    """Boots @system where a tick is an instruction and reads its `bench:` lines from COM1."""
    patience_s = _TIMEOUT_S * system.platform.patience
    with report.step(f"{title} on {system.platform.name}"), Session(system.machine(icount=True), system.boot()) as session:
        waited_s = 0
        try:
            while True:
                try:
                    session.console.wait_for(_END, 1.0)
                    break
                except (TimeOut, BulkheadFailed):
                    session.check_boot()
                    waited_s += 1
                    if waited_s > patience_s:
                        raise TimeOut(f"{title}: not done within {patience_s:g} s") from None
        finally:
            session.emulator.kill()
        text = session.console.since(0).decode(errors="replace")
    return [
        benchrows.row(system.platform, name, int(minimum), int(rounds), int(minimum), int(median), how)
        for name, rounds, minimum, median, how in _LINE.findall(text)
    ]


def _domain_rows(platform: Platform) -> list[Row]:
    return _measure(systems.assemble(systems.find(_SYSTEM), platform=platform), "measuring the core from a domain")


def _guest_rows(platform: Platform) -> list[Row]:
    system = systems.assemble(systems.find(_GUEST_SYSTEM), platform=platform)
    return _measure(system, "measuring exits and hypercalls from a guest")


# Where each row comes from, so that asking for one row measures no more than it takes.
_SOURCES: tuple[tuple[Callable[[Platform], list[Row]], tuple[str, ...]], ...] = (
    (_domain_rows, ("syscall.null", "ipc.call.1", "ipc.call.8", "notif.signal", "notif.wait",
                    "notif.switch", "space.map", "captab.copy", "kernel.section")),
    (_guest_rows, ("exit.cpuid", "exit.pio", "hypercall.service")),
    (benchrows.static_rows, ("kernel.lines", "kernel.text", "kernel.lines.vtd", "kernel.text.vtd",
                             "kernel.lines.amdvi", "kernel.text.amdvi", "selector.lines")),
    (linuxboot.rows, ("boot.linux", "boot.exits")),
    (iobench.domain_line_rows, ("kernel.lines",)),
    (iobench.restart_rows, ("restart.software", "restart.software.netdrv", "restart.pause", "restart.pause.netdrv")),
    (iobench.disk_rows, ("blk.read.qd1", "blk.write.qd1", "blk.read.qd32", "blk.write.qd32", "blk.exits.qd32")),
    (iobench.encrypted_rows, ("blk.read.qd1.encrypted", "blk.write.qd1.encrypted")),
    (iobench.network_rows, ("net.tx.64", "net.tx.1472", "net.pingpong.64", "net.pingpong.1472", "net.rx.64",
                            "net.rx.1472", "net.rx.64.floor", "net.rx.1472.floor")),
)  # fmt: skip


def _collect(platform: Platform, expected: Collection[str]) -> tuple[list[Row], list[str]]:
    """The rows, and one line for each source of rows that failed."""
    rows: list[Row] = []
    problems: list[str] = []
    for source, names in _SOURCES:
        if not any(name in expected and BUDGET[name].measured_on(platform) for name in names):
            continue
        try:
            rows += source(platform)
        except BulkheadError as error:
            problems.append(f"{platform.name}: {error}")
    return rows, problems


def _columns(platforms: Sequence[Platform], rows: Sequence[Row]) -> list[Column]:
    """SVM beside VMX: what was measured now, and of the other vendor's usual platform what was measured before."""
    columns = [
        Column(platform, {row.name: row for row in rows if row.platform == platform.name}, now=True)
        for platform in platforms
    ]
    for other in (QEMU_SVM, BOCHS_VMX):
        if all(other.vendor != platform.vendor for platform in platforms):
            before = benchtable.last(other)
            columns += [before] if before.rows else []
    return sorted(columns, key=lambda column: column.platform.vendor)


def main(wanted: Sequence[str], json_file: Path | None, platforms: Sequence[Platform] = (QEMU_SVM,)) -> int:
    """Measures, prints, and says whether every row is there and within its budget."""
    for name in wanted:
        if not any(name in known for known in BUDGET):
            raise UsageProblem(f"no row '{name}'; there are: {', '.join(BUDGET)}")
    build.build("target")
    guests.ensure()
    expected = [name for name in BUDGET if not wanted or any(part in name for part in wanted)]
    rows: list[Row] = []
    problems: list[str] = []
    for platform in platforms:
        found, failed = _collect(platform, expected)
        benchtable.remember(platform, found)
        rows += found
        problems += failed
    if wanted:
        rows = [row for row in rows if any(name in row.name for name in wanted)]
    benchtable.show(_columns(platforms, rows), list(dict.fromkeys(row.name for row in rows)))
    measured = {(row.platform, row.name) for row in rows}
    missing = [
        f"{name} ({platform.name})"
        for platform in platforms
        for name in expected
        if BUDGET[name].measured_on(platform) and (platform.name, name) not in measured
    ]
    over = [f"{row.name} ({row.platform})" for row in rows if not row.within]
    for problem in problems:
        report.warn(problem)
    if missing:
        report.warn(f"rows without a measurement: {', '.join(missing)}")
    if over:
        report.warn(f"rows over their budget: {', '.join(over)}")
    if json_file is not None:
        json_file.write_text(json.dumps(_document(rows, platforms), indent=1) + "\n")
    return EXIT_TESTS_FAILED if missing or over else 0


def _emulator(platform: Platform) -> str:
    return bochs.version() if platform.emulator == "bochs" else qemu.version()


def _document(rows: Sequence[Row], platforms: Sequence[Platform]) -> dict[str, object]:
    measured_on = [
        {
            "platform": platform.name,
            "image_sha256": benchrows.image_sha256(paths.kernel_elf(platform.vendor)),
            "emulator": _emulator(platform),
        }
        for platform in platforms
    ]
    return {
        "schema": 1,
        "commit": proc.run(["git", "rev-parse", "HEAD"], what="reading the commit").strip(),
        "image_sha256": measured_on[0]["image_sha256"],
        "emulator": measured_on[0]["emulator"],
        "platforms": measured_on,
        "rows": [row.as_json() for row in rows],
    }
