"""Building the tree through the CMake presets."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bulkhead import paths, proc, report, sysroot
from bulkhead.errors import BulkheadFailed

PRESETS = ("target", "target-clang", "host", "fuzz")


@contextmanager
def _lock() -> Iterator[None]:
    """Two commands in one checkout build one after the other."""
    paths.BUILD.mkdir(exist_ok=True)
    with (paths.BUILD / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


_skip = False


def skip(wanted: bool) -> None:
    """With @wanted, later builds take what is there."""
    global _skip
    _skip = wanted


def build(preset: str = "target") -> Path:
    """Configures and builds @preset, and returns its folder."""
    folder = paths.BUILD / preset
    if _skip:
        if not folder.is_dir():
            raise BulkheadFailed(f"--no-build given, but {paths.shown(folder)} does not exist")
        return folder
    with _lock():
        sysroot.ensure()
        with report.step(f"building {preset}"):
            if not (folder / "build.ninja").exists():
                proc.run(["cmake", "--preset", preset], what=f"configuring {preset}")
            proc.run(
                ["cmake", "--build", "--preset", preset],
                what=f"building {preset}",
                log=paths.BUILD / f"{preset}.log",
            )
    return folder
