"""Devices and the channels that lead to them, as objects, mappings and resources: docs/capdl.md, "Devices"."""

from __future__ import annotations

from dataclasses import dataclass, field

from . import bells, layout, spec
from .model import Channel, Device, Domain, Model, Net, Window
from .objects import Objects
from .plan import READ, UNCACHED, WRITE, DevicePlan, Plan, key
from .platforms import Legacy, Pci, PciHost

REGIONS = {"block": 16384, "blockdev": 16384, "net": 8192, "netdev": 16384}  # pages of idl/block.idl and idl/net.idl
POOLS = {"block": 4 << 20, "net": 2 << 20, "netdev": 2 << 20}
CLIENTS = {"block": "blockdev", "net": "netdev"}  # the next channel on the way to the device
DMA_BYTES = 128 << 10  # a driver's own: queues, descriptors
IOVA = 0x10_0000_0000
CONFIG_PORTS = "config-ports"


def title(model: Model, channel: Channel) -> str:
    """block-a after the tenant, blockdev-blkdrv after the driver."""
    end = channel.end_a if channel.kind in CLIENTS else channel.end_b
    return f"{channel.kind}-{model.domains[end].title}"


def pool_key(model: Model, channel: Channel) -> str:
    kind, _, rest = title(model, channel).partition("-")
    return f"{kind}-pool-{rest}"


