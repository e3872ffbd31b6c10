"""Draws every picture of docs/pictures.

    /usr/bin/python3 tools/pictures/draw.py

The rooms come from the tree's #include lines, the sequences from the TOML files beside this one, the system from
the graph that capdl draws of two-tenants (its golden copy, so nothing needs to be built).
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
PICTURES = ROOT / "docs" / "pictures"
GRAPH = ROOT / "tests" / "golden" / "capdl" / "two-tenants.graph.dot"
sys.path.insert(0, str(ROOT / "tools"))

from pictures import rooms, sequence  # noqa: E402


def plain() -> dict[str, str]:
    """The pictures that need no other program, by file name."""
    made = {"rooms.svg": rooms.draw(ROOT)}
    for file in sorted(HERE.glob("*.toml")):
        made[f"{file.stem}.svg"] = sequence.draw(sequence.Sequence.read(file), f"tools/pictures/{file.name}")
    return made


def graph_digest() -> str:
    """Says which graph two-tenants.svg was drawn from."""
    return hashlib.sha256(GRAPH.read_bytes()).hexdigest()


def system() -> str:
    """The system two-tenants, by graphviz."""
    done = subprocess.run(["dot", "-Tsvg", str(GRAPH)], capture_output=True, text=True, check=True)
    return done.stdout.replace("<svg ", f"<!-- graph {graph_digest()} -->\n<svg ", 1)


def main() -> None:
    """Writes them all."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name, text in {**plain(), "two-tenants.svg": system()}.items():
        (PICTURES / name).write_text(text)
        print(PICTURES / name)


if __name__ == "__main__":
    main()
