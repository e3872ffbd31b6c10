"""Places in a description and the errors that point at them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn


@dataclass(frozen=True, order=True)
class Place:
    """A position in a text file, counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def shifted(self, columns: int) -> Place:
        """The same line, so many columns to the right."""
        return Place(self.file, self.line, self.column + columns)


@dataclass(frozen=True, order=True)
class Diagnostic:
    """What is wrong at a place, and what would be right."""

    place: Place
    what: str
    expected: str

    def __str__(self) -> str:
        return f"{self.place}: error: {self.what}; expected {self.expected}"


class CapdlError(Exception):
    """Anything this package refuses."""


class DescriptionError(CapdlError):
    """One or more faults in a description, in the order of the text."""

    def __init__(self, diagnostics: list[Diagnostic]) -> None:
        self.diagnostics = sorted(set(diagnostics))
        super().__init__("\n".join(str(one) for one in self.diagnostics))


class ClaimError(CapdlError):
    """The compiled system breaks a claim; the message holds the path."""


class UsageError(CapdlError):
    """A wrong file, parameter or argument, outside any description text."""


@dataclass
class Faults:
    """Collects diagnostics, so that a person sees all of them at once."""

    found: list[Diagnostic] = field(default_factory=list)

    def add(self, place: Place, what: str, expected: str) -> None:
        self.found.append(Diagnostic(place, what, expected))

    def stop_if_any(self) -> None:
        if self.found:
            raise DescriptionError(self.found)


def refuse(place: Place, what: str, expected: str) -> NoReturn:
    """Raise the one error at @place."""
    raise DescriptionError([Diagnostic(place, what, expected)])
