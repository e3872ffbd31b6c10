"""One domain of the compiled system: its slots, addresses, resources, and then its record."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from . import bells, layout, model, spec
from .abi import Abi
from .objects import Objects

READ, WRITE, EXEC, UNCACHED = 1, 2, 4, 8  # map_flags
SEALED = 1
TEXT_BYTES = 1024
RESOURCES_MOST = 40
NAME_LONGEST = 23  # of a resource
RESTART_ON = {"never": 0, "on-failure": 1, "always": 3}
RESTART_WINDOW_S = 60
FAULT_INTERFACE = 1


class PlanProblem(Exception):
    """A fixed limit of the domain is passed: what, and what would fit."""

    def __init__(self, what: str, expected: str) -> None:
        super().__init__(what)
        self.what = what
        self.expected = expected


def key(domain: model.Domain, part: str) -> str:
    return f"{domain.name}.{part}"


@dataclass
class DevicePlan:
    """A bus master of the domain; objects by key."""

    iospace: str
    source: int
    mappings: list[tuple[str, int, int]]  # key, address, access
    msis: list[tuple[int, int, int]]  # slot, handle, bits
    fault: tuple[str, int] | None  # notification, bits


@dataclass
class Plan:
    """Collects what a domain gets; references to objects are keys until `record`."""

    domain: model.Domain
    abi: Abi
    objects: Objects
    regions: layout.Regions = field(default_factory=layout.Regions)
    slots_used: int = 1  # slot 0 is never used
    capabilities: list[tuple[str, spec.Capability]] = field(default_factory=list)
    guest_capabilities: list[tuple[str, spec.Capability]] = field(default_factory=list)
    mappings: list[tuple[str, int, int]] = field(default_factory=list)  # key, address, access
    ioports: list[spec.IoPort] = field(default_factory=list)
    irqs: list[tuple[int, int, int]] = field(default_factory=list)  # slot, gsi, bits
    devices: list[DevicePlan] = field(default_factory=list)
    resources: list[spec.Resource] = field(default_factory=list)
    seen_by_device: dict[str, str] = field(default_factory=dict)  # resource: the object whose address builder tells
    text: str = ""
    cipher_sectors: int = 0  # of an encrypted window: the domain has a thread for it

    def key(self, part: str) -> str:
        return key(self.domain, part)

    def own(self, part: str, type_name: str, size: int, flags: int = 0) -> str:
        return self.objects.add(self.key(part), self.domain.id, type_name, size, flags=flags)

    def own_frames(self, part: str, size: int, each: int = 0) -> str:
        if not each:
            return self.objects.frames(self.key(part), self.domain.id, size)
        count = max(1, layout.round_up(size, each) // each)
        return self.objects.add(self.key(part), self.domain.id, "frame", each, count=count)

    def take_slots(self, count: int = 1) -> int:
        first = self.slots_used
        self.slots_used += count
        if self.slots_used > layout.SLOTS_MOST:
            raise PlanProblem(f"'{self.domain.name}' needs {self.slots_used} slots", f"at most {layout.SLOTS_MOST}")
        return first

    def hold(self, target: str, *rights: str, mask: int = 0, interface: int = 0, badge: int = 0) -> int:
        """A capability on every frame (or the one object) of @target; returns its first slot."""
        return self._hold(target, self.objects[target].count, rights, mask, interface, badge)

    def hold_later(self, target: str, *rights: str) -> int:
        """The same for one object whose size is known only when all slots are taken."""
        return self._hold(target, 1, rights, 0, 0, 0)

    def _hold(self, target: str, count: int, rights: tuple[str, ...], mask: int, interface: int, badge: int) -> int:
        slot = self.take_slots(count)
        one = spec.Capability(slot, 0, 0, count, self.abi.rights(*rights), SEALED, interface, mask, badge)
        self.capabilities.append((target, one))
        return slot

    def guest_holds(self, target: str, *rights: str, mask: int, interface: int, badge: int) -> None:
        """The same in the guest's terminal table, in the order of the description from slot 1."""
        slot = len(self.guest_capabilities) + 1
        one = spec.Capability(slot, 0, 0, 1, self.abi.rights(*rights), SEALED, interface, mask, badge)
        self.guest_capabilities.append((target, one))

    def map_at(self, target: str, address: int, access: int) -> int:
        self.mappings.append((target, address, access))
        return address

    def map_region(self, target: str, access: int) -> tuple[int, int]:
        """Map all of @target at the next free address; (address, bytes)."""
        one = self.objects[target]
        is_vcpu = one.type == self.abi.type("vcpu")
        each, count = (layout.PAGE, 1) if is_vcpu else (one.size, one.count)
        return self.map_at(target, self.regions.place(each, count), access), each * count

    def resource(
        self,
        name: str,
        kind: str,
        *,
        flags: int = 0,
        slot: int = 0,
        count: int = 0,
        address: int = 0,
        size: int = 0,
        extra: int = 0,
    ) -> None:
        if len(name) > NAME_LONGEST:
            raise PlanProblem(f"'{self.domain.name}' would have a resource called '{name}'", "a shorter name")
        if any(one.name == name for one in self.resources):
            raise PlanProblem(f"'{self.domain.name}' would have two resources called '{name}'", "another endpoint name")
        if len(self.resources) == RESOURCES_MOST:
            raise PlanProblem(
                f"'{self.domain.name}' needs more than {RESOURCES_MOST} named resources",
                "fewer channels, ports or endpoints",
            )
        self.resources.append(spec.Resource(name, self.abi.kind(kind), flags, slot, count, address, size, extra))

    def resolved_resources(self) -> list[spec.Resource]:
        told = {name: self.objects.number(target) for name, target in self.seen_by_device.items()}
        return [
            replace(one, flags=spec.ADDRESS_BY_BUILDER, slot=told[one.name]) if one.name in told else one
            for one in self.resources
        ]

    def text_resource(self, name: str, text: str) -> None:
        """Texts lie one after the other in the info page; `bytes` is the length, nothing ends them."""
        at = len(self.text)
        self.text += text
        if len(self.text) > TEXT_BYTES:
            raise PlanProblem(f"the texts of '{self.domain.name}' take {len(self.text)} bytes", f"at most {TEXT_BYTES}")
        self.resource(name, "text", address=at, size=len(text))

    def give_port(self, name: str, first: int, last: int, gsi: int | None) -> None:
        slot = self.take_slots()
        self.ioports.append(spec.IoPort(slot, first, last))
        self.resource(name, "ioport", slot=slot, count=last - first + 1, extra=first)
        if gsi is not None:
            self.give_irq(f"{name}-irq", gsi, bells.BY_PORT[name])

    def give_irq(self, name: str, gsi: int, bits: int) -> None:
        slot = self.take_slots()
        self.irqs.append((slot, gsi, bits))
        self.resource(name, "irq", slot=slot, extra=bits)

    def leaves(self) -> list[tuple[int, int, int]]:
        """What the domain's page tables must reach beside its image: (address, page size, pages)."""
        found = [(layout.INFO_ADDRESS, layout.PAGE, 1)]
        for target, address, _ in self.mappings:
            one = self.objects[target]
            is_vcpu = one.type == self.abi.type("vcpu")
            found.append((address, *((layout.PAGE, 1) if is_vcpu else (one.size, one.count))))
        return found

    def resolved(self, pairs: list[tuple[str, spec.Capability]]) -> list[spec.Capability]:
        return [
            spec.Capability(
                one.slot,
                self.objects.number(target),
                one.first,
                one.count,
                one.rights,
                one.flags,
                one.interface,
                one.mask,
                one.badge,
            )
            for target, one in pairs
        ]

    def resolved_mappings(self, mappings: list[tuple[str, int, int]]) -> list[spec.Mapping]:
        vcpu = self.abi.type("vcpu")
        made: list[spec.Mapping] = []
        for target, address, access in mappings:
            one = self.objects[target]
            count = 1 if one.type == vcpu else one.count
            made.append(spec.Mapping(self.objects.number(target), 0, count, address, access))
        return made

    def thread(self, fault: int) -> spec.Thread:
        plan = self.domain.schedule
        number = self.objects.number
        reserve = number(self.key("reserve")) if plan.reserve_us else spec.NONE
        return spec.Thread(
            number(self.key("thread")),
            self.abi.bits("thread_flags", "fpu") if self.domain.fpu else 0,
            number(self.key("sched")),
            plan.budget_us,
            plan.period_us,
            plan.priority,
            reserve,
            plan.reserve_us,
            number(self.key("bell")),
            fault,
            self.domain.id,
            layout.STACK_TOP,
        )

    def threads(self, fault: int) -> list[spec.Thread]:
        """The cipher thread comes before its guest, with half as much time, and uses no FPU either."""
        first = self.thread(fault)
        if not self.cipher_sectors:
            return [first]
        number = self.objects.number
        second = replace(
            first,
            object=number(self.key("cipher-thread")),
            flags=0,
            sched=number(self.key("cipher-sched")),
            budget_us=max(1, first.budget_us // 2),
            priority=first.priority + 1,
            reserve=spec.NONE,
            reserve_us=0,
            notif=number(self.key("cipher-bell")),
            stack_top=layout.STACK_TOP - layout.STACK_STRIDE,
        )
        return [first, second]

    def device(self, one: DevicePlan) -> spec.Device:
        number, bell = self.objects.number, self.objects.number(self.key("bell"))
        notif, bits = (number(one.fault[0]), one.fault[1]) if one.fault else (spec.NONE, 0)
        return spec.Device(
            number(one.iospace),
            one.source,
            self.resolved_mappings(one.mappings),
            [spec.Msi(slot, handle, one.source, bell, bits) for slot, handle, bits in one.msis],
            spec.FaultEvent(notif, bits),
        )

    def guest(self) -> spec.Guest | None:
        if self.domain.guest is None:
            return None
        number = self.objects.number
        return spec.Guest(
            self.domain.guest.name,
            number(self.key("vcpu")),
            number(self.key("guest-space")),
            number(self.key("guest-captab")),
            self.resolved(self.guest_capabilities),
        )

    def record(self, memory: spec.Memory, profiles: list[spec.Profile], fault: int) -> spec.Domain:
        domain, number = self.domain, self.objects.number
        heap_bytes = 0
        if self.key("heap") in self.objects:
            heap_frames = self.objects[self.key("heap")]
            heap_bytes = heap_frames.size * heap_frames.count
        return spec.Domain(
            domain.id,
            domain.name,
            domain.start,
            domain.id + 1,
            memory,
            number(self.key("captab")),
            number(self.key("space")),
            number(self.key("image")),
            number(self.key("info")),
            profiles,
            spec.Heap(layout.HEAP_ADDRESS if heap_bytes else 0, heap_bytes),
            self.resolved_mappings(self.mappings),
            self.resolved(self.capabilities),
            self.ioports,
            [spec.Irq(slot, gsi, 0, number(self.key("bell")), bits) for slot, gsi, bits in self.irqs],
            self.threads(fault),
            self.guest(),
            self.resolved_resources(),
            self.text,
            spec.Restart(RESTART_ON[domain.restart.policy], domain.restart.limit, RESTART_WINDOW_S),
            domain.once,
            [self.device(one) for one in self.devices],
        )
