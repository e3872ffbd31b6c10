"""What an emulator cannot show: the field `exception` of a test's test.toml, for one platform and one version."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest
from bulkhead import bochs, qemu
from bulkhead.platforms import Platform


@dataclass(frozen=True)
class Exempt:
    """A platform on which a defect of the emulator, in just this version, makes a test impossible."""

    platform: str
    emulator: str
    defect: str
    reproducer: str

    def __str__(self) -> str:
        return f"{self.emulator}: {self.defect}; to see it: {self.reproducer}"


def emulator_version(platform: Platform) -> str:
    """The emulator's name and version as exceptions give it, "Bochs 2.7"."""
    name, version = ("Bochs", bochs.version) if platform.emulator == "bochs" else ("QEMU", qemu.version)
    number = next(word for word in version().split() if word[0].isdigit())
    return f"{name} {'.'.join(number.split('.')[:2])}"


def skip_if_exempt(folder: Path, platform: Platform) -> None:
    """Skips where the emulator, in the version that is installed, cannot show what the test in @folder is about."""
    file = folder / "test.toml"
    exceptions = tomllib.loads(file.read_text()).get("exception", []) if file.is_file() else []
    for one in (Exempt(**exception) for exception in exceptions):
        if one.platform == platform.name and one.emulator == emulator_version(platform):
            pytest.skip(str(one))
