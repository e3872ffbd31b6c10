"""What a kernel or builder must refuse at boot, with the reason on the serial port."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cbor2
import pytest
from bulkhead import image, paths
from bulkhead.errors import BulkheadError
from bulkhead.emulator import Boot, Machine, Module
from bulkhead.session import Session
from bulkhead.systems import System


def refusal(system: System, boot: Boot) -> str:
    """Boots what must not boot; what the machine said."""
    with Session(Machine(memory_mib=system.memory_mib), boot) as session:
        with pytest.raises(BulkheadError) as refused:
            session.wait_ready(60.0)
        return str(refused.value)


def with_module(system: System, index: int, file: Path) -> Boot:
    """The boot of @system with one module's bytes replaced."""
    modules = list(system.modules)
    modules[index] = Module(modules[index].name, file)
    return replace(system.boot(), modules=tuple(modules))


def changed(file: Path, out: Path, at: int) -> Path:
    """A copy of @file with one bit flipped."""
    content = bytearray(file.read_bytes())
    content[at] ^= 1
    out.write_bytes(content)
    return out


def resealed(system: System, cbor: bytes, folder: Path) -> Boot:
    """A kernel that was made for the description @cbor: only builder stands in its way."""
    description = folder / "system.cbor"
    description.write_bytes(cbor)
    builder = system.modules[0].path
    image.seal_kernel(paths.kernel_elf(system.platform.vendor), builder, description, folder / "kernel.elf")
    image.make_elf32(folder / "kernel.elf", folder / "kernel32.elf")
    modules = (system.modules[0], Module("system.cbor", description), *system.modules[2:])
    return Boot(kernel=folder / "kernel32.elf", modules=modules)


@pytest.fixture(scope="module")
def system(assemble: Callable[[str], System]) -> System:
    return assemble(str(Path(__file__).with_name("tenants-bare.toml")))


@pytest.mark.parametrize(
    ("cpu", "named"),
    [
        ("max,-svm,-nx,-pdpe1gb,-xsave", ["no-execute pages", "1 GiB pages", "XSAVE", "SVM", "what the kernel needs"]),
        ("max,+svm,-xsave", ["XSAVE", "what the kernel needs"]),
        ("max,-svm", ["SVM", "what the kernel needs"]),
        ("max,-lm", ["long mode"]),
    ],
)
def test_kernel__names_all_that_the_processor_lacks(system: System, cpu: str, named: list[str]) -> None:
    machine = Machine(memory_mib=system.memory_mib, extra=("-cpu", cpu))
    with Session(machine, system.boot()) as session:
        with pytest.raises(BulkheadError):
            session.wait_ready(60.0)
        said = session.console.since(0).decode()
    found = [line.partition("the machine lacks ")[2] for line in said.splitlines() if "the machine lacks " in line]
    assert [line.partition(" (")[0].strip() for line in found] == named


def test_kernel__refuses_a_changed_builder(system: System, tmp_path: Path) -> None:
    file = changed(system.modules[0].path, tmp_path / "builder", -1)
    assert "builder is not the one" in refusal(system, with_module(system, 0, file))


def test_kernel__refuses_a_changed_description(system: System, tmp_path: Path) -> None:
    file = changed(system.modules[1].path, tmp_path / "cbor", -1)
    assert "description is not the one" in refusal(system, with_module(system, 1, file))


def test_kernel__refuses_missing_modules(system: System) -> None:
    assert "modules" in refusal(system, replace(system.boot(), modules=system.modules[:1]))


def test_builder__refuses_a_changed_image(system: System, tmp_path: Path) -> None:
    file = changed(system.modules[2].path, tmp_path / "image", 4096)
    assert "SHA-256" in refusal(system, with_module(system, 2, file))


def test_builder__refuses_a_missing_image(system: System) -> None:
    assert "boot modules, described are" in refusal(system, replace(system.boot(), modules=system.modules[:-1]))


def test_builder__refuses_a_truncated_description(system: System, tmp_path: Path) -> None:
    cbor = system.modules[1].path.read_bytes()
    assert "refused to boot" in refusal(system, resealed(system, cbor[: len(cbor) // 2], tmp_path))


def test_builder__refuses_an_unknown_version(system: System, tmp_path: Path) -> None:
    content = cbor2.loads(system.modules[1].path.read_bytes())
    content[0] = 99
    assert "version" in refusal(system, resealed(system, cbor2.dumps(content, canonical=True), tmp_path))


def test_builder__refuses_depth(system: System, tmp_path: Path) -> None:
    deep = b"\x81" * 1000 + b"\x00"  # a thousand arrays of one element, one in the other
    assert "deep" in refusal(system, resealed(system, deep, tmp_path)).lower()
