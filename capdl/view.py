"""A compiled system as its readers see it: subjects, what they hold, and names for rights and methods."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from . import spec
from .abi import Abi

RIGHT_LETTERS = {
    "read": "R",
    "write": "W",
    "exec": "X",
    "call": "C",
    "wait": "Q",
    "signal": "S",
    "manage": "M",
    "copy": "Y",
}
LETTERS_EXPLAINED = {
    "R": "read",
    "W": "write",
    "X": "execute",
    "C": "call",
    "Q": "wait for calls or signals",
    "S": "signal",
    "M": "manage",
    "Y": "copy",
    "F": "faults go there",
    "D": "its DMA goes through it",
    "!": "it reaches all of it where there is no IOMMU (unsafe_dma)",
}


@dataclass
class Cell:
    """What one subject may do to one object."""

    rights: set[str] = field(default_factory=set)  # letters
    parts: list[str] = field(default_factory=list)  # where parts of the object differ: letters of each
    notes: list[str] = field(default_factory=list)

    def add(self, rights: str, note: str = "") -> None:
        self.rights.update(rights)
        if note and note not in self.notes:
            self.notes.append(note)

    @property
    def letters(self) -> str:
        whole = "".join(letter for letter in LETTERS_EXPLAINED if letter in self.rights)
        return "/".join([*self.parts, *([whole] if whole else [])])


@dataclass(frozen=True)
class Row:
    """A subject: a domain, a guest, or builder."""

    name: str
    kind: str  # builder, domain, vmm, guest, device
    compartment: int


@dataclass(frozen=True)
class Column:
    name: str
    kind: str  # the type of object
    owner: str


def function_name(source: int) -> str:
    """01:00.0 for bus << 8 | devfn."""
    return f"{source >> 8:02x}:{source >> 3 & 31:02x}.{source & 7}"


class View:
    """Names and the access matrix of @system."""

    def __init__(self, system: spec.System, abi: Abi) -> None:
        self.system = system
        self.abi = abi
        self.interfaces = {one.number: one for one in abi.interfaces.values()}

    def owner(self, one: spec.Object) -> str:
        known = {spec.SHARED: "system", spec.DEVICE_MEMORY: "machine"}
        return known.get(one.owner) or self.system.domains[one.owner].name

    def type_name(self, one: spec.Object) -> str:
        return "image" if one.content else self.abi.type_name(one.type)

    def letters(self, rights: int) -> str:
        known = self.abi.flags["rights"]
        return "".join(RIGHT_LETTERS[name] for name, bit in known.items() if rights >> bit & 1)

    @staticmethod
    def access(access: int) -> str:
        return "".join(letter for bit, letter in enumerate("RWX") if access >> bit & 1)

    @staticmethod
    def device_name(device: spec.Device) -> str:
        return f"device {function_name(device.source)}"

    def methods(self, interface: int, mask: int) -> list[str]:
        """Names of the methods in @mask, by number."""
        found = self.interfaces.get(interface)
        if found is None:
            return []
        return [name for name, bit in sorted(found.methods.items(), key=lambda item: item[1]) if mask >> bit & 1]

    def interface(self, number: int) -> str:
        found = self.interfaces.get(number)
        return found.name if found else str(number)

    def capability_note(self, one: spec.Capability) -> str:
        kind = self.abi.type_name(self.system.objects[one.object].type)
        if kind == "endpoint" and one.interface:
            methods = ", ".join(self.methods(one.interface, one.mask))
            return f"{self.interface(one.interface)}: {methods}; badge {one.badge}"
        if kind == "notif" and one.mask:
            return f"bits {one.mask:#x}"
        return f"{one.count} frames" if one.count > 1 else ""

    def rows(self) -> list[Row]:
        made = [Row("builder", "builder", 0)]
        for domain in self.system.domains:
            made.append(Row(domain.name, "vmm" if domain.guest else "domain", domain.compartment))
            if domain.guest:
                made.append(Row(domain.guest.name, "guest", domain.compartment))
            made += [Row(self.device_name(device), "device", domain.compartment) for device in domain.devices]
        return made

    def port_columns(self) -> dict[tuple[int, int], str]:
        names: dict[tuple[int, int], str] = {}
        for domain in self.system.domains:
            for port in domain.ioports:
                name = next((one.name for one in domain.resources if one.slot == port.slot), "ports")
                names[(port.first, port.last)] = name
        return names

    def matrix(self) -> tuple[list[Row], list[Column], dict[tuple[str, str], Cell]]:
        """Subjects, objects, and what each subject may do to each object."""
        cells: dict[tuple[str, str], Cell] = defaultdict(Cell)
        system = self.system
        cells["builder", system.objects[system.builder].name].add("Q")
        for domain in system.domains:
            self._domain(domain, cells)
        columns = [Column(one.name, self.type_name(one), self.owner(one)) for one in system.objects]
        columns += [Column(name, "ioport", "machine") for name in self.port_columns().values()]
        gsis = sorted({irq.gsi for domain in system.domains for irq in domain.irqs})
        columns += [Column(f"irq {gsi}", "irq", "machine") for gsi in gsis]
        handles = sorted(msi.handle for domain in system.domains for device in domain.devices for msi in device.msis)
        columns += [Column(f"msi {handle}", "irq", "machine") for handle in handles]
        return self.rows(), columns, dict(cells)

    def _domain(self, domain: spec.Domain, cells: dict[tuple[str, str], Cell]) -> None:
        objects = self.system.objects
        for capability in domain.capabilities:
            cells[domain.name, objects[capability.object].name].add(
                self.letters(capability.rights), self.capability_note(capability)
            )
        for mapping in domain.mappings:
            cells[domain.name, objects[mapping.object].name].add(
                self.access(mapping.access), f"mapped at {mapping.vaddr:#x}" + self.physical(mapping)
            )
        image = cells[domain.name, objects[domain.image_frames].name]
        accesses = {one.access for profile in domain.profiles for one in self.system.images[profile.image].segments}
        image.parts = [self.access(access) for access in sorted(accesses)]
        image.notes = ["its image: each page has one of these"]
        cells[domain.name, objects[domain.info_frame].name].add("R", "mapped at 0x3ff000")
        ports = self.port_columns()
        for port in domain.ioports:
            cells[domain.name, ports[(port.first, port.last)]].add("RW", f"ports {port.first:#x}–{port.last:#x}")
        for irq in domain.irqs:
            cells[domain.name, f"irq {irq.gsi}"].add("M", f"rings bits {irq.bits:#x}")
        for thread in domain.threads:
            if thread.fault != spec.NONE:
                cells[domain.name, objects[thread.fault].name].add("F", f"faults, badge {thread.fault_badge}")
        for capability in domain.guest.capabilities if domain.guest else ():
            assert domain.guest
            cells[domain.guest.name, objects[capability.object].name].add(
                self.letters(capability.rights), self.capability_note(capability) + ", sealed"
            )
        if domain.guest:
            ram = next(one.name for one in objects if one.owner == domain.id and one.name.endswith(".ram"))
            cells[domain.guest.name, ram].add("RWX", "its memory, as its VMM maps it")
        for device in domain.devices:
            self._device(domain, device, cells)

    def physical(self, mapping: spec.Mapping) -> str:
        base = next((one.base for one in self.system.windows if one.object == mapping.object), None)
        return "" if base is None else f", physically at {base:#x}, uncached"

    def _device(self, domain: spec.Domain, device: spec.Device, cells: dict[tuple[str, str], Cell]) -> None:
        objects, name, unsafe = self.system.objects, self.device_name(device), self.system.unsafe_dma
        cells[name, objects[device.iospace].name].add("D", "" if unsafe else "it reaches nothing else")
        for one in objects if unsafe else ():
            if one.owner != spec.DEVICE_MEMORY:
                cells[name, one.name].add("!", "without an IOMMU nothing holds it back")
        for mapping in device.mappings:
            cells[name, objects[mapping.object].name].add(self.access(mapping.access), f"at {mapping.vaddr:#x}")
        for msi in device.msis:
            cells[domain.name, f"msi {msi.handle}"].add("M", f"rings bits {msi.bits:#x}")
            cells[name, objects[msi.notif].name].add("S", f"message {msi.handle}, bits {msi.bits:#x}")
        if device.fault.notif != spec.NONE:
            cells[name, objects[device.fault.notif].name].add("S", f"its refused accesses, bits {device.fault.bits:#x}")

    def capability_count(self, domain: spec.Domain) -> int:
        """Slots in use in the domain's own table and its guest's."""
        own = sum(one.count for one in domain.capabilities) + len(domain.ioports) + len(domain.irqs)
        own += sum(len(device.msis) for device in domain.devices)
        return own + (len(domain.guest.capabilities) if domain.guest else 0)
