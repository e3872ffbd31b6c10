"""Progress for people: a spinner on a terminal, plain lines elsewhere. All of it on standard error."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.markup import escape

console = Console(stderr=True, highlight=False)
_quiet = False


def set_quiet(quiet: bool) -> None:
    """Suppresses progress; warnings and errors still show."""
    global _quiet
    _quiet = quiet


def say(text: str) -> None:
    """One plain line of progress."""
    if not _quiet:
        console.print(escape(text), soft_wrap=True)


def warn(text: str) -> None:
    """One line that a person must see."""
    console.print(f"[yellow]bulkhead: {escape(text)}[/yellow]", soft_wrap=True)


def fail(text: str) -> None:
    """The one line of an expected failure."""
    sys.stdout.flush()
    console.print(f"[red]bulkhead: {escape(text)}[/red]", soft_wrap=True)


@contextmanager
def step(title: str) -> Iterator[None]:
    """Shows that @title is being worked on, and how long it took if that was noticeable."""
    if _quiet:
        yield
        return
    started = time.monotonic()
    if console.is_terminal:
        with console.status(escape(title)):
            yield
    else:
        say(f"{title} ...")
        yield
    seconds = time.monotonic() - started
    if console.is_terminal or seconds >= 1:
        say(f"{title}: done in {seconds:.1f} s")
