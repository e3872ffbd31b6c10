"""Writes a benchmark's JSON into the README, between its markers.

    ./bulkhead bench --json FILE; /usr/bin/python3 tools/readme_bench.py FILE
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


def _line(row: dict[str, Any]) -> str:
    budget = row["budget"]
    verdict = "" if budget is None else ("yes" if row["value"] <= budget else "**no**")
    shown = "" if budget is None else _number(budget)
    how = row["how"].replace("|", "\\|")
    return f"| `{row['name']}` | {_number(row['value'])} | {shown} | {row['unit']} | {verdict} | {how} |"


def table(document: dict[str, Any]) -> str:
    """The rows that have a budget, as Markdown, with what they were measured on."""
    rows = [row for row in document["rows"] if row["budget"] is not None]
    over = [f"`{row['name']}`" for row in rows if row["value"] > row["budget"]]
    missed = f"Over budget: {', '.join(over)}." if over else "All of these are within their budgets."
    return "\n".join([
        "| row | value | at most | unit | kept | how |",
        "| --- | ---: | ---: | --- | --- | --- |",
        *(_line(row) for row in rows),
        "",
        f"Measured at commit {document['commit'][:12]} on {document['emulator']}. {missed}",
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
        print("usage: tools/readme_bench.py FILE (from ./bulkhead bench --json FILE)", file=sys.stderr)
        return 2
    document = json.loads(Path(arguments[0]).read_text())
    README.write_text(fill(README.read_text(), document))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
