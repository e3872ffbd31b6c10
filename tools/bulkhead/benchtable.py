"""The benchmark's table: what was measured now beside what the other platform measured last.

build/bench/PLATFORM.json keeps the last value of each row, and which kernel image it was measured on.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from bulkhead import benchrows, paths
from bulkhead.benchrows import Row
from bulkhead.platforms import Platform

_FOLDER = paths.BUILD / "bench"


@dataclass(frozen=True)
class Column:
    """The rows of one platform."""

    platform: Platform
    rows: dict[str, Row]
    now: bool  # measured by this call


def _file(platform: Platform) -> Path:
    return _FOLDER / f"{platform.name}.json"


def remember(platform: Platform, rows: Iterable[Row]) -> None:
    """Keeps @rows for later tables; rows of an earlier kernel image are forgotten."""
    image = benchrows.image_sha256(paths.kernel_elf(platform.vendor))
    kept = {name: row.as_json() for name, row in _remembered(platform, image).items()}
    kept |= {row.name: row.as_json() for row in rows}
    _FOLDER.mkdir(parents=True, exist_ok=True)
    _file(platform).write_text(json.dumps({"image_sha256": image, "rows": list(kept.values())}, indent=1) + "\n")


def _remembered(platform: Platform, image: str) -> dict[str, Row]:
    try:
        document = json.loads(_file(platform).read_text())
        rows = [Row(**row) for row in document["rows"]]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {row.name: row for row in rows} if document["image_sha256"] == image else {}


def last(platform: Platform) -> Column:
    """What @platform measured before on the kernel image that is built now."""
    image = benchrows.image_sha256(paths.kernel_elf(platform.vendor))
    return Column(platform, _remembered(platform, image), now=False)


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _verdict(rows: Sequence[Row]) -> str:
    judged = [row for row in rows if row.budget is not None]
    over = [row.platform for row in judged if not row.within]
    return f"OVER on {', '.join(over)}" if over else "ok" if judged else ""


def _how(rows: Sequence[Row]) -> str:
    texts = {row.how: row.platform for row in reversed(rows)}
    if len(texts) == 1:
        return rows[0].how
    return "; ".join(f"{row.platform}: {row.how}" for row in rows if texts.get(row.how) == row.platform)


def show(columns: Sequence[Column], names: Sequence[str]) -> None:
    """Prints the rows called @names, one platform beside the other; the verdict is about those measured now."""
    table = Table(box=None, title="Bulkhead benchmark", title_justify="left")
    table.add_column("row", overflow="fold")
    for column in columns:
        table.add_column(column.platform.name + ("" if column.now else " (before)"), justify="right")
        table.add_column("at most", justify="right")
    for title in ("unit", "verdict", "how"):
        table.add_column(title, overflow="fold")
    for name in names:
        found = [column.rows.get(name) for column in columns]
        now = [row for row, column in zip(found, columns, strict=True) if row is not None and column.now]
        cells: list[str] = []
        for row in found:
            cells.append("-" if row is None else _number(row.value))
            cells.append("-" if row is None or row.budget is None else _number(row.budget))
        if now:
            table.add_row(escape(name), *cells, now[0].unit, _verdict(now), escape(_how(now)))
    console = Console()
    if not console.is_terminal:
        console.width = 200
    console.print(table)
