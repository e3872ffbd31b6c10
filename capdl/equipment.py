"""Checks of devices: which of them the machine has, who drives them, and the channels that lead to them."""

from __future__ import annotations

from .description import Description, WrittenChannel, WrittenDevice
from .errors import Faults, Place
from .model import Channel, Device, Domain, Net, Window
from .platforms import Platform
from .tables import one_of

SECTORS_PER_MIB = 2048
MAC_PREFIX = bytes((0x02, 0x42, 0x48, 0, 0))  # locally administered
DEVICE_CHANNELS = {"blockdev": "disk", "netdev": "network"}  # what their end b must drive
CLIENT_CHANNELS = {"block": "blockdev", "net": "netdev"}  # what their end b must be end a of
PCI_ROLES = ("scan", "keeper")


def absent(written: Description, platform: Platform) -> set[str]:
    """Names of devices that are not there, and of the domains that go with them."""
    lacking = {name for name, _ in written.without.get(platform.name, [])}
    off = {one.name for one in written.subjects if not one.enabled}
    gone: set[str] = set()
    kept = False
    for device in written.devices:
        if device.enabled and device.name not in lacking and device.driver not in off:
            kind = platform.devices.get(device.class_)
            kept |= kind is None or kind.pci is not None
            continue
        gone |= {device.name, device.driver}
        gone |= {
            one.from_end for one in written.channels if one.kind in DEVICE_CHANNELS and one.to_end == device.driver
        }
    if written.devices and not kept:
        gone |= {str(written.pci.values[role]) for role in PCI_ROLES if role in written.pci.values}
    return gone


