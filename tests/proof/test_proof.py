"""The contracts of kernel/base, capability look-up and the page-table walker, proved by Frama-C's WP.

docs/proof.md says what that means. trusted.txt lists all that is not proved.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from bulkhead import paths

sys.path.insert(0, str(paths.ROOT / "tests" / "proof"))
import framac  # noqa: E402

_TRUSTED = framac.HERE / "trusted.txt"
_KINDS = ("function", "frame", "memory", "axiom", "goal", "pointer")
_WRAPS = "-warn-unsigned-overflow"  # here a wrap is an error although C allows it


@dataclass(frozen=True)
class Unit:
    """A file that Frama-C reads, and the files whose functions it must prove there."""

    source: str
    files: tuple[str, ...]
    options: tuple[str, ...] = (_WRAPS,)


UNITS = {
    "base": Unit("tests/proof/base.c", ("kernel/base/math.h", "kernel/base/bits.h")),
    # void * becomes uint8_t * or uint64_t *, one of them throughout a function.
    "string": Unit("kernel/base/string.c", ("kernel/base/string.c",), (_WRAPS, "-wp-model", "Typed+Cast")),
    "sha256": Unit("kernel/base/sha256.c", ("kernel/base/sha256.c",), ()),  # wraps by definition
    "cap": Unit("kernel/obj/cap.c", ("kernel/obj/cap.c", "kernel/obj/cap.h")),
    "captab": Unit("kernel/obj/captab.c", ("kernel/obj/captab.c", "kernel/obj/captab.h")),
    "walker": Unit("tests/proof/walker.c", ("kernel/obj/walker.h",)),
}


def _trusted() -> dict[tuple[str, str, str], str]:
    lines = {}
    for number, line in enumerate(_TRUSTED.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        match = re.fullmatch(r"(\w+) (\S+) ([\w.]+): (\S.*)", line)
        assert match and match[1] in _KINDS, f"trusted.txt:{number}: not KIND FILE NAME: REASON"
        lines[match[1], match[2], match[3]] = match[4]
    return lines


TRUSTED = _trusted()


def _defined(unit: Unit) -> dict[str, str]:
    """Function to file, for all that the unit must account for."""
    return {name: file for file in unit.files for name in framac.functions(paths.ROOT / file)}


def _to_prove(unit: Unit) -> dict[str, str]:
    return {name: file for name, file in _defined(unit).items() if ("function", file, name) not in TRUSTED}


ALL_PROVED = {name for unit in UNITS.values() for name in _to_prove(unit)}
ALL_DEFINED = {name: file for unit in UNITS.values() for name, file in _defined(unit).items()}


def _complaints(unit: Unit, result: framac.Result) -> list[str]:
    wanted, found, used = _to_prove(unit), [], set()

    def listed(kind: str, file: str, name: str) -> bool:
        used.add((kind, file, name))
        return (kind, file, name) in TRUSTED

    called = {
        callee for file in unit.files for name, body in framac.functions(paths.ROOT / file).items()
        if name in wanted for callee in re.findall(r"\b(\w+)\(", body)
    }  # fmt: skip
    computed = set()
    # What hangs on an open goal is "partially proven": the open goal is the news.
    open_goal = any(one.status == "Unknown" and one.function in wanted for one in result.properties)
    for one in result.properties:
        if one.status == "Partially proven" and open_goal:
            continue
        if "FRAMAC_SHARE" in one.file:
            if one.function in called:
                found.append(f"believed, from Frama-C's library: {one}")
        elif one.kind in ("precondition", "behavior assumption"):
            continue  # the caller's to prove, as "precondition of"; all of WP's goals are counted below
        elif one.function in wanted:
            if one.kind == "postcondition":
                computed.add(one.function)
            if one.status != "Valid" and not listed("goal", wanted[one.function], f"{one.function}.{one.kind}"):
                found.append(f"not proved: {one}")
        elif one.function in called - ALL_PROVED:
            file = ALL_DEFINED.get(one.function, one.file)
            if not listed("function", file, one.function):
                found.append(f"a contract believed and not in trusted.txt: {one}")
    for name, file in wanted.items():
        if name not in result.annotated:
            found.append(f"{file}: {name} was not looked at by WP")
        if name not in computed and not listed("frame", file, name):
            found.append(f"{file}: {name} has no contract that says what it does")
        if name in result.hypotheses and not listed("memory", file, name):
            found.append(f"{file}: {name} is proved under a memory assumption that is not in trusted.txt")
    found += [f"no caller can meet this contract: {smoke}" for smoke in result.smoke]
    for kind, file, name in TRUSTED:
        stale = kind in ("frame", "memory", "goal") and file in unit.files and (kind, file, name) not in used
        stale |= kind == "function" and file in unit.files and name not in _defined(unit)
        if stale:
            found.append(f"trusted.txt: '{kind} {file} {name}' is not needed any more")
    return found


@pytest.mark.parametrize("name", UNITS)
def test_every_goal_is_proved(name: str) -> None:
    unit = UNITS[name]
    try:
        result = framac.prove(name, paths.ROOT / unit.source, sorted(_to_prove(unit)), unit.options)
    except framac.ProofToolFailed as error:
        pytest.fail(str(error), pytrace=False)
    complaints = _complaints(unit, result)
    proved, goals = result.goals
    if goals == 0 or proved != goals:
        complaints.append(f"WP proved {proved} of {goals} goals")
    if complaints:
        pytest.fail("\n".join(complaints), pytrace=False)


def test_every_file_of_base_is_covered() -> None:
    covered = {file for unit in UNITS.values() for file in unit.files}
    defining = {
        str(path.relative_to(paths.ROOT))
        for path in (paths.ROOT / "kernel" / "base").glob("*.[ch]") if framac.functions(path)
    }  # fmt: skip
    assert defining <= covered


def test_axioms_hold_in_vectors() -> None:
    z3 = shutil.which("z3")
    assert z3, "z3 is not installed; ./bulkhead setup installs it"
    for _, file, name in [key for key in TRUSTED if key[0] == "axiom"]:
        question = framac.HERE / f"{name}.smt2"
        assert question.exists(), f"{file}: axiom {name} has no {question.name}"
        done = subprocess.run([z3, str(question)], capture_output=True, text=True, timeout=120, check=False)
        assert done.stdout.split() == ["unsat"], f"{question.name}: {done.stdout}{done.stderr}"


def test_every_axiom_is_listed() -> None:
    stated = set()
    for path in sorted((paths.ROOT / "kernel").rglob("*.[ch]")):
        for annotation in re.findall(r"/\*@.*?\*/|//@[^\n]*", path.read_text(), re.S):
            file = str(path.relative_to(paths.ROOT))
            stated |= {("axiom", file, name) for name in re.findall(r"\baxiom (\w+)", annotation)}
            assert not re.search(r"\badmit\b", annotation), f"{file}: {annotation}"
    assert stated == {key for key in TRUSTED if key[0] == "axiom"}


def test_one_function_makes_pointers_of_physical_addresses() -> None:
    text = (paths.ROOT / "kernel" / "hw" / "memory.h").read_text()
    makers = {name for name, body in framac.functions(paths.ROOT / "kernel/hw/memory.h").items() if "(void *)" in body}
    assert text and makers == {key[2] for key in TRUSTED if key[0] == "pointer"}
