"""Sequence pictures from a TOML file: who does what, in order, each step with the place in the tree that does it."""

from __future__ import annotations

import textwrap
import tomllib
from dataclasses import dataclass
from pathlib import Path

from .svg import INK, LINE, SOFT, Canvas

_COLUMN, _LEFT, _TOP, _WRAP = 250, 40, 96, 36
_COLORS = ("#c05a00", "#1a7f4b", "#0b6bcb", "#8250df", "#8a6a00")


@dataclass(frozen=True)
class Step:
    """One arrow, or with @target empty one thing done by @source."""

    source: str
    target: str
    text: str
    place: str  # file:name, where name is a word in file


@dataclass(frozen=True)
class Sequence:
    """A whole picture."""

    title: str
    actors: list[str]
    steps: list[Step]

    @staticmethod
    def read(file: Path) -> Sequence:
        """Reads a picture's file."""
        raw = tomllib.loads(file.read_text())
        steps = [Step(one["by"], one.get("to", ""), one["text"], one.get("at", "")) for one in raw["step"]]
        return Sequence(raw["title"], raw["actors"], steps)


def draw(sequence: Sequence, source: str) -> str:
    """The picture."""
    heights = [28 + 15 * len(_lines(step)) + (14 if step.place else 0) for step in sequence.steps]
    width = _LEFT * 2 + _COLUMN * len(sequence.actors)
    canvas = Canvas(width, _TOP + sum(heights) + 40, sequence.title, source)
    canvas.text(_LEFT, 34, sequence.title, 17, INK, bold=True)
    middle = {actor: _LEFT + _COLUMN * at + _COLUMN / 2 for at, actor in enumerate(sequence.actors)}
    bottom = _TOP + sum(heights) + 16
    for at, actor in enumerate(sequence.actors):
        color = _COLORS[at % len(_COLORS)]
        canvas.line(middle[actor], 82, middle[actor], bottom, LINE, "3 4")
        canvas.box(middle[actor] - 75, 52, 150, 30, "#ffffff", color)
        canvas.text(middle[actor], 72, actor, 13, color, "middle", True)
    y = float(_TOP)
    for step, height in zip(sequence.steps, heights, strict=True):
        _step(canvas, sequence, step, y, height, middle)
        y += height
    return canvas.file()


def _lines(step: Step) -> list[str]:
    return textwrap.wrap(step.text, _WRAP)


def _step(
    canvas: Canvas, sequence: Sequence, step: Step, y: float, height: float, middle: dict[str, float]
) -> None:  # fmt: skip
    color = _COLORS[sequence.actors.index(step.source) % len(_COLORS)]
    lines = _lines(step)
    x = middle[step.source]
    if step.target:
        x = (middle[step.source] + middle[step.target]) / 2
        base = y + height - 8
        tip = middle[step.target]
        way = 1 if tip > middle[step.source] else -1
        canvas.arrow(f"M{middle[step.source]:g} {base:g} H{tip - 4 * way:g}", (tip, base), (way, 0), color, 1.8)
    else:
        canvas.box(x - 121, y + 4, 242, height - 8, "#f7f9fb", color)
    top = y + (20 if not step.target else 12)
    if step.target:
        canvas.blank(x - 105, y, 210, height - 16)
    for at, line in enumerate(lines):
        if step.target:
            canvas.text(x, top + 15 * at, line, 11, INK, "middle")
        else:
            canvas.text(x - 112, top + 15 * at, line, 11, INK)
    if step.place:
        where = top + 15 * len(lines) - 1
        canvas.text(*((x, where) if step.target else (x - 112, where)), step.place, 9, SOFT,
                    "middle" if step.target else "start", mono=True)  # fmt: skip
