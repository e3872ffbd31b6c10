"""The access matrix as CSV (for tools) and as one self-contained HTML page (for people)."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass

from . import spec
from .render import environment
from .summary import human_bytes, summarize
from .view import LETTERS_EXPLAINED, Cell, Column, Row, View


def matrix_csv(view: View) -> str:
    """One line for each subject, one column for each object; a cell holds the letters of the rights."""
    rows, columns, cells = view.matrix()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["subject", "kind", "compartment", *(column.name for column in columns)])
    writer.writerow(["", "", "", *(f"{column.kind} of {column.owner}" for column in columns)])
    for row in rows:
        letters = [
            cells[row.name, column.name].letters if (row.name, column.name) in cells else "" for column in columns
        ]
        writer.writerow([row.name, row.kind, row.compartment, *letters])
    return out.getvalue()


@dataclass(frozen=True)
class Group:
    """Objects of one owner, each with its cells in the order of the subjects."""

    owner: str
    detail: str
    lines: list[tuple[Column, list[Cell]]]


def _groups(view: View, rows: list[Row], columns: list[Column], cells: dict[tuple[str, str], Cell]) -> list[Group]:
    owners = list(dict.fromkeys(column.owner for column in columns))
    memory = {"system": view.system.shared.bytes} | {one.name: one.memory.bytes for one in view.system.domains}
    groups: list[Group] = []
    for owner in owners:
        lines = [
            (column, [cells.get((row.name, column.name), Cell()) for row in rows])
            for column in columns
            if column.owner == owner
        ]
        detail = {"system": "shared, owned by neither end: ", "machine": "device memory, ports and interrupts"}.get(
            owner, "its own untyped: "
        )
        groups.append(Group(owner, detail + (human_bytes(memory[owner]) if owner in memory else ""), lines))
    return groups


def matrix_html(view: View, proved: list[str]) -> str:
    rows, columns, cells = view.matrix()
    facts = summarize(view)
    claims = [(one.text, one.text in proved) for one in _distinct(view.system.claims)]
    return (
        environment()
        .get_template("matrix.html.j2")
        .render(
            system=view.system,
            rows=rows,
            groups=_groups(view, rows, columns, cells),
            facts=facts,
            claims=claims,
            letters=LETTERS_EXPLAINED,
        )
    )


def _distinct(claims: list[spec.Claim]) -> list[spec.Claim]:
    return list({claim.text: claim for claim in claims}.values())
