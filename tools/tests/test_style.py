"""STYLE's habits, checked by the tools that it names."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bulkhead import build, kernelstats, paths, platforms, sources
from bulkhead.errors import BulkheadError


@pytest.fixture(scope="session")
def clang_build() -> str:
    """The target built with Clang."""
    build.build("target-clang")
    return "target-clang"


def test_style__clang_builds_cleanly(clang_build: str) -> None:
    for vendor in platforms.VENDORS:
        assert (paths.BUILD / clang_build / "kernel" / paths.kernel_elf(vendor).name).is_file()


def test_style__every_c_file_is_formatted() -> None:
    wrong = sources.misformatted(sources.c_files())
    names = [str(file.relative_to(paths.ROOT)) for file in wrong]
    assert not names, "run ./bulkhead format"


def test_style__clang_tidy_finds_nothing(clang_build: str) -> None:
    with ThreadPoolExecutor(2) as pool:
        words = pool.map(lambda file: sources.tidy(clang_build, file), sources.compiled(clang_build))
        found = [text for text in words if text]
    assert not found, "\n\n".join(found)


def test_style__cppcheck_finds_nothing() -> None:
    assert not sources.cppcheck(sources.compiled("target"))


@pytest.mark.parametrize("vendor", platforms.VENDORS)
def test_style__the_core_makes_no_indirect_call_and_does_not_recurse(vendor: str) -> None:
    stack = kernelstats.deepest_stack(vendor)
    assert not stack.indirect
    assert not stack.recursion


def test_style__python_compiles() -> None:
    for package in ("tools", "gen", "capdl", "tests"):
        for file in (paths.ROOT / package).rglob("*.py"):
            try:
                compile(file.read_text(), str(file), "exec")
            except SyntaxError as error:
                raise BulkheadError(f"{file}: {error}") from error
