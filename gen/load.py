"""Read, parse and check: the only way to a model that may be emitted."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from .checks import check
from .model import File, Model
from .parser import parse_file
from .problem import IdlError, Problem
from .released import compare, released_files


def load(paths: Iterable[str]) -> Model:
    """Raises IdlError with every problem found."""
    files: list[File] = []
    problems: list[Problem] = []
    for path in sorted(set(paths)):
        try:
            files.append(parse_file(path))
        except IdlError as error:
            problems.extend(error.problems)
    if problems:
        raise IdlError(sorted(problems))
    whole = Model(tuple(files))
    if problems := check(whole):
        raise IdlError(problems)
    return whole


def check_released(whole: Model, folder: Path, complete: bool) -> None:
    """Raises IdlError if an interface broke with its released form. Without @complete only files that have a
    namesake in @folder are compared."""
    paths = tuple(file.path for file in whole.files)
    old = released_files(folder, paths, complete)
    if not old or whole.core is None:
        return
    released = Model((whole.core, *(file for file in load([whole.core.path, *old]).files if file.path in old)))
    if problems := compare(whole, released):
        raise IdlError(problems)
