"""`bulkhead test`: builds what the tests need, then runs pytest over tests/ with our reporter."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bulkhead import build, guests, mutants, paths, report
from bulkhead.errors import EXIT_TESTS_FAILED, BulkheadFailed, UsageProblem
from bulkhead.platforms import QEMU_SVM, Platform

# pytest's own statuses: 0 all passed, 1 some failed, 5 none selected; the rest are its own trouble.
_PYTEST_NOTHING = 5
_FOLDERS = ("tests", "tools/tests")
# Whole machines mostly wait, so the complete suite runs them beside everything else.
_BESIDE = "tests/system"
_FOLDERS_ELSEWHERE = ("tests/guest", "tests/domain")  # what runs on another platform than QEMU


@dataclass(frozen=True)
class Request:
    """What `bulkhead test` was asked for."""

    filters: Sequence[str] = ()
    mutants: bool = False
    long_tests: bool = False
    json_file: Path | None = None
    build: str = "all"  # host: the chosen tests need nothing of the target
    platform: Platform = QEMU_SVM

    @property
    def elsewhere(self) -> bool:
        """Whether the tests run on another platform than the usual one."""
        return self.platform is not QEMU_SVM


@dataclass
class _Count:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def _prepare(request: Request) -> None:
    if not request.elsewhere:
        build.build("host")
    if request.build != "host":
        build.build("target")
        guests.ensure()


def _sides(request: Request) -> list[Sequence[str]]:
    """What each pytest is told to look through: two at a time for the complete suite, one for a choice."""
    if request.elsewhere:
        return [_FOLDERS_ELSEWHERE]
    return [_FOLDERS] if request.filters else [(*_FOLDERS, f"--ignore={_BESIDE}"), (_BESIDE,)]


def _start(request: Request, folders: Sequence[str], results: Path) -> subprocess.Popen[bytes]:
    """Begins pytest; @results holds the outcome of every test when it has ended."""
    command = [
        sys.executable, "-m", "pytest", *folders,
        "-p", "bulkhead.pytest_plugin", "-p", "no:cacheprovider",
        "--rootdir", str(paths.ROOT), "--import-mode=importlib",
        *(f"--bulkhead-filter={part}" for part in request.filters),
        f"--bulkhead-json={results}",
    ]  # fmt: skip
    if request.elsewhere:
        command.append(f"--bulkhead-platform={request.platform.name}")
    if request.long_tests:
        command.append("--bulkhead-long")
    environment = {**os.environ, "PYTHONPATH": f"{paths.ROOT / 'tools'}:{paths.ROOT}"}
    results.unlink(missing_ok=True)
    return subprocess.Popen(command, cwd=paths.ROOT, env=environment)


def _pytest(request: Request) -> dict[str, Any]:
    """Runs pytest over all that was asked for; the outcome of every test."""
    sides = _sides(request)
    results = [paths.RUN / f"tests-{os.getpid()}-{number}.json" for number in range(len(sides))]
    running: list[subprocess.Popen[bytes]] = []
    outcome: dict[str, Any] = {"passed": 0, "failed": 0, "skipped": 0, "tests": []}
    try:
        running = [_start(request, folders, file) for folders, file in zip(sides, results, strict=True)]
        for side, file in zip(running, results, strict=True):
            status = side.wait()
            if status < 0 or status > _PYTEST_NOTHING or not file.exists():
                raise BulkheadFailed(f"pytest ended with status {status} and left no results")
            for name, value in json.loads(file.read_text()).items():
                outcome[name] += value
    finally:
        for side in running:
            if side.poll() is None:
                side.terminate()
                side.wait()
        for file in results:
            file.unlink(missing_ok=True)
    return outcome


def _add_mutants(request: Request, outcome: dict[str, Any], count: _Count) -> None:
    tests = outcome["tests"]
    for verdict in mutants.run(request.filters):
        count.passed += verdict.caught
        count.failed += not verdict.caught
        tests.append({
            "test": f"mutant {verdict.mutant}",
            "outcome": "passed" if verdict.caught else "failed",
            "seconds": round(verdict.seconds, 3),
            "detail": verdict.detail,
        })  # fmt: skip


def main(request: Request) -> int:
    """Runs the suite; 0 if nothing failed, 1 otherwise. The last line is the count."""
    if request.elsewhere and request.mutants:
        raise UsageProblem("--mutants runs on QEMU: leave --on and --cpu away")
    _prepare(request)
    report.say("running the tests")
    paths.RUN.mkdir(parents=True, exist_ok=True)
    outcome = _pytest(request)
    count = _Count(outcome["passed"], outcome["failed"], outcome["skipped"])
    if request.mutants:
        _add_mutants(request, outcome, count)
    if request.json_file is not None:
        outcome.update(platform=request.platform.name)
        outcome.update(passed=count.passed, failed=count.failed, skipped=count.skipped)
        request.json_file.write_text(json.dumps(outcome, indent=1) + "\n")
    if request.filters and not outcome["tests"]:
        raise UsageProblem(f"no test matches {' '.join(request.filters)}")
    print(count, flush=True)
    return EXIT_TESTS_FAILED if count.failed else 0
