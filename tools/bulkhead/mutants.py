"""`bulkhead test --mutants`: takes checks out of the tree, one at a time, and shows that a test notices.

A mutant is tests/mutants/NAME.patch: a unified diff (-p1) under header lines
    Test: FILTER        the test that must fail, as `bulkhead test FILTER` takes it
    Build: host         what that test needs: host or target (default: host below tests/unit)
    On: bochs           the emulator that the test runs on (default: QEMU)
    Fails: NAME         what must stand in that test's report: the claim, where the test is a program of many
    Why: TEXT           what the check protects
All are applied to a private copy of the tree, never to the tree itself.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bulkhead import paths, platforms, proc, report
from bulkhead.errors import EXIT_TESTS_FAILED, BulkheadFailed

FOLDER = paths.ROOT / "tests" / "mutants"
_TREE = paths.BUILD / "mutants" / "tree"
_HEADER = re.compile(r"^(Test|Build|On|Fails|Why): *(.*\S)\s*$")
# A program that a sanitizer ends keeps what it had not yet printed to itself: it names no claim.
_ENDED = re.compile(r"exit status -|runtime error: |Sanitizer")
_SHARED = ("sysroot", "guests", "apt")  # parts of build/ that a mutant cannot change


@dataclass(frozen=True)
class Mutant:
    """One check taken out, and who must notice."""

    name: str
    patch: Path
    test: str
    build: str
    fails: str = ""
    on: str = "qemu"


@dataclass(frozen=True)
class Verdict:
    """What happened to a mutant."""

    mutant: str
    caught: bool
    seconds: float
    detail: str


def read(patch: Path) -> Mutant:
    """Reads the header of a mutant's patch."""
    fields: dict[str, str] = {}
    for line in patch.read_text().splitlines():
        if line.startswith(("--- ", "diff ")):
            break
        match = _HEADER.match(line)
        if match:
            fields[match[1]] = match[2]
    if "Test" not in fields:
        raise BulkheadFailed(f"{paths.shown(patch)} has no line 'Test: FILTER' before its diff")
    default = "host" if fields["Test"].startswith("tests/unit") else "target"
    built = fields.get("Build", default)
    if built not in ("host", "target"):
        raise BulkheadFailed(f"{paths.shown(patch)}: 'Build: {built}' is neither host nor target")
    on = fields.get("On", "qemu")
    if on not in platforms.EMULATORS:
        raise BulkheadFailed(f"{paths.shown(patch)}: 'On: {on}' is no emulator")
    return Mutant(patch.stem, patch, fields["Test"], built, fields.get("Fails", ""), on)


def _copy_tree() -> None:
    """A copy of the tree as it is, uncommitted files included; unchanged files keep their time."""
    listed = proc.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], what="listing the tree"
    )
    names = {name for name in listed.split("\0") if name and (paths.ROOT / name).is_file()}
    for name in sorted(names):
        source, to = paths.ROOT / name, _TREE / name
        if to.is_file() and to.read_bytes() == source.read_bytes():
            continue
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, to)
    for path in _TREE.rglob("*"):
        relative = path.relative_to(_TREE)
        if path.is_file() and relative.parts[0] != "build" and str(relative) not in names:
            path.unlink()
    (_TREE / "build").mkdir(exist_ok=True)
    for part in _SHARED:
        link = _TREE / "build" / part
        if not link.exists() and (paths.BUILD / part).exists():
            link.symlink_to(paths.BUILD / part)


def _run_test(mutant: Mutant) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "BULKHEAD_ROOT": str(_TREE),
        "PYTHONPATH": f"{_TREE / 'tools'}:{_TREE}",
    }
    command = [sys.executable, "-m", "bulkhead", "test", "--build", mutant.build, "--on", mutant.on, mutant.test]
    try:
        return subprocess.run(
            command, cwd=_TREE, env=environment, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
            timeout=900, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        # A hung system is noticed as well as a failing assertion, but by the clock.
        return subprocess.CompletedProcess(command, EXIT_TESTS_FAILED, "no end within 900 s\n", "")


def _names(claim: str, report_text: str) -> bool:
    """Does the report hold @claim otherwise than as one that holds?"""
    return re.search(rf"(?<!ok ){re.escape(claim)}", report_text) is not None


def _patch(mutant: Mutant, *options: str) -> None:
    proc.run(
        ["patch", "-p1", "-s", "--no-backup-if-mismatch", "-r", "-", *options, "-i", mutant.patch],
        what=f"patching with the mutant {mutant.name}", cwd=_TREE,
    )  # fmt: skip


def _judge(mutant: Mutant) -> Verdict:
    started = time.monotonic()
    caught, detail = False, ""
    try:
        _patch(mutant)
    except BulkheadFailed as error:
        return Verdict(mutant.name, False, 0.0, f"does not apply: {error}")
    try:
        done = _run_test(mutant)
        words = done.stdout.strip().splitlines()[-12:]
        if done.returncode == EXIT_TESTS_FAILED:
            caught = _names(mutant.fails, done.stdout) or _ENDED.search(done.stdout) is not None
            detail = "" if caught else f"{mutant.fails} did not fail, but\n" + "\n".join(words)
        elif done.returncode == 0:
            detail = f"nobody noticed: {mutant.test} still passes"
        else:
            detail = f"status {done.returncode}, not a failing test\n" + "\n".join(words)
    finally:
        _patch(mutant, "-R")
    return Verdict(mutant.name, caught, time.monotonic() - started, detail)


def run(filters: Sequence[str]) -> list[Verdict]:
    """Judges every mutant whose name or test holds a filter."""
    mutants = [read(patch) for patch in sorted(FOLDER.glob("*.patch"))]
    chosen = [
        mutant for mutant in mutants
        if not filters or any(part in mutant.name or part in mutant.test for part in filters)
    ]  # fmt: skip
    if not chosen:
        return []
    with report.step("copying the tree for the mutants"):
        _copy_tree()
    verdicts = _baseline(chosen)
    if verdicts:
        return verdicts
    # Those that need the same build stay together, so that each rebuilds little.
    for mutant in sorted(chosen, key=lambda one: (one.build, one.on, one.test, one.name)):
        verdict = _judge(mutant)
        word = "ok  " if verdict.caught else "FAIL"
        print(f"{word} mutant {mutant.name}: {mutant.test} ({verdict.seconds:.1f} s)", flush=True)
        for line in verdict.detail.splitlines():
            print(f"     | {line}", flush=True)
        verdicts.append(verdict)
    return verdicts


def _baseline(chosen: Sequence[Mutant]) -> list[Verdict]:
    """The tests must pass before anything is taken out, or their failing would show nothing."""
    broken = []
    for build, on, test in sorted({(mutant.build, mutant.on, mutant.test) for mutant in chosen}):
        done = _run_test(Mutant("none", FOLDER, test, build, on=on))
        if done.returncode != 0:
            words = "\n".join(done.stdout.strip().splitlines()[-12:])
            print(f"FAIL {test} on {on} fails without any mutant (status {done.returncode})\n{words}", flush=True)
            broken.append(Verdict(f"baseline {test}", False, 0.0, words))
    return broken
