"""Fixtures that every suite may use. Run the suite with `./bulkhead test [FILTER]...`."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from bulkhead import paths, systems
from bulkhead.platforms import PLATFORMS, QEMU_SVM, Platform
from bulkhead.systems import System

Bulkhead = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="session")
def root() -> Path:
    """The top of the tree."""
    return paths.ROOT


@pytest.fixture(scope="session")
def platform(request: pytest.FixtureRequest) -> Platform:
    """What `test --on` chose; QEMU unless asked."""
    name = request.config.getoption("--bulkhead-platform")
    return PLATFORMS[name] if name else QEMU_SVM


@pytest.fixture(scope="session")
def assemble() -> Callable[[str], System]:
    """Assembles a system by name or file, once a session."""
    made: dict[str, System] = {}

    def get(name: str) -> System:
        if name not in made:
            made[name] = systems.assemble(systems.find(name))
        return made[name]

    return get


@pytest.fixture(scope="session")
def bulkhead() -> Bulkhead:
    """Runs ./bulkhead with the arguments given, as a person would without a terminal."""

    def call(*arguments: str, timeout_s: float = 300.0) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [str(paths.ROOT / "bulkhead"), *arguments],
            cwd=paths.ROOT,
            env={**os.environ},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )

    return call
