"""Building the tree through the CMake presets."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bulkhead import paths, proc, report, sysroot

PRESETS = ("target", "target-clang", "host", "fuzz")


@contextmanager
def _lock() -> Iterator[None]:
    """Two commands in one checkout build one after the other."""
    paths.BUILD.mkdir(exist_ok=True)
    with (paths.BUILD / ".lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def build(preset: str = "target") -> Path:
    """Configures and builds @preset, and returns its folder."""
    folder = paths.BUILD / preset
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
