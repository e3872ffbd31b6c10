"""What is wrong with an IDL file, where, and what would be right."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Position:
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, order=True)
class Problem:
    position: Position
    message: str
    expected: str

    def __str__(self) -> str:
        return f"{self.position}: error: {self.message}; expected {self.expected}"


class IdlError(Exception):
    """One or more problems; nothing is emitted."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems
