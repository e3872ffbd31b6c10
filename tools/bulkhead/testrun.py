"""`bulkhead test`: builds what the tests need, then runs pytest over tests/ with our reporter."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from bulkhead import build, guests, paths, report
from bulkhead.errors import EXIT_TESTS_FAILED, BulkheadFailed

# pytest's own statuses: 0 all passed, 1 some failed, 5 none selected.
_PYTEST_FAILED = 1
_PYTEST_NOTHING = 5


def main(filters: Sequence[str], mutants: bool, long_tests: bool, json_file: Path | None) -> int:
    """Runs the suite; 0 if nothing failed, 1 otherwise."""
    build.build("target")
    build.build("host")
    guests.ensure()
    command = [
        sys.executable, "-m", "pytest", "tests", "-p", "bulkhead.pytest_plugin",
        "-o", f"cache_dir={paths.BUILD / 'pytest'}", "--rootdir", str(paths.ROOT),
        "--import-mode=importlib",
        *(f"--bulkhead-filter={part}" for part in filters),
    ]  # fmt: skip
    if mutants:
        command.append("--bulkhead-mutants")
    if long_tests:
        command.append("--bulkhead-long")
    if json_file is not None:
        command.append(f"--bulkhead-json={json_file.resolve()}")
    report.say("running the tests")
    environment = {**os.environ, "PYTHONPATH": f"{paths.ROOT / 'tools'}:{paths.ROOT}"}
    status = subprocess.run(command, cwd=paths.ROOT, env=environment, check=False).returncode
    if status == 0:
        return 0
    if status == _PYTEST_NOTHING:
        raise BulkheadFailed(f"no test matches {' '.join(filters)}" if filters else "there are no tests")
    return EXIT_TESTS_FAILED
