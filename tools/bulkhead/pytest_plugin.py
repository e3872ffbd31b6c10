"""The suite's own pytest plugin: selection, one line per test, and the results for testrun.py.

Tests marked `long` run only with --long.
Programs of the host build (bulkhead_unit_test in CMake) are tests too, one item each.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from bulkhead import paths

_NAMES = {"passed": "ok  ", "failed": "FAIL", "skipped": "skip"}
_COLOURS = {"passed": "\033[32m", "failed": "\033[31m", "skipped": "\033[33m"}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("bulkhead")
    group.addoption("--bulkhead-long", action="store_true", help="run the long tests")
    group.addoption("--bulkhead-filter", action="append", default=[], help="part of a test's name")
    group.addoption("--bulkhead-platform", default=None, help="run what can on this platform alone")
    group.addoption("--bulkhead-json", default=None, help="write every result here")


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "long: takes long; runs only with --long")
    terminal = config.pluginmanager.getplugin("terminalreporter")
    if terminal is not None:
        config.pluginmanager.unregister(terminal)
    config.pluginmanager.register(_Reporter(config), "bulkhead-reporter")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    filters: list[str] = config.getoption("--bulkhead-filter")

    def wanted(item: pytest.Item) -> bool:
        if item.get_closest_marker("long") and not config.getoption("--bulkhead-long"):
            return False
        return not filters or any(part in item.nodeid for part in filters)

    kept = [item for item in items if wanted(item)]
    dropped = [item for item in items if not wanted(item)]
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    items[:] = kept


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """tests/unit/CMakeLists.txt stands for the programs it builds."""
    if file_path == paths.ROOT / "tests" / "unit" / "CMakeLists.txt":
        return _UnitPrograms.from_parent(parent, path=file_path)
    return None


class _UnitPrograms(pytest.File):
    """The unit test programs of the host build."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each program that ctest knows."""
        listed = subprocess.run(
            ["ctest", "--show-only=json-v1"],
            cwd=paths.BUILD / "host", capture_output=True, text=True, check=False,
        )  # fmt: skip
        if listed.returncode != 0:
            raise self.CollectError(f"ctest cannot list the unit tests: {listed.stderr.strip()}")
        for test in json.loads(listed.stdout)["tests"]:
            yield _UnitProgram.from_parent(self, name=test["name"], command=test.get("command"))


class _UnitProgramFailed(Exception):
    """A unit test program ended with a status other than zero."""


class _UnitProgram(pytest.Item):
    def __init__(self, *, command: list[str] | None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._command = command

    def runtest(self) -> None:
        if self._command is None:
            raise _UnitProgramFailed("the program was not built")
        try:
            done = subprocess.run(
                self._command, cwd=paths.BUILD / "host", stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise _UnitProgramFailed("no end within 300 s") from error
        if done.returncode != 0:
            text = done.stdout.decode(errors="replace")
            raise _UnitProgramFailed(f"exit status {done.returncode}\n{text[-6000:]}")

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> str:
        if isinstance(excinfo.value, _UnitProgramFailed):
            return str(excinfo.value)
        return str(super().repr_failure(excinfo))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, 0, self.name


class _Reporter:
    """Prints each result as it comes, and failures in full."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._results: list[dict[str, Any]] = []
        self._failed_in_teardown: set[str] = set()
        self._colour = sys.stdout.isatty()

    def _show(self, outcome: str, name: str, seconds: float, detail: str, not_shown: Sequence[str] = ()) -> None:
        word = _NAMES[outcome]
        if self._colour:
            word = f"{_COLOURS[outcome]}{word}\033[0m"
        print(f"{word} {name} ({seconds:.1f} s){': ' + detail if outcome == 'skipped' else ''}")
        for reason in not_shown:
            print(f"     not shown: {reason}")
        if outcome == "failed":
            print("".join(f"     | {line}\n" for line in detail.splitlines()), end="")
        sys.stdout.flush()
        self._results.append(
            {"test": name, "outcome": outcome, "seconds": round(seconds, 3), "detail": detail, "not_shown": [*not_shown]}
        )

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._show("failed", report.nodeid or "collection", 0.0, report.longreprtext)
        elif report.skipped:
            self._show("skipped", report.nodeid, 0.0, _skip_reason(report.longrepr))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.when == "call" or (report.when == "setup" and not report.passed):
            detail = ""
            if report.failed:
                detail = report.longreprtext + _captured(report)
            elif report.skipped:
                detail = _skip_reason(report.longrepr)
            self._show(report.outcome, report.nodeid, report.duration, detail, _not_shown(report))
        elif report.when == "teardown" and report.failed:
            name = f"{report.nodeid} (clean-up)"
            self._show("failed", name, report.duration, report.longreprtext)

    def pytest_internalerror(self, excrepr: object) -> None:
        self._show("failed", "pytest itself", 0.0, str(excrepr))

    def pytest_sessionfinish(self) -> None:
        count = {name: 0 for name in _NAMES}
        for result in self._results:
            count[result["outcome"]] += 1
        to = self._config.getoption("--bulkhead-json")
        if to:
            Path(to).write_text(json.dumps({**count, "tests": self._results}, indent=1) + "\n")
        failed = [result["test"] for result in self._results if result["outcome"] == "failed"]
        if failed:
            print("failed:", *failed, sep="\n    ")


def _not_shown(report: pytest.TestReport) -> list[str]:
    """What a test says that it cannot show on this platform: record_property("not shown", why)."""
    return [str(value) for name, value in report.user_properties if name == "not shown"]


def _captured(report: pytest.TestReport) -> str:
    sections = [f"\n-- {title}\n{text}" for title, text in report.sections if text.strip()]
    return "".join(sections)[-6000:]


def _skip_reason(longrepr: object) -> str:
    if isinstance(longrepr, tuple) and len(longrepr) == 3:
        return str(longrepr[2]).removeprefix("Skipped: ")
    return str(longrepr)
