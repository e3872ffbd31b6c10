"""What a system amounts to: domains, capabilities, memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from . import layout
from .limits import builder_slots, memory_kib
from .view import View


def human_bytes(size: int) -> str:
    """258.2 MiB, 64 KiB."""
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB")):
        if size >= unit:
            return f"{size / unit:.1f} {name}".replace(".0 ", " ")
    return f"{-(-size // 1024)} KiB"


@dataclass(frozen=True)
class DomainSummary:
    id: int
    name: str
    guest: str
    compartment: int
    image: str
    memory_bytes: int
    guest_memory_mib: int
    capabilities: int
    slots: int
    priority: int
    budget_us: int
    period_us: int
    reserve_us: int
    restart: str


@dataclass(frozen=True)
class Summary:
    system: str
    domains: list[DomainSummary]
    guests: int
    objects: int
    capabilities: int
    channels: int
    shared_bytes: int
    memory_kib: int
    machine_mib: int
    builder_slots: int


def _policy(on: int, most: int) -> str:
    return {0: "never", 1: f"on-failure/{most}"}.get(on, f"always/{most}")


def summarize(view: View) -> Summary:
    system = view.system
    domains: list[DomainSummary] = []
    for one in system.domains:
        thread, ram = one.threads[0], 0
        if one.guest:
            ram = next(o.size * o.count for o in system.objects if o.owner == one.id and o.name.endswith(".ram"))
        domains.append(
            DomainSummary(
                one.id,
                one.name,
                one.guest.name if one.guest else "",
                one.compartment,
                system.images[one.profiles[0].image].name,
                one.memory.bytes,
                ram >> 20,
                view.capability_count(one),
                system.objects[one.captab].size // layout.SLOT_BYTES,
                thread.priority,
                thread.budget_us,
                thread.period_us,
                thread.reserve_us,
                _policy(one.restart.on, one.restart.max),
            )
        )
    return Summary(
        system.name,
        domains,
        sum(1 for one in domains if one.guest),
        sum(one.count for one in system.objects),
        sum(one.capabilities for one in domains),
        len(system.channels),
        system.shared.bytes,
        memory_kib(system),
        system.platform.memory_mib,
        builder_slots(system),
    )


def summary_json(view: View, proved: list[str], modules: list[tuple[str, str]]) -> dict[str, object]:
    """For `summary.json`: the numbers, the claims that were proved, the modules with their hashes."""
    return {
        **asdict(summarize(view)),
        "claims": proved,
        "modules": [{"name": name, "sha256": digest} for name, digest in modules],
    }
