"""Every rule that an IDL file must keep beyond its grammar. Each refusal has a file under tests/bad/idl/."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from . import checks_calls, checks_names, checks_services, checks_types, model
from .problem import Position, Problem


def check(whole: model.Model) -> list[Problem]:
    """All problems, in the order of the files. Later rules rely on earlier ones, so the first group that
    refuses is the last that is asked."""
    groups = (_core, checks_types.check, checks_calls.check, checks_services.check, checks_names.check,
              checks_names.constants)
    for group in groups:
        problems = sorted(set(group(whole)))
        if problems:
            return problems
    return []


def _core(whole: model.Model) -> Iterator[Problem]:
    """One file declares the errors; only that file speaks of objects and calls."""
    declared = [errors for file in whole.files for errors in file.errors]
    if not declared:
        yield Problem(Position(whole.files[0].path, 1, 1), "no file declares the errors", "the kernel's file as well")
        return
    for errors in declared[1:]:
        yield Problem(errors.position, "the errors are declared again", f"only those at {declared[0].position}")
    for file in whole.others:
        found: Iterable[model.Object | model.Call] = [*file.objects, *(call for _, call in file.calls)]
        for item in found:
            yield Problem(item.position, f"'{item.name}' is an object or call outside the kernel's file",
                          f"it in {whole.core.path}" if whole.core else "none")
        if file.stem in {other.stem for other in whole.files if other.path < file.path}:
            yield Problem(Position(file.path, 1, 1), f"another file is called '{file.stem}' too", "another name")
        if file.stem in ("abi", "abi_asm", "abi_check", "message"):
            yield Problem(Position(file.path, 1, 1), f"a file may not be called '{file.stem}'", "another name")
