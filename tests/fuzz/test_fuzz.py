"""Every fuzzer of this folder: a short run of the same inputs in each pass, a long one with `./bulkhead test --long fuzz`.

A short run is bounded by its number of inputs and begins at a fixed seed, so it is the same everywhere. A long one takes five minutes of
each fuzzer, and goes on from what the last long one kept under build/fuzz/corpus. What ends one is kept under build/fuzz/found.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from bulkhead import build, paths

FOLDER = Path(__file__).resolve().parent
PROGRAMS = paths.BUILD / "fuzz" / "bin"
CORPUS = paths.BUILD / "fuzz" / "corpus"
FOUND = paths.BUILD / "fuzz" / "found"

RUNS = 20_000
# Slower ones: a whole bus, a whole memory map, checksums over whole tables.
FEWER_RUNS = {"pci_config": 2_000, "select": 2_000, "dmar": 8_000, "ivrs": 8_000}
LONG_S = 300

# Each source here is a program; most are named for their folder as well.
NAMES = sorted(
    file.stem.removeprefix("fuzz_")
    if file.stem in ("fuzz_nvme", f"fuzz_{file.parent.name}")
    else f"{file.parent.name}_{file.stem.removeprefix('fuzz_')}"
    for file in FOLDER.glob("*/fuzz_*.c")
)


@pytest.fixture(scope="module")
def programs() -> Path:
    """The folder of the fuzzers, built."""
    build.build("fuzz")
    return PROGRAMS


def fuzz(program: Path, *arguments: str) -> None:
    """Runs @program; fails with the end of what it said if an input ends it."""
    FOUND.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [str(program), f"-artifact_prefix={FOUND}/{program.name}-", *arguments],
        cwd=paths.BUILD,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    said = done.stderr.decode(errors="replace")
    assert done.returncode == 0, said[-4000:]
    assert "Done " in said, said[-1000:]  # how many inputs there were: it did run


def test_fuzz__each_source_is_a_program(programs: Path) -> None:
    assert NAMES == sorted(file.name.removeprefix("fuzz_") for file in programs.iterdir())


@pytest.mark.parametrize("name", NAMES)
def test_fuzz__a_short_run_finds_nothing(programs: Path, name: str) -> None:
    fuzz(programs / f"fuzz_{name}", "-seed=1", f"-runs={FEWER_RUNS.get(name, RUNS)}")


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
def test_fuzz__a_long_run_finds_nothing(programs: Path, name: str) -> None:
    kept = CORPUS / name
    kept.mkdir(parents=True, exist_ok=True)
    fuzz(programs / f"fuzz_{name}", f"-max_total_time={LONG_S}", str(kept))
