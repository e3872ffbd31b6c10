"""Images and helpers of the capdl suite."""

from __future__ import annotations

import importlib.util
import struct
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import settings
from hypothesis.configuration import set_hypothesis_home_dir

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT))

# The same examples each time, and nothing left behind in the tree.
settings.register_profile("bulkhead", database=None, derandomize=True, deadline=None)
settings.load_profile("bulkhead")
set_hypothesis_home_dir(ROOT / "build" / "hypothesis")

R, W, X = 4, 2, 1  # [ELF] p_flags
LOAD, DYNAMIC = 1, 2
Segment = tuple[int, int, bytes, int]  # address, flags, bytes, bytes in memory


def elf(segments: list[Segment], entry: int = 0x401000, kind: int = 2, extra: list[int] | None = None) -> bytes:
    """A minimal ELF64 for x86-64: header, program headers, each segment on a page of its own."""
    types = [LOAD] * len(segments) + (extra or [])
    offset, body, headers = 4096, b"", b""
    for index, type_ in enumerate(types):
        address, flags, data, memory = segments[index] if index < len(segments) else (0, R, b"", 0)
        headers += struct.pack("<IIQQQQQQ", type_, flags, offset + len(body), address, address, len(data), memory, 4096)
        body += data + bytes(-len(data) % 4096)
    ident = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)
    header = struct.pack("<HHIQQQIHHHHHH", kind, 62, 1, entry, 64, 0, 0, 64, 56, len(types), 64, 0, 0)
    return (ident + header + headers).ljust(4096, b"\0") + body


TEXT: Segment = (0x401000, R | X, b"\xf4" * 100, 100)
DATA: Segment = (0x403000, R | W, b"\x01" * 10, 9000)


def write_images(folder: Path) -> None:
    """The images that good and bad descriptions name."""
    good = elf([(0x400000, R, b"header", 6), TEXT, DATA])
    images = {
        "d.elf": good,
        "mgmt.elf": elf([TEXT, (0x402000, R, b"mgmt", 4), DATA]),
        **{f"{name}.elf": elf([TEXT]) for name in ("pci", "blkdrv", "blkvirt", "netdrv", "netvirt")},
        "vmm.elf": elf([TEXT, (0x403000, R | W, b"vmm", 5000)]),
        "bench.elf": elf([TEXT]),
        "bench-service.elf": elf([TEXT]),
        "bench-guest.elf": b"guest" * 100,
        "wx.elf": elf([(0x401000, R | W | X, b"\xf4", 1)]),
        "cut.elf": good[:-4096],
        "dynamic.elf": elf([TEXT], extra=[DYNAMIC]),
        "elf32.elf": b"\x7fELF" + bytes([1, 1, 1]) + bytes(9) + struct.pack("<HHIIIIIHHHHHH", 2, 3, 1, 0, 0, 0, 0, 52, 0, 0, 0, 0, 0),
        "low.elf": elf([(0x200000, R | X, b"\xf4", 1)], entry=0x200000),
        "overlap.elf": elf([TEXT, (0x401800, R | W, b"x", 1)]),
        "entry.elf": elf([TEXT, DATA], entry=0x403000),
        "hollow.elf": elf([(0x401000, R | X, b"", 0)]),
        "kernel": b"a guest's kernel" * 64,
        "initrd": b"an archive" * 40000,
        "linux-cloud.bzimage": b"linux" * 500_000,
        "busybox.cpio.gz": b"busybox" * 10_000,
        "guest.kernel": b"guest",
        "test.kernel": b"test",
        "witness.elf": b"witness",
        "empty": b"",
        "a name": b"spaces",
    }
    images |= {f"{tenant}.key": tenant[-1:].encode() * 32 for tenant in ("a", "b", "g0", "g1", "g2")}
    images |= {f"blob{number}": b"blob%d" % number for number in range(30)}
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in images.items():
        (folder / name).write_bytes(data)


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("images")
    write_images(folder)
    return folder


@pytest.fixture(scope="session")
def make_elf() -> Callable[..., bytes]:
    return elf


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


def _module(name: str) -> ModuleType:
    """A file beside this one: tests cannot import each other in pytest's importlib mode."""
    spec = importlib.util.spec_from_file_location(f"capdl_tests_{name}", Path(__file__).with_name(f"{name}.py"))
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def schema() -> Any:
    """docs/system.cddl, ready to validate with."""
    return _module("cddl").Schema((ROOT / "docs" / "system.cddl").read_text())


@pytest.fixture(scope="session")
def cddl() -> ModuleType:
    return _module("cddl")


@pytest.fixture(scope="session")
def strategies() -> ModuleType:
    return _module("strategies")
