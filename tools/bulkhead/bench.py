"""`bulkhead bench`: every row of the budget, measured, beside its budget.

Rows that the machine measures come from the system `bench` (a laboratory domain, tests/bench/main.c) and from the
system `bench-guest` (tests/bench/guest, beside a service that does nothing). Both are booted under
`-icount shift=0,sleep=off`, where one TSC tick is one instruction, and write one line a row:
    bench: NAME rounds=N min=N median=N how=TEXT TO THE END OF THE LINE
and `bench: end` after the last. The rows of the tool itself (lines, bytes) are in benchrows.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Sequence
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bulkhead import benchrows, build, guests, linuxboot, paths, proc, report, systems
from bulkhead.benchrows import BUDGET, Row
from bulkhead.errors import EXIT_TESTS_FAILED, BulkheadError, BulkheadFailed, TimeOut, UsageProblem
from bulkhead.emulator import Machine
from bulkhead.session import Session
from bulkhead.systems import System

_SYSTEM = "bench"
_GUEST_SYSTEM = "bench-guest"
_TIMEOUT_S = 300.0
_LINE = re.compile(r"bench: (\S+) rounds=(\d+) min=(\d+) median=(\d+) how=([^\r\n]*)")
_END = b"bench: end"


def _measure(system: System, title: str) -> list[Row]:
    """Boots @system under icount and reads its `bench:` lines from COM1."""
    machine = Machine(memory_mib=system.memory_mib, icount=True)
    with report.step(title), Session(machine, system.boot()) as session:
        waited_s = 0
        try:
            while True:
                try:
                    session.console.wait_for(_END, 1.0)
                    break
                except (TimeOut, BulkheadFailed):
                    session.check_boot()
                    waited_s += 1
                    if waited_s > _TIMEOUT_S:
                        raise TimeOut(f"{title}: not done within {_TIMEOUT_S:g} s") from None
        finally:
            session.emulator.kill()
        text = session.console.since(0).decode(errors="replace")
    return [
        benchrows.row(name, int(minimum), int(rounds), int(minimum), int(median), how)
        for name, rounds, minimum, median, how in _LINE.findall(text)
    ]


def _domain_rows() -> list[Row]:
    return _measure(systems.assemble(systems.find(_SYSTEM)), "measuring the core from a domain")


def _guest_rows() -> list[Row]:
    return _measure(systems.assemble(systems.find(_GUEST_SYSTEM)), "measuring exits and hypercalls from a guest")


# Where each row comes from, so that asking for one row measures no more than it takes.
_SOURCES: tuple[tuple[Callable[[], list[Row]], tuple[str, ...]], ...] = (
    (_domain_rows, ("syscall.null", "ipc.call.1", "ipc.call.8", "notif.signal", "notif.wait",
                    "notif.switch", "space.map", "captab.copy", "kernel.section")),
    (_guest_rows, ("exit.cpuid", "exit.pio", "hypercall.service")),
    (benchrows.static_rows, ("kernel.lines", "kernel.text")),
    (linuxboot.rows, ("boot.linux", "boot.exits")),
)  # fmt: skip


def _collect(expected: Collection[str]) -> tuple[list[Row], list[str]]:
    """The rows, and one line for each source of rows that failed."""
    rows: list[Row] = []
    problems: list[str] = []
    for source, names in _SOURCES:
        if not any(name in expected for name in names):
            continue
        try:
            rows += source()
        except BulkheadError as error:
            problems.append(str(error))
    return rows, problems


def _print(rows: Sequence[Row]) -> None:
    table = Table(box=None, title="Bulkhead benchmark", title_justify="left")
    for column in ("row", "value", "budget", "unit", "verdict", "how"):
        table.add_column(column, overflow="fold")
    for row in rows:
        shown = "-" if row.budget is None else f"{row.budget:,.10g}"
        verdict = "" if row.budget is None else ("ok" if row.within else "OVER")
        table.add_row(escape(row.name), f"{row.value:,.10g}", shown, row.unit, verdict, escape(row.how))
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)


def main(wanted: Sequence[str], json_file: Path | None) -> int:
    """Measures, prints, and says whether every row is there and within its budget."""
    for name in wanted:
        if not any(name in known for known in BUDGET):
            raise UsageProblem(f"no row '{name}'; there are: {', '.join(BUDGET)}")
    build.build("target")
    guests.ensure()
    expected = [name for name in BUDGET if not wanted or any(part in name for part in wanted)]
    rows, problems = _collect(expected)
    if wanted:
        rows = [row for row in rows if any(name in row.name for name in wanted)]
    _print(rows)
    measured = {row.name for row in rows}
    missing = [name for name in expected if name not in measured]
    over = [row.name for row in rows if not row.within]
    for problem in problems:
        report.warn(problem)
    if missing:
        report.warn(f"rows without a measurement: {', '.join(missing)}")
    if over:
        report.warn(f"rows over their budget: {', '.join(over)}")
    if json_file is not None:
        json_file.write_text(json.dumps(_document(rows), indent=1) + "\n")
    return EXIT_TESTS_FAILED if missing or over else 0


def _document(rows: Sequence[Row]) -> dict[str, object]:
    commit = proc.run(["git", "rev-parse", "HEAD"], what="reading the commit").strip()
    emulator = proc.run(["qemu-system-x86_64", "--version"], what="asking QEMU").splitlines()[0]
    return {
        "schema": 1,
        "commit": commit,
        "image_sha256": benchrows.image_sha256(paths.kernel_elf("svm")),
        "emulator": emulator,
        "rows": [row.as_json() for row in rows],
    }
