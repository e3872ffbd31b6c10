"""The budget, and the rows that need no code in the machine: lines, bytes, and the Linux boot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from elftools.elf.elffile import ELFFile

from bulkhead import debian, kernelstats, paths, proc
from bulkhead.errors import BulkheadFailed
from bulkhead.platforms import Platform


@dataclass(frozen=True)
class Budget:
    """What a row may be at most, and in what unit; @vmx where Intel's world switch may cost more.

    Rows with @devices need a disk or a network behind an IOMMU, which Bochs has not; those of an image that exists for one
    @vendor only are that vendor's. None: measured, without a budget.
    """

    at_most: float | None
    unit: str
    vmx: float | None = None
    devices: bool = False
    vendor: str | None = None

    def measured_on(self, platform: Platform) -> bool:
        """Whether @platform has what the row needs."""
        return (not self.devices or platform.emulator == "qemu") and self.vendor in (None, platform.vendor)

    def on(self, platform: Platform) -> float | None:
        """The budget on @platform."""
        return self.vmx if self.vmx is not None and platform.vendor == "vmx" else self.at_most


# DESIGN section 7, and the rows of disks and networks: whole path, per 4 KiB request or UDP packet.
BUDGET: dict[str, Budget] = {
    "syscall.null": Budget(40, "instructions"),
    "ipc.call.1": Budget(240, "instructions"),
    "ipc.call.8": Budget(260, "instructions"),
    "notif.signal": Budget(70, "instructions"),
    "notif.wait": Budget(80, "instructions"),
    "notif.switch": Budget(400, "instructions"),
    "space.map": Budget(260, "instructions"),
    "captab.copy": Budget(160, "instructions"),
    "exit.cpuid": Budget(300, "instructions", vmx=350),
    "exit.pio": Budget(320, "instructions", vmx=370),
    "hypercall.service": Budget(450, "instructions", vmx=500),
    "boot.linux": Budget(1.15, "ratio"),
    "boot.exits": Budget(2500, "exits"),
    "kernel.section": Budget(20000, "instructions"),
    "kernel.lines": Budget(5000, "lines"),
    "kernel.text": Budget(48 * 1024, "bytes"),
    "kernel.lines.vtd": Budget(6000, "lines"),
    "kernel.text.vtd": Budget(48 * 1024, "bytes"),
    "kernel.lines.amdvi": Budget(6000, "lines", vendor="svm"),
    "kernel.text.amdvi": Budget(48 * 1024, "bytes", vendor="svm"),
    "selector.lines": Budget(300, "lines"),
    "restart.software": Budget(5000, "µs", devices=True),
    "restart.software.netdrv": Budget(5000, "µs", devices=True),
    "restart.pause": Budget(None, "µs", devices=True),
    "restart.pause.netdrv": Budget(None, "µs", devices=True),
    "blk.read.qd1": Budget(20000, "instructions", devices=True),
    "blk.write.qd1": Budget(26000, "instructions", devices=True),
    "blk.read.qd32": Budget(11000, "instructions", devices=True),
    "blk.write.qd32": Budget(11000, "instructions", devices=True),
    "blk.exits.qd32": Budget(0.25, "exits", devices=True),
    "blk.read.qd1.encrypted": Budget(None, "instructions", devices=True),
    "blk.write.qd1.encrypted": Budget(None, "instructions", devices=True),
    "net.tx.64": Budget(11000, "instructions", devices=True),
    "net.tx.1472": Budget(13500, "instructions", devices=True),
    "net.pingpong.64": Budget(40000, "instructions", devices=True),
    "net.pingpong.1472": Budget(48000, "instructions", devices=True),
    "net.rx.64": Budget(None, "instructions", devices=True),
    "net.rx.1472": Budget(None, "instructions", devices=True),
    "net.rx.64.floor": Budget(1.5, "ratio", devices=True),
    "net.rx.1472.floor": Budget(1.5, "ratio", devices=True),
}


@dataclass(frozen=True)
class Row:
    """One measured row, as `--json` writes it."""

    name: str
    platform: str
    value: float
    budget: float | None
    unit: str
    rounds: int
    min: float
    median: float
    how: str

    @property
    def within(self) -> bool:
        """Whether the row keeps its budget; a row without one always does."""
        return self.budget is None or self.value <= self.budget

    def as_json(self) -> dict[str, object]:
        """The row as JSON wants it."""
        return asdict(self)


def row(
    platform: Platform,
    name: str,
    value: float,
    rounds: int,
    minimum: float,
    median: float,
    how: str,
    unit: str = "",
) -> Row:
    """A row with its budget looked up."""
    budget = BUDGET.get(name)
    return Row(
        name=name,
        platform=platform.name,
        value=value,
        budget=budget.on(platform) if budget else None,
        unit=unit or (budget.unit if budget else "instructions"),
        rounds=rounds,
        min=minimum,
        median=median,
        how=how,
    )


def image_sha256(image: Path) -> str:
    """The SHA-256 of a built image."""
    if not image.is_file():
        raise BulkheadFailed(f"{paths.shown(image)} is not built")
    return debian.sha256_of(image)


def single(platform: Platform, name: str, value: float, how: str, unit: str = "") -> Row:
    """A row that was measured once."""
    return row(platform, name, value, 1, value, value, how, unit)


def kernel_sources(vendor: str) -> list[Path]:
    """Every source and header in the kernel image's compiler dependency files."""
    return sources_of(f"kernel/CMakeFiles/bulkhead-{vendor}.dir", "kernel/CMakeFiles/kernel_")