class Equipment:
    """Resolves devices, the keepers of configuration space, and what data channels say."""

    def __init__(
        self, written: Description, platform: Platform, faults: Faults, domains: list[Domain], disabled: set[str]
    ) -> None:
        self.written = written
        self.platform = platform
        self.faults = faults
        self.disabled = disabled
        self.domains = domains
        self.by_name = {domain.name: domain for domain in domains}
        self.by_title = {domain.title: domain for domain in domains}

    # --- devices ---

    def devices(self, channels: list[Channel]) -> list[Device]:
        self.check_without()
        made: list[Device] = []
        for one in self.written.devices:
            if one.name not in self.disabled:
                device = self.device(one, made, channels)
                if device is not None:
                    made.append(device)
        return made

    def check_without(self) -> None:
        known = {one.name for one in self.written.devices}
        for names in self.written.without.values():
            for name, place in names:
                if name not in known:
                    self.faults.add(place, f"no device '{name}'", one_of(known))

    def device(self, one: WrittenDevice, made: list[Device], channels: list[Channel]) -> Device | None:
        kind = self.platform.devices.get(one.class_)
        machine = self.platform.name
        if kind is None:
            self.faults.add(
                one.at("class"),
                f"the machine '{machine}' has no {one.class_}",
                f"'without = [\"{one.name}\"]' in [platform.{machine}], or one of {', '.join(self.platform.devices)}",
            )
            return None
        if sum(other.kind is kind for other in made) == kind.most:
            self.faults.add(
                one.at("class"),
                f"the machine '{machine}' has no {one.class_} left for '{one.name}'",
                f"at most {kind.most} of this class",
            )
            return None
        driver = self.domain(one.driver, one.at("driver"))
        if driver is None:
            return None
        other = next((device for device in made if device.driver == driver.id), None)
        if other is not None:
            self.faults.add(
                one.at("driver"), f"'{driver.name}' already drives '{other.name}'", "a driver for each device"
            )
            return None
        virtualiser = next((c.end_a for c in channels if c.kind in DEVICE_CHANNELS and c.end_b == driver.id), None)
        index = sum((device.kind.pci is None) == (kind.pci is None) for device in made)
        return Device(one.name, one.class_, kind, driver.id, virtualiser, index)

    def domain(self, name: str, place: Place) -> Domain | None:
        """A domain that is no VMM."""
        found = self.by_name.get(name)
        if found is None or found.guest:
            known = one_of(domain.name for domain in self.domains if not domain.guest)
            self.faults.add(place, f"no domain '{name}'", known)
            return None
        return found

    def pci_roles(self, devices: list[Device]) -> tuple[int | None, int | None]:
        """(who scans, who keeps) configuration space."""
        table, ids = self.written.pci, dict.fromkeys(PCI_ROLES, -1)
        on_pci = next((device for device in devices if device.kind.pci), None)
        for role in PCI_ROLES:
            name = str(table.values.get(role, ""))
            if not name and (table.values or on_pci):
                place = self.place_of(on_pci.name) if on_pci and not table.values else table.place
                what = f"nobody is named to {'scan' if role == 'scan' else 'keep'} configuration space"
                self.faults.add(place, what, f"'{role}' in [pci]")
            elif name and name not in self.disabled:
                found = self.domain(name, table.at(role))
                ids[role] = found.id if found else -1
        scan, keeper = (None if ids[role] < 0 else ids[role] for role in PCI_ROLES)
        if scan is not None and scan == keeper:
            self.faults.add(table.at("keeper"), f"'{self.domains[scan].name}' both scans and keeps", "two domains")
        elif scan is not None and not self.domains[scan].once:
            self.faults.add(
                table.at("scan"),
                f"'{self.domains[scan].name}' stays after it has scanned configuration space",
                "a domain with 'once = true'",
            )
        return scan, keeper

    def place_of(self, device: str) -> Place:
        return next(one.table.place for one in self.written.devices if one.name == device)

    # --- channels ---

    def check_channels(
        self, written: dict[int, WrittenChannel], channels: list[Channel], devices: list[Device]
    ) -> None:
        """Ends of the right sort: a device channel leads to a driver, a client's to a virtualiser."""
        drivers = {device.driver: device for device in devices}
        for number, channel in enumerate(channels):
            one = written[number]
            if channel.kind in DEVICE_CHANNELS:
                self.check_device_channel(one, channel, channels[:number], drivers)
            elif channel.kind in CLIENT_CHANNELS:
                needed = CLIENT_CHANNELS[channel.kind]
                if not any(other.kind == needed and other.end_a == channel.end_b for other in channels):
                    what = f"'{one.to_end}' has no {needed} channel to a driver"
                    self.faults.add(one.at("to"), what, f"the end a of a {needed} channel")

    def check_device_channel(
        self, one: WrittenChannel, channel: Channel, before: list[Channel], drivers: dict[int, Device]
    ) -> None:
        class_, device = DEVICE_CHANNELS[channel.kind], drivers.get(channel.end_b)
        if self.domains[channel.end_a].guest:
            self.faults.add(one.at("from"), f"'{one.from_end}' is a guest", "a domain: guests have block and net")
        if device is None or device.class_ != class_:
            what = f"'{one.to_end}' drives no {class_}"
            known = (one.driver for one in self.written.devices if one.class_ == class_)
            self.faults.add(one.at("to"), what, one_of(known))
        elif any(other.kind == channel.kind and other.end_b == channel.end_b for other in before):
            self.faults.add(
                one.at("to"), f"'{one.to_end}' already serves another domain", "one virtualiser for a driver"
            )

    def with_shares(
        self, written: dict[int, WrittenChannel], channels: list[Channel], devices: list[Device]
    ) -> list[Channel]:
        """Windows, one after the other on each disk; addresses and rules of networks."""
        made: list[Channel] = []
        first_mib = {one.name: one.first_mib for one in self.written.devices}
        next_sector = {one.virtualiser: first_mib[one.name] * SECTORS_PER_MIB for one in devices}
        for number, channel in enumerate(channels):
            one = written[number]
            if channel.kind == "block":
                first = next_sector.get(channel.end_b, 0)
                key = (one.key or f"{one.from_end}.key") if one.encrypt else ""
                window = Window(first, one.window_mib * SECTORS_PER_MIB, one.read_only, key)
                if key and any(key == other.window.key for other in made if other.window):
                    self.faults.add(
                        one.at("key"), f"'{key}' is the key of another window, too", "a key for each window"
                    )
                next_sector[channel.end_b] = first + window.sectors
                channel = Channel(channel.kind, channel.end_a, channel.end_b, window=window)
            elif channel.kind == "net":
                count = sum(other.kind == "net" for other in made)
                if count > 254:
                    self.faults.add(one.table.place, "more than 255 net channels", "at most 255")
                mac = int.from_bytes(MAC_PREFIX + bytes(((count + 1) & 255,)), "little")
                net = Net(mac, one.vlan, one.rate_kbit, one.merge, self.peers(one, channel, written, channels))
                channel = Channel(channel.kind, channel.end_a, channel.end_b, net=net)
            made.append(channel)
        return made

    def peers(
        self, one: WrittenChannel, channel: Channel, written: dict[int, WrittenChannel], channels: list[Channel]
    ) -> tuple[int, ...]:
        """Who may exchange frames directly: both must say so, on one network."""
        found: list[int] = []
        nets = {
            other.end_a: written[number]
            for number, other in enumerate(channels)
            if other.kind == "net" and other.end_b == channel.end_b
        }
        titles = {self.domains[id_].title: id_ for id_ in nets if id_ != channel.end_a}
        for name, place in one.peers:
            if name in self.disabled:
                continue
            if name == one.from_end:
                self.faults.add(place, f"'{name}' is its own peer", one_of(titles))
            elif name not in titles:
                self.faults.add(place, f"no '{name}' on the network of '{one.from_end}'", one_of(titles))
            elif titles[name] in found:
                self.faults.add(place, f"'{name}' is listed twice", "each peer once")
            elif one.from_end not in (peer for peer, _ in nets[titles[name]].peers):
                self.faults.add(
                    place,
                    f"'{name}' does not name '{one.from_end}' as its peer",
                    f"'{one.from_end}' among the peers of '{name}', or neither",
                )
            elif nets[titles[name]].vlan != one.vlan:
                what = f"'{name}' is in VLAN {nets[titles[name]].vlan}, '{one.from_end}' in {one.vlan}"
                self.faults.add(place, what, "peers in one VLAN")
            else:
                found.append(titles[name])
        return tuple(found)
