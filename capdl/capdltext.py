"""The system in capDL, the language of the seL4 community (https://docs.sel4.systems/projects/capdl/).

What has no counterpart there (interfaces, method masks, sealed, compartments) stands in comments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from . import layout, spec
from .images import pages
from .view import View

_RIGHTS = {"read": "R", "write": "W", "exec": "X", "wait": "R", "signal": "W", "call": "W"}
CONTROL = "irq_control"  # what comes nearest to our control; capDL does not declare it
MSI_FIRST = 24  # how messages are numbered behind the pins of the one IOAPIC
_LEVELS = ("pdpt", "pd", "pt")
_IO_LEVELS = ("iopt", "iopd", "iot")  # by what one entry reaches: 1 GiB, 2 MiB, 4 KiB
_SLOT_BOUND_NOTIFICATION, _SLOT_BOUND_VCPU = 8, 9  # of a tcb, in the capDL tool's model


def identifier(name: str) -> str:
    """A name as capDL allows it: a letter, then letters, digits and -_@. only."""
    plain = re.sub(r"[^A-Za-z0-9_@.-]", "_", name)
    return plain if plain[:1].isalpha() else f"image_{plain}"


class Text:
    """Writes the sections one after the other."""

    def __init__(self, view: View) -> None:
        self.view = view
        self.system = view.system
        control = view.abi.type("control")
        self.names = [CONTROL if one.type == control else identifier(one.name) for one in self.system.objects]
        self.tables: dict[int, dict[str, list[str]]] = {}  # by domain: table → lines
        self.io_tables: dict[int, dict[str, list[str]]] = {}  # by iospace

    def write(self) -> str:
        for domain in self.system.domains:
            self.tables[domain.id] = page_tables(self, domain)
            for device in domain.devices:
                self.io_tables[device.iospace] = io_tables(self, device)
        return "\n".join([*self.header(), *self.object_lines(), *self.cap_lines(), *self.irq_lines(), ""])

    def header(self) -> Iterator[str]:
        yield f"-- {self.system.name}: made by capdl from its description; do not edit"
        yield "arch x86_64"
        yield ""

    def object_lines(self) -> Iterator[str]:
        yield "objects {"
        yield ""
        for owner, memory in [
            (spec.SHARED, self.system.shared),
            *((one.id, one.memory) for one in self.system.domains),
        ]:
            name = "system" if owner == spec.SHARED else self.system.domains[owner].name
            yield f"{name}.ut = ut {{ -- {memory.bytes} bytes, aligned to {memory.align}"
            for number, one in enumerate(self.system.objects):
                if one.owner == owner and self.names[number] != CONTROL:
                    array = f"[{one.count}]" if one.count > 1 else ""
                    yield f"  {self.names[number]}{array} = {self.declaration(number, one)}"
            for table in list(self.tables.get(owner, {}))[1:]:
                yield f"  {table} = {table.rsplit('.', 1)[1].rstrip('0123456789')}"
            for device in self.devices_of(owner):
                for table in list(self.io_tables[device.iospace])[1:]:
                    level = _IO_LEVELS.index(table.rsplit(".", 1)[1].rstrip("0123456789")) + 1
                    yield f"  {table} = io_pt (level: {level})"
            yield "}"
            yield ""
        for window in self.system.windows:
            count = self.system.objects[window.object].count
            array, note = (f"[{count}]", " -- and the pages behind it") if count > 1 else ("", "")
            yield f"{self.names[window.object]}{array} = frame (4k, paddr: {window.base:#x}){note}"
        for (first, last), name in self.view.port_columns().items():
            yield f"{identifier(name)} = io_ports (ports: [{first:#x}..{last:#x}])"
        for gsi in sorted(irq.gsi for domain in self.system.domains for irq in domain.irqs):
            yield f"irq{gsi} = ioapic_irq (ioapic_num: 0, ioapic_pin: {gsi}, ioapic_level: 0, ioapic_polarity: 0)"
        for device in (device for domain in self.system.domains for device in domain.devices):
            for msi in device.msis:
                bus, slot, function = _function(msi.source)
                yield (
                    f"msi{msi.handle} = msi_irq (msi_handle: {msi.handle}, msi_pci_bus: {bus}, msi_pci_dev: {slot},"
                    f" msi_pci_fun: {function})"
                )
        yield ""
        yield "} caps {"
        yield ""

    def declaration(self, number: int, one: spec.Object) -> str:
        kind = self.view.abi.type_name(one.type)
        if kind == "frame":
            size = "2M" if one.size == layout.LARGE else "4k"
            source = f" -- the bytes of image {self.system.images[one.content - 1].name}" if one.content else ""
            return f"frame ({size}){source}"
        if kind == "captab":
            terminal = " -- terminal" if one.flags else ""
            return f"cnode ({(one.size // layout.SLOT_BYTES).bit_length() - 1} bits){terminal}"
        if kind == "thread":
            return self.thread_declaration(number)
        if kind == "sched":
            return self.sched_declaration(number)
        if kind == "iospace":
            device = next(one for domain in self.system.domains for one in domain.devices if one.iospace == number)
            bus, slot, function = _function(device.source)
            return f"io_device (domainID: {device.source}, {bus:#x}:{slot}.{function})"
        nested = " -- nested paging" if kind == "space" and one.flags else ""
        return {"untyped": "ut", "space": "pml4", "endpoint": "ep", "notif": "notification", "vcpu": "vcpu"}[
            kind
        ] + nested

    def thread_declaration(self, number: int) -> str:
        domain, thread = next((d, t) for d in self.system.domains for t in d.threads if t.object == number)
        image = self.system.images[domain.profiles[0].image]
        return (
            f"tcb (ip: {image.entry:#x}, sp: {thread.stack_top:#x}, prio: {thread.priority}, affinity: 0)"
            f" -- image {image.name}, compartment {domain.compartment}"
        )

    def sched_declaration(self, number: int) -> str:
        thread = next(t for d in self.system.domains for t in d.threads if number in (t.sched, t.reserve))
        budget = thread.budget_us if number == thread.sched else thread.reserve_us
        return f"sc (period: {thread.period_us}, budget: {budget})"

    def cap_lines(self) -> Iterator[str]:
        for domain in self.system.domains:
            yield f"{self.names[domain.captab]} {{"
            yield from sorted([*self.slots(domain.capabilities), *self.device_slots(domain)], key=_slot_number)
            yield "}"
            if domain.guest:
                yield f"{self.names[domain.guest.captab]} {{"
                yield from self.slots(domain.guest.capabilities)
                yield "}"
            for thread in domain.threads:
                yield from self.thread_caps(domain, thread)
            for table, lines in self.tables[domain.id].items():
                yield f"{table} {{"
                yield from lines
                yield "}"
            for device in domain.devices:
                for table, lines in self.io_tables[device.iospace].items():
                    yield f"{table} {{"
                    yield from lines
                    yield "}"
            yield ""

    def devices_of(self, owner: int) -> list[spec.Device]:
        return self.system.domains[owner].devices if owner < len(self.system.domains) else []

    def thread_caps(self, domain: spec.Domain, thread: spec.Thread) -> Iterator[str]:
        yield f"{self.names[thread.object]} {{"
        yield f"  cspace: {self.names[domain.captab]}"
        yield f"  vspace: {self.names[domain.space]}"
        yield f"  sc_slot: {self.names[thread.sched]}"
        if thread.fault != spec.NONE:
            yield f"  fault_ep_slot: {self.names[thread.fault]} (W, badge: {thread.fault_badge})"
        if thread.notif != spec.NONE:
            yield f"  {_SLOT_BOUND_NOTIFICATION}: {self.names[thread.notif]}"
        if domain.guest:
            yield f"  {_SLOT_BOUND_VCPU}: {self.names[domain.guest.vcpu]}"
        yield "}"

    def slots(self, capabilities: list[spec.Capability]) -> Iterator[str]:
        for one in capabilities:
            kind = self.view.abi.type_name(self.system.objects[one.object].type)
            bits = self.view.abi.flags["rights"] if kind in ("frame", "endpoint", "notif") else {}
            rights = "".join(
                dict.fromkeys(_RIGHTS[name] for name, bit in bits.items() if one.rights >> bit & 1 and name in _RIGHTS)
            )
            badge = f", badge: {one.badge}" if one.interface else ""
            parameters = f" ({rights}{badge})" if rights else ""
            array = "[]" if self.system.objects[one.object].count > 1 else ""
            note = self.view.capability_note(one)
            yield f"  {one.slot:#x}: {self.names[one.object]}{array}{parameters}" + (f" -- {note}" if note else "")

    def device_slots(self, domain: spec.Domain) -> Iterator[str]:
        ports = self.view.port_columns()
        for port in domain.ioports:
            yield f"  {port.slot:#x}: {identifier(ports[(port.first, port.last)])}"
        for irq in domain.irqs:
            yield f"  {irq.slot:#x}: irq{irq.gsi} -- rings {self.names[irq.notif]}, bits {irq.bits:#x}"
        for msi in (msi for device in domain.devices for msi in device.msis):
            yield f"  {msi.slot:#x}: msi{msi.handle} -- rings {self.names[msi.notif]}, bits {msi.bits:#x}"

    def irq_lines(self) -> Iterator[str]:
        yield "} irq maps {"
        for gsi in sorted(irq.gsi for domain in self.system.domains for irq in domain.irqs):
            yield f"  {gsi}: irq{gsi}"
        for handle in sorted(msi.handle for d in self.system.domains for one in d.devices for msi in one.msis):
            yield f"  {MSI_FIRST + handle}: msi{handle}"
        yield "}"


def _slot_number(line: str) -> int:
    return int(line.strip().split(":")[0], 16)


@dataclass(frozen=True)
class Leaf:
    """One page: where, how large, which frame of which object."""

    address: int
    each: int
    name: str
    index: int | None  # None: not an array
    rights: str


def _function(source: int) -> tuple[int, int, int]:
    """Bus, device, function."""
    return source >> 8, source >> 3 & 31, source & 7


def page_tables(text: Text, domain: spec.Domain) -> dict[str, list[str]]:
    return _tables(text.names[domain.space], domain.name, _LEVELS, list(_leaves(text, domain)))


def io_tables(text: Text, device: spec.Device) -> dict[str, list[str]]:
    """The same for a device. Its root has one entry: no address that we choose is beyond 512 GiB."""
    root = text.names[device.iospace]
    return _tables(root, root, _IO_LEVELS, list(_mapped(text, device.mappings)))


def _tables(root: str, prefix: str, levels: tuple[str, ...], leaves: list[Leaf]) -> dict[str, list[str]]:
    """The tables that the mappings imply (our spaces carve them from a pool), root first."""
    entries: dict[str, list[tuple[int, str | Leaf]]] = {root: []}
    made: dict[tuple[int, int], str] = {}
    for leaf in sorted(leaves, key=lambda one: one.address):
        table, depth = root, 3 if leaf.each == layout.PAGE else 2
        for level in range(depth):
            key = (level, leaf.address >> (39 - 9 * level))
            if key not in made:
                made[key] = f"{prefix}.{levels[level]}{sum(one == level for one, _ in made)}"
                entries[made[key]] = []
                entries[table].append((key[1] & 511, made[key]))
            table = made[key]
        entries[table].append((leaf.address >> (39 - 9 * depth) & 511, leaf))
    return {table: list(_rendered(lines)) for table, lines in entries.items()}


def _rendered(entries: list[tuple[int, str | Leaf]]) -> Iterator[str]:
    """Lines of one table; neighbouring frames of one object become a range."""
    at = 0
    while at < len(entries):
        slot, one = entries[at]
        end = at + 1
        if isinstance(one, str):
            yield f"  {slot:#x}: {one}"
        else:
            while end < len(entries) and _follows(entries[at], entries[end], end - at):
                end += 1
            last = "" if one.index is None or end == at + 1 else f"..{one.index + end - at - 1}"
            part = "" if one.index is None else f"[{one.index}{last}]"
            yield f"  {slot:#x}: {one.name}{part} ({one.rights})"
        at = end


def _follows(first: tuple[int, str | Leaf], after: tuple[int, str | Leaf], distance: int) -> bool:
    one, other = first[1], after[1]
    if isinstance(one, str) or isinstance(other, str) or one.index is None or other.index is None:
        return False
    same = (one.name, one.rights) == (other.name, other.rights)
    return same and after[0] == first[0] + distance and other.index == one.index + distance


def _leaves(text: Text, domain: spec.Domain) -> Iterator[Leaf]:
    image, frame = text.system.images[domain.profiles[0].image], 0
    for segment in image.segments:
        first = segment.vaddr // layout.PAGE * layout.PAGE
        for index in range(pages(segment)):
            yield _leaf(text, first + index * layout.PAGE, domain.image_frames, frame, segment.access)
            frame += 1
    yield _leaf(text, layout.INFO_ADDRESS, domain.info_frame, 0, 1)
    yield from _mapped(text, domain.mappings)


def _mapped(text: Text, mappings: list[spec.Mapping]) -> Iterator[Leaf]:
    for mapping in mappings:
        for index in range(mapping.count):
            each = _page_size(text, mapping.object)
            yield _leaf(text, mapping.vaddr + index * each, mapping.object, mapping.first + index, mapping.access)


def _page_size(text: Text, number: int) -> int:
    one = text.system.objects[number]
    return one.size if text.view.abi.type_name(one.type) == "frame" else layout.PAGE


def _leaf(text: Text, address: int, number: int, index: int, access: int) -> Leaf:
    rights = "".join(letter for bit, letter in enumerate("RWX") if access >> bit & 1)
    is_array = text.system.objects[number].count > 1
    return Leaf(address, _page_size(text, number), text.names[number], index if is_array else None, rights)