def sources_of(*objects: str) -> list[Path]:
    """Every source and header in the dependency files of the objects whose paths start so."""
    deps = proc.run(["ninja", "-C", paths.TARGET, "-t", "deps"], what="reading the dependency files")
    found: set[Path] = set()
    wanted = False
    for line in deps.splitlines():
        if not line.startswith(" "):
            wanted = line.startswith(objects)
        elif wanted:
            path = (paths.TARGET / line.strip()).resolve()
            if path.is_relative_to(paths.ROOT):
                found.add(path)
    if not found:
        raise BulkheadFailed(f"the dependency files of {objects[0]} name no source; is it built?")
    return sorted(found)


def count_lines(files: list[Path]) -> dict[str, int]:
    listing = paths.WORK / "kernel-sources.txt"
    listing.parent.mkdir(parents=True, exist_ok=True)
    listing.write_text("".join(f"{file}\n" for file in files))
    text = proc.run(
        ["cloc", "--json", "--by-file", "--quiet", "--skip-uniqueness", f"--list-file={listing}"],
        what="counting lines",
    )
    counted = json.loads(text)
    return {name: int(entry["code"]) for name, entry in counted.items() if name not in ("header", "SUM")}


def _room(file: Path) -> str:
    parts = file.relative_to(paths.ROOT).parts
    return "generated" if parts[0] == "build" else "/".join(parts[:2])


def static_rows(platform: Platform) -> list[Row]:
    """Lines of the vendor's kernel image, in all and by room, and its bytes."""
    lines = count_lines(kernel_sources(platform.vendor))
    how = f"cloc code lines of {len(lines)} files in the dependency files of bulkhead-{platform.vendor}"
    rows = [single(platform, "kernel.lines", sum(lines.values()), how)]
    rooms: dict[str, int] = {}
    for name, count in lines.items():
        room = _room(Path(name))
        rooms[room] = rooms.get(room, 0) + count
    for room, count in sorted(rooms.items()):
        rows.append(single(platform, f"kernel.lines[{room}]", count, "part of the above", "lines"))
    rows.append(_text_row(platform, "kernel.text", platform.vendor))
    for room, size in sorted(kernelstats.bytes_by_room(platform.vendor).items()):
        rows.append(single(platform, f"kernel.text[{room}]", size, "functions of the room", "bytes"))
    return [*rows, *_iommu_rows(platform), _stack_row(platform), _selector_row(platform)]


def _text_row(platform: Platform, name: str, image: str) -> Row:
    """Bytes of the kernel image's executable sections."""
    with paths.kernel_elf(image).open("rb") as file:
        sections = {
            section.name: int(section["sh_size"])
            for section in ELFFile(file).iter_sections()
            if section["sh_flags"] & 0x4  # SHF_EXECINSTR
        }
    how = "executable sections: " + ", ".join(f"{name} {size}" for name, size in sections.items())
    return single(platform, name, sum(sections.values()), how)


def _iommu_rows(platform: Platform) -> list[Row]:
    """The same of the images that drive an IOMMU, as far as this vendor has them."""
    rows: list[Row] = []
    for iommu in ("vtd", "amdvi"):
        if not BUDGET[f"kernel.lines.{iommu}"].measured_on(platform):
            continue
        image = f"{platform.vendor}-{iommu}"
        lines = count_lines(kernel_sources(image))
        how = f"cloc code lines of {len(lines)} files in the dependency files of bulkhead-{image}"
        rows.append(single(platform, f"kernel.lines.{iommu}", sum(lines.values()), how))
        rows.append(_text_row(platform, f"kernel.text.{iommu}", image))
    return rows


def _selector_row(platform: Platform) -> Row:
    """The program that takes one kernel image and wipes the others: a count of its own."""
    lines = count_lines(sources_of("kernel/select/"))
    how = f"cloc code lines of {len(lines)} files in the selector's dependency files"
    return single(platform, "selector.lines", sum(lines.values()), how)


def _stack_row(platform: Platform) -> Row:
    """The deepest stack by the call graph."""
    stack = kernelstats.deepest_stack(platform.vendor)
    how = "call graph: " + " > ".join(stack.chain)
    if stack.indirect:
        how += "; not followed: indirect calls of " + ", ".join(stack.indirect)
    if stack.recursion:
        how += "; counted once: " + ", ".join(stack.recursion)
    return single(platform, "kernel.stack", stack.size_bytes, how, "bytes")
