"""Read, parse and check: the only way to a model that may be emitted."""

from __future__ import annotations

from collections.abc import Iterable

from .model import Model
from .parser import parse_file
from .problem import IdlError, Problem


def load(paths: Iterable[str]) -> Model:
    files, problems = [], list[Problem]()
    for path in sorted(paths):
        try:
            files.append(parse_file(path))
        except IdlError as error:
            problems.extend(error.problems)
    if problems:
        raise IdlError(sorted(problems))
    return Model(tuple(files))
