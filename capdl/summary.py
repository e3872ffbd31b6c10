"""What a system amounts to: domains, capabilities, memory."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from . import layout
from .limits import builder_slots, memory_kib
from .model import Model
from .view import View

SECTOR_BYTES = 512


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


@dataclass(frozen=True)
class DeviceSummary:
    """What the machine must have, in the order of its slots; and who shares it."""

    name: str
    kind: str
    index: int
    bytes: int  # least size of a disk; 0 for a network
    windows: list[WindowSummary]
    nets: list[NetSummary]


@dataclass(frozen=True)
class WindowSummary:
    tenant: str
    first_sector: int
    sectors: int
    read_only: bool
    encrypt: bool


@dataclass(frozen=True)
class NetSummary:
    tenant: str
    mac: str
    vlan: int
    rate_kbit: int
    peers: list[str]


def devices_of(model: Model) -> list[DeviceSummary]:
    made: list[DeviceSummary] = []
    title = [domain.title for domain in model.domains]
    for device in model.devices:
        ours = [one for one in model.channels if one.end_b == device.virtualiser]
        shares = [(title[one.end_a], one.window) for one in ours if one.window]
        windows = [WindowSummary(who, w.first_sector, w.sectors, w.read_only, w.encrypt) for who, w in shares]
        places = [(title[one.end_a], one.net) for one in ours if one.net]
        nets = [
            NetSummary(
                who, net.mac.to_bytes(6, "little").hex(":"), net.vlan, net.rate_kbit, [title[p] for p in net.peers]
            )
            for who, net in places
        ]
        size = max((one.first_sector + one.sectors for one in windows), default=0) * SECTOR_BYTES
        made.append(DeviceSummary(device.name, device.kind.name, device.index, size, windows, nets))
    return made


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


def summary_json(
    view: View, proved: list[str], modules: list[tuple[str, str]], devices: list[DeviceSummary]
) -> dict[str, object]:
    """For `summary.json`: the numbers, the claims that were proved, the modules with their hashes, the devices."""
    return {
        **asdict(summarize(view)),
        "claims": proved,
        "modules": [{"name": name, "sha256": digest} for name, digest in modules],
        "devices": [asdict(one) for one in devices],
        "unsafe_dma": view.system.unsafe_dma,
    }
