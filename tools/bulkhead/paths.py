"""Where things are. Every path the package uses is named here, relative to the repository."""

from __future__ import annotations

import os
from pathlib import Path

ROOT = Path(os.environ.get("BULKHEAD_ROOT") or Path(__file__).resolve().parents[2])
BUILD = ROOT / "build"

SYSROOT = BUILD / "sysroot"
WORK = BUILD / "work"  # unpacked third-party sources, safe to delete
GUESTS = BUILD / "guests"
SYSTEMS = BUILD / "systems"
RUN = BUILD / "run"

TARGET = BUILD / "target"
SYSTEM_SOURCES = ROOT / "capdl" / "system"
DEFAULT_SYSTEM = "two-tenants"


def kernel_elf(vendor: str, iommu: str | None = None) -> Path:
    """The kernel image for one CPU vendor, svm or vmx, and one IOMMU, vtd or amdvi; or `unsafe`: devices without one."""
    name = f"{vendor}-{iommu}" if iommu else vendor
    return TARGET / "kernel" / f"bulkhead-{name}.elf"


def domain_elf(name: str) -> Path:
    """The linked image of one domain."""
    return TARGET / "domains" / name / f"{name}.elf"


def shown(path: Path) -> str:
    """A path as a person wants to read it: relative to where they stand, when that is shorter."""
    try:
        return os.path.relpath(path) if path.is_relative_to(Path.cwd()) else str(path)
    except OSError:
        return str(path)
