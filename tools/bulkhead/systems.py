"""Systems: finding a description, compiling it, and assembling the boot image from it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cbor2

from bulkhead import build, debian, guests, image, paths, report
from bulkhead.errors import BulkheadFailed, UsageProblem
from bulkhead.qemu import Boot, Module

_CBOR_VERSION = 1
_DOMAIN_GUEST = 16  # index of the field `guest` of a domain


@dataclass(frozen=True)
class System:
    """A compiled system, ready to boot."""

    name: str
    folder: Path
    kernel: Path  # ELF64 with its trust section filled: for GRUB
    kernel32: Path  # the same as ELF32: for QEMU
    modules: tuple[Module, ...]  # builder, CBOR, images in the CBOR's order
    memory_mib: int
    tenants: tuple[str, ...]

    def boot(self) -> Boot:
        """What QEMU starts."""
        return Boot(kernel=self.kernel32, modules=self.modules)


def available() -> list[str]:
    """Names of the systems in the tree."""
    return sorted(path.stem for path in paths.SYSTEM_SOURCES.glob("*.toml"))


def find(name: str) -> Path:
    """The description of a system, given by its name or as a file."""
    if name.endswith(".toml"):
        file = Path(name)
        if not file.is_file():
            raise UsageProblem(f"no such file: {name}")
        return file.resolve()
    file = paths.SYSTEM_SOURCES / f"{name}.toml"
    if not file.is_file():
        known = ", ".join(available()) or "none"
        raise UsageProblem(f"no system named '{name}'; there are: {known}; or give a .toml file")
    return file


def image_folders() -> list[Path]:
    """Where the images that systems name are looked for."""
    made = [folder for folder in (paths.TARGET / "domains").glob("*") if folder.is_dir()]
    tests = [folder for folder in (paths.TARGET / "tests").glob("*") if folder.is_dir()]
    return [*sorted(made), guests.IMAGES, *sorted(tests)]


def capdl(command: str, file: Path, *options: str | Path) -> subprocess.CompletedProcess[str]:
    """Runs the capability-description compiler."""
    return subprocess.run(
        ["/usr/bin/python3", "-m", "capdl", command, str(file), *(str(word) for word in options)],
        cwd=paths.ROOT,
        env={**os.environ, "PYTHONPATH": f"{paths.ROOT / 'tools'}:{paths.ROOT}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def compile_description(file: Path, out: Path, folders: Sequence[Path]) -> None:
    """Compiles @file into @out; what the compiler has to say goes to the person as it is."""
    out.mkdir(parents=True, exist_ok=True)
    options: list[str | Path] = ["--images", *folders, "--out", out]
    done = capdl("compile", file, *options)
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip()
        raise UsageProblem(f"{paths.shown(file)} is not a valid system\n{words}")


def check(file: Path) -> int:
    """Checks a description and proves its claims; the compiler's words and status are passed on."""
    build.build("target")
    guests.ensure()
    done = capdl("check", file, "--images", *image_folders())
    sys.stdout.write(done.stdout)
    sys.stdout.flush()
    sys.stderr.write(done.stderr)
    return done.returncode if done.returncode in (0, 1, 2) else BulkheadFailed.exit_status


@dataclass(frozen=True)
class _Image:
    name: str
    sha256: bytes
    size_bytes: int


@dataclass(frozen=True)
class _Compiled:
    """What the tool itself needs from a compiled description (docs/system.cddl)."""

    memory_mib: int
    images: tuple[_Image, ...]
    guests: tuple[str, ...]


def _read_compiled(cbor: Path) -> _Compiled:
    try:
        model = cbor2.loads(cbor.read_bytes())
        if model[0] != _CBOR_VERSION:
            raise BulkheadFailed(f"{paths.shown(cbor)} has version {model[0]}, not {_CBOR_VERSION}")
        platform, images, domains = model[3], model[4], model[9]
        guest_fields = [domain[_DOMAIN_GUEST] for domain in domains]
        return _Compiled(
            memory_mib=int(platform[1]),
            images=tuple(_Image(str(one[0]), bytes(one[1]), int(one[2])) for one in images),
            guests=tuple(str(fields[0]) for fields in guest_fields if fields),
        )
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise BulkheadFailed(f"{paths.shown(cbor)} cannot be read: {error}") from error


def _find_images(compiled: _Compiled, folders: Sequence[Path]) -> list[Module]:
    """The files that the description was compiled from: by content, since it names them its own way."""
    by_size: dict[int, list[Path]] = {}
    for folder in folders:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                by_size.setdefault(file.stat().st_size, []).append(file)
    modules = []
    for wanted in compiled.images:
        for file in by_size.get(wanted.size_bytes, []):
            if debian.sha256_of(file) == wanted.sha256.hex():
                modules.append(Module(wanted.name, file))
                break
        else:
            raise BulkheadFailed(f"image '{wanted.name}' is in none of the image folders any more")
    return modules


def assemble(
    file: Path, *, name: str | None = None, extra_folders: Sequence[Path] = ()
) -> System:
    """Builds all that @file needs and makes its boot image under build/systems."""
    build.build("target")
    guests.ensure()
    name = name or file.stem
    folder = paths.SYSTEMS / name
    folders = [*extra_folders, *image_folders()]
    with report.step(f"assembling the system {name}"):
        compile_description(file, folder, folders)
        builder = paths.TARGET / "domains" / "builder" / "builder.bin"
        cbor = folder / "system.cbor"
        for needed in (paths.KERNEL_ELF, builder, cbor):
            if not needed.is_file():
                raise BulkheadFailed(f"{paths.shown(needed)} was not built")
        kernel, kernel32 = folder / "kernel.elf", folder / "kernel32.elf"
        image.seal_kernel(paths.KERNEL_ELF, builder, cbor, kernel)
        image.make_elf32(kernel, kernel32)
        compiled = _read_compiled(cbor)
        images = _find_images(compiled, folders)
    return System(
        name=name,
        folder=folder,
        kernel=kernel,
        kernel32=kernel32,
        modules=(Module("builder", builder), Module("system.cbor", cbor), *images),
        memory_mib=compiled.memory_mib,
        tenants=compiled.guests,
    )
