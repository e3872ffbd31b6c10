"""Systems: finding a description, compiling it, and assembling the boot image from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from capdl import api

from bulkhead import build, devices, guests, image, keys, paths, report
from bulkhead.devices import DEFAULT_IOMMU, Device
from bulkhead.emulator import Boot, Machine, Module
from bulkhead.errors import BulkheadError, BulkheadFailed, UsageProblem
from bulkhead.platforms import QEMU_SVM, Platform


class DescriptionRefused(BulkheadError):
    """A description that is wrong, or a claim that does not hold: the compiler's own words."""

    exit_status = 1


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
    platform: Platform = QEMU_SVM
    devices: tuple[Device, ...] = ()
    iommu: str = DEFAULT_IOMMU  # the kernel image's, where a device needs one
    unsafe_dma: bool = False  # the description lets devices work without one

    def boot(self) -> Boot:
        """What the platform's emulator starts."""
        kernel = self.kernel32 if self.platform.emulator == "qemu" else self.kernel
        return Boot(kernel=kernel, modules=self.modules)

    def machine(self, icount: bool = False) -> Machine:
        """The machine that the description asks for."""
        return Machine(
            memory_mib=self.memory_mib, platform=self.platform, icount=icount, devices=self.devices, iommu=self.iommu
        )

    def with_disk(self, disk: Path | None) -> System:
        """The system whose one disk is the file @disk; None: what each of its disks held when it last ran."""
        if disk is not None:
            return replace(self, devices=devices.with_disk(self.devices, disk))
        return replace(self, devices=tuple(self._kept(device) for device in self.devices))

    def _kept(self, device: Device) -> Device:
        if not device.is_disk:
            return device
        return replace(device, disk=devices.make_disk(paths.RUN / f"{self.name}.{device.name}.img"))


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
    domains = {file.parent for file in (paths.TARGET / "domains").glob("*/*.elf")}
    tests = {file.parent for file in (paths.TARGET / "tests").glob("*/*.elf")}
    return [*sorted(domains), guests.IMAGES, *sorted(tests)]


def compile_description(
    file: Path,
    out: Path,
    folders: Sequence[Path],
    parameters: Mapping[str, str] | None = None,
    machine: str | None = None,
) -> api.Compiled:
    """Compiles @file into @out; what the compiler has to say goes to the person as it is."""
    try:
        return api.compile_system(file, [*folders, keys.ensure(file)], parameters, out, paths.shown(file), machine)
    except api.UsageError as error:
        raise UsageProblem(str(error)) from error
    except api.CapdlError as error:
        raise DescriptionRefused(str(error)) from error


def _kernel(platform: Platform, iommu: str, listed: Sequence[Device], unsafe: bool) -> Path:
    """The kernel image for this machine."""
    if not devices.needs_iommu(listed):
        return paths.kernel_elf(platform.vendor)
    if iommu == devices.NO_IOMMU and not unsafe:
        raise UsageProblem("its devices need an IOMMU: the description does not say unsafe_dma = true")
    return paths.kernel_elf(platform.vendor, "unsafe" if iommu == devices.NO_IOMMU else iommu)


def assemble(
    file: Path,
    *,
    name: str | None = None,
    parameters: Mapping[str, str] | None = None,
    extra_folders: Sequence[Path] = (),
    platform: Platform = QEMU_SVM,
    iommu: str | None = None,
) -> System:
    """Builds all that @file needs and makes its boot image under build/systems/@name, for QEMU, or @name-PLATFORM.

    With a device that needs an IOMMU the kernel image is the one for @iommu: by default VT-d, or none for a description
    that says unsafe_dma.
    """
    build.build("target")
    guests.ensure()
    name = name or file.stem
    if platform is not QEMU_SVM:
        name = f"{name}-{platform.name}"
    if iommu not in (None, DEFAULT_IOMMU):
        name = f"{name}-{iommu}"
    folder = paths.SYSTEMS / name
    with report.step(f"assembling the system {name}"):
        made = compile_description(file, folder, [*extra_folders, *image_folders()], parameters, platform.machine)
        listed, unsafe = devices.read(folder), devices.unconfined(folder)
        iommu = iommu or (devices.NO_IOMMU if unsafe else DEFAULT_IOMMU)
        built = _kernel(platform, iommu, listed, unsafe)
        builder = paths.TARGET / "domains" / "builder" / "builder.bin"
        for needed in (built, builder):
            if not needed.is_file():
                raise BulkheadFailed(f"{paths.shown(needed)} was not built")
        kernel, kernel32 = folder / "kernel.elf", folder / "kernel32.elf"
        image.seal_kernel(built, builder, made.cbor, kernel)
        image.make_elf32(kernel, kernel32)
    modules = [Module("builder", builder), Module("system.cbor", made.cbor)]
    return System(
        name=name,
        folder=folder,
        kernel=kernel,
        kernel32=kernel32,
        modules=(*modules, *(Module(called, path) for called, path in made.modules)),
        memory_mib=made.memory_mib,
        tenants=tuple(made.tenants),
        platform=platform,
        devices=listed,
        iommu=iommu,
        unsafe_dma=unsafe,
    )
