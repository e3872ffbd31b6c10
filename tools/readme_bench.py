"""Writes a benchmark's JSON into the README, between its markers.

    ./bulkhead bench --on all --json FILE; /usr/bin/python3 tools/readme_bench.py FILE
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

README = Path(__file__).resolve().parents[1] / "README.md"
BEGIN, END = "<!-- bench:begin -->", "<!-- bench:end -->"


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _by_name(rows: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
    """Rows by name, and of each name by platform."""
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(row["name"], {})[row["platform"]] = row
    return found


def _line(rows: dict[str, dict[str, Any]], platforms: list[str]) -> str:
    first = next(iter(rows.values()))
    cells = []
    for platform in platforms:
        row = rows.get(platform)
        cells += ["-", "-"] if row is None else [_number(row["value"]), _number(row["budget"])]
    over = [platform for platform, row in rows.items() if row["value"] > row["budget"]]
    verdict = "yes" if not over else "**no**" if len(over) == len(platforms) else f"**no** ({', '.join(over)})"
    how = first["how"].replace("|", "\\|")
    return f"| `{first['name']}` | {' | '.join(cells)} | {first['unit']} | {verdict} | {how} |"


def table(document: dict[str, Any]) -> str:
    """The rows that have a budget, as Markdown, one platform beside the other, with what they were measured on."""
    rows = [row for row in document["rows"] if row["budget"] is not None]
    platforms = list(dict.fromkeys(row["platform"] for row in rows))
    over = [f"`{row['name']}` ({row['platform']})" for row in rows if row["value"] > row["budget"]]
    missed = f"Over budget: {', '.join(over)}." if over else "All of these are within their budgets."
    emulators = " and ".join(one["emulator"] for one in document["platforms"])
    columns = "".join(f" {platform} | at most |" for platform in platforms)
    return "\n".join([
        f"| row |{columns} unit | kept | how |",
        f"| --- |{' ---: | ---: |' * len(platforms)} --- | --- | --- |",
        *(_line(found, platforms) for found in _by_name(rows).values()),
        "",
        f"Measured at commit {document['commit'][:12]} on {emulators}. {missed}",
    ])  # fmt: skip


def fill(text: str, document: dict[str, Any]) -> str:
    """@text with the table between the markers; ValueError if they are not there."""
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{BEGIN} … {END} not found")
    return f"{head}{BEGIN}\n{table(document)}\n{END}{tail}"


def main(arguments: list[str]) -> int:
    """Reads the file that is named and rewrites the README."""
    if len(arguments) != 1:
        print("usage: tools/readme_bench.py FILE (from ./bulkhead bench --on all --json FILE)", file=sys.stderr)
        return 2
    document = json.loads(Path(arguments[0]).read_text())
    README.write_text(fill(README.read_text(), document))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