@dataclass
class Driving:
    """What devices add to a compilation. Addresses that a device uses are chosen here, too."""

    model: Model
    objects: Objects
    iova: dict[str, int] = field(default_factory=dict)  # of each pool, by key
    bases: dict[str, int] = field(default_factory=dict)  # physical, of device memory
    moved: set[str] = field(default_factory=set)  # keys of what bus masters reach

    # --- shared objects ---

    def add_shared(self) -> None:
        for channel in self.model.channels:
            if channel.kind in REGIONS:
                count = REGIONS[channel.kind] // layout.PAGE
                self.objects.add(title(self.model, channel), spec.SHARED, "frame", layout.PAGE, count=count)
            if channel.window and channel.window.encrypt:
                add = self.objects.add
                add(self.rung(channel, channel.end_a), spec.SHARED, "notif", layout.NOTIF_BYTES)
            if channel.kind in POOLS:
                self.objects.frames(pool_key(self.model, channel), spec.SHARED, POOLS[channel.kind])
        for device in self.model.devices:
            self.moved |= set(self.pools(device) if device.kind.pci else ())
            next_iova = IOVA + self.spread(DMA_BYTES)
            for pool in self.pools(device):
                self.iova[pool] = next_iova
                one = self.objects[pool]
                next_iova += self.spread(one.size * one.count)
            if device.kind.pci and self.model.platform.pci:
                self.add_device_memory(device, device.kind.pci, self.model.platform.pci)

    def rung(self, channel: Channel, end: int) -> str:
        """The notification by which @end hears of @channel: that of its cipher thread where it encrypts."""
        encrypts = channel.window is not None and channel.window.encrypt and end == channel.end_a
        return key(self.model.domains[end], "cipher-bell" if encrypts else "bell")

    @staticmethod
    def spread(size: int) -> int:
        """From one range to the next: 2 MiB aligned, with a gap that faults."""
        return layout.round_up(size, layout.LARGE) + layout.LARGE

    def pools(self, device: Device) -> list[str]:
        """What the device moves data in: its virtualiser's pool, then those of the tenants."""
        if device.virtualiser is None:
            return []
        kinds = {"disk": ("block",), "network": ("netdev", "net")}[device.class_]
        found: list[str] = []
        for kind in kinds:
            for channel in self.model.channels:
                near = channel.end_a if kind == "netdev" else channel.end_b
                if channel.kind == kind and near == device.virtualiser:
                    found.append(pool_key(self.model, channel))
        return found

    def add_device_memory(self, device: Device, pci: Pci, host: PciHost) -> None:
        window, source, port = host.window(device.index), host.source(device.index), host.port(device.index)
        pages = {
            "bar": (window, pci.bar_given // layout.PAGE),
            "msix": (window + pci.msix_offset, 1),
            "config": (host.config(source), 1),
            "port": (host.config(port), 1),
        }
        for part, (base, count) in pages.items():
            name = f"{device.name}.{part}"
            self.objects.add(name, spec.DEVICE_MEMORY, "frame", layout.PAGE, count=count)
            self.bases[name] = base

    # --- records ---

    def windows(self) -> list[spec.Window]:
        numbered = sorted((self.objects.number(name), base) for name, base in self.bases.items())
        return [spec.Window(number, base) for number, base in numbered]

    def channels(self, channel: Channel) -> list[spec.Channel]:
        """The control region, and the pool: of one end only, so that only its death empties it."""
        number = self.objects.number
        made = [spec.Channel(number(title(self.model, channel)), channel.end_a, channel.end_b)]
        if channel.kind in POOLS:
            made.append(spec.Channel(number(pool_key(self.model, channel)), channel.end_a, channel.end_a))
        return made

    # --- ends of channels ---

    def make_end(self, plan: Plan, channel: Channel, peer: Plan) -> None:
        """The control region and the way to ring the other end; then what the kind of channel brings."""
        at_a = plan.domain.id == channel.end_a
        kind = channel.kind
        tenant = "" if at_a or kind not in CLIENTS else f"-{self.model.domains[channel.end_a].title}"
        address, size = plan.map_region(title(self.model, channel), READ | WRITE)
        plan.resource(f"{kind}{tenant}", "region", address=address, size=size)
        bits = bells.BY_CHANNEL[kind]
        slot = plan.hold(self.rung(channel, peer.domain.id), "signal", mask=bits)
        plan.resource(f"{kind}-bell{tenant}", "notif", slot=slot, extra=bits)
        if kind in POOLS:
            self.make_pool(plan, channel, at_a, tenant)
        if channel.window:
            self.make_window(plan, channel, channel.window, at_a, tenant)
        if channel.net:
            self.make_net(plan, channel.net, at_a, tenant)

    def make_pool(self, plan: Plan, channel: Channel, at_a: bool, tenant: str) -> None:
        """A disk's virtualiser sees no data; a network's sees its own pool and the tenants'."""
        pool = pool_key(self.model, channel)
        one = self.objects[pool]
        iova = self.iova.get(pool, 0)
        if at_a or channel.kind == "net":
            address, size = plan.map_region(pool, READ | WRITE)
            seen_by_device = iova if channel.kind == "netdev" or not at_a else 0
            name = f"{channel.kind}-pool{tenant}"
            plan.resource(name, "region", address=address, size=size, extra=seen_by_device)
            self.tell(plan, name, pool)
        elif channel.kind == "netdev":
            plan.resource("netdev-pool", "number", size=one.size * one.count, extra=iova)
            self.tell(plan, "netdev-pool", pool)

    def tell(self, plan: Plan, name: str, target: str) -> None:
        """Where there may be no IOMMU, builder says where @target lies, if the last resource says how a device calls it."""
        if self.model.unsafe_dma and target in self.moved and plan.resources[-1].extra:
            plan.seen_by_device[name] = target

    def make_window(self, plan: Plan, channel: Channel, window: Window, at_a: bool, tenant: str) -> None:
        first = 0 if at_a else window.first_sector
        iova = 0 if at_a else self.iova.get(pool_key(self.model, channel), 0)
        name = f"block-info{tenant}"
        plan.resource(name, "number", count=window.flags, address=first, size=window.sectors, extra=iova)
        self.tell(plan, name, pool_key(self.model, channel))

    @staticmethod
    def make_net(plan: Plan, net: Net, at_a: bool, tenant: str) -> None:
        address = int(net.merge) if at_a else net.rate_kbit
        plan.resource(f"net-info{tenant}", "number", count=net.vlan, address=address, extra=net.mac)

    def make_virtualiser(self, plan: Plan, management: Plan | None) -> None:
        """A virtualiser may ask management to look at it; one of networks knows whose frames go to whom."""
        id_ = plan.domain.id
        if not any(channel.kind in ("blockdev", "netdev") and channel.end_a == id_ for channel in self.model.channels):
            return
        if management is not None:
            slot = plan.hold(management.key("bell"), "signal", mask=bells.ATTENTION)
            plan.resource("attention", "notif", slot=slot, extra=bells.ATTENTION)
        nets = [channel for channel in self.model.channels if channel.kind == "net" and channel.end_b == id_]
        if nets:
            names = [self.model.domains[channel.end_a].title for channel in nets]
            titles = {channel.end_a: name for channel, name in zip(nets, names, strict=True)}
            lines = (f"{titles[one.end_a]} {titles[peer]}\n" for one in nets if one.net for peer in one.net.peers)
            plan.text_resource("peers", "".join(lines))

    # --- drivers, configuration space, management ---

    def make_driver(self, plan: Plan, device: Device, management: Plan | None) -> None:
        plan.resource("device", "number", extra=device.kind.number)
        if device.kind.pci and self.model.platform.pci:
            self.make_bus_master(plan, device, device.kind.pci, self.model.platform.pci, management)
        elif device.kind.legacy:
            self.make_legacy(plan, device, device.kind.legacy)

    def make_bus_master(self, plan: Plan, device: Device, pci: Pci, host: PciHost, management: Plan | None) -> None:
        address = plan.regions.place(layout.PAGE, pci.bar_bytes // layout.PAGE)
        plan.map_at(f"{device.name}.bar", address, READ | WRITE | UNCACHED)
        plan.resource("bar", "region", address=address, size=pci.bar_bytes)
        dma = plan.own_frames("dma", DMA_BYTES, layout.PAGE)
        address, size = plan.map_region(dma, READ | WRITE)
        plan.resource("dma", "region", address=address, size=size, extra=IOVA)
        self.moved.add(dma)
        self.tell(plan, "dma", dma)
        source, slot = host.source(device.index), plan.take_slots()
        plan.resource("irq", "irq", slot=slot, extra=bells.IRQ)
        mappings = [(dma, IOVA, READ | WRITE)]
        for pool in self.pools(device):
            sent_only = device.class_ == "network" and pool.startswith("net-pool-")
            mappings.append((pool, self.iova[pool], READ if sent_only else READ | WRITE))
        leaves = [(iova, self.objects[name].size, self.objects[name].count) for name, iova, _ in mappings]
        tables = layout.tables_anywhere(leaves) if self.model.unsafe_dma else layout.tables_for(leaves)
        iospace = plan.own("iospace", "iospace", layout.space_bytes(tables))
        fault = (management.key("bell"), bells.FAULT) if management else None
        plan.devices.append(DevicePlan(iospace, source, mappings, [(slot, device.index, bells.IRQ)], fault))

    def make_legacy(self, plan: Plan, device: Device, legacy: Legacy) -> None:
        """No bus master: the driver itself moves the data, so it maps the pools where a device would see them."""
        for name, first, last in legacy.ports:
            plan.give_port(name, first, last, None)
        plan.give_irq("irq", legacy.gsi, bells.IRQ)
        for number, pool in enumerate(self.pools(device)):
            one = self.objects[pool]
            plan.map_at(pool, self.iova[pool], READ | WRITE)
            plan.resource(f"pool-{number}", "region", address=self.iova[pool], size=one.size * one.count)

    def make_pci(self, plan: Plan) -> None:
        """Configuration space of the devices and their ports, and the MSI-X tables: for whoever scans and whoever keeps."""
        host = self.model.platform.pci
        if host is None or plan.domain.id not in (self.model.pci_scan, self.model.pci_keeper):
            return
        lines: list[str] = []
        for device in self.model.pci_devices:
            at = device.index
            port, source, window = host.port(at), host.source(at), host.window(at)
            lines.append(f"{device.name} {device.kind.name} {port:x} {source:x} {window:x} {at:x}\n")
            for part in ("config", "port", "msix"):
                address, size = plan.map_region(f"{device.name}.{part}", READ | WRITE | UNCACHED)
                plan.resource(f"{part}-{at}", "region", address=address, size=size)
        plan.text_resource("devices", "".join(lines))
        plan.resource("msi", "number", flags=spec.FILLED_BY_BUILDER)
        if plan.domain.id == self.model.pci_scan:
            plan.give_port(CONFIG_PORTS, *self.model.platform.all_ports()[CONFIG_PORTS], None)

    def make_management(self, plan: Plan) -> None:
        """Whom to stop, whom to ask, what to reset: a line for each device."""

        def name(number: int | None) -> str:
            found: Domain | None = None if number is None else self.model.domains[number]
            return found.name if found else "-"

        lines = (
            f"{name(one.driver)} {name(one.virtualiser)} {one.index if one.kind.pci else '-'}\n"
            for one in self.model.devices
        )
        if self.model.devices:
            plan.text_resource("devices", "".join(lines))
        for number in sorted({one.virtualiser for one in self.model.devices if one.virtualiser is not None}):
            slot = plan.hold(key(self.model.domains[number], "bell"), "signal", mask=bells.CALL)
            plan.resource(f"call-{name(number)}", "notif", slot=slot, extra=bells.CALL)
