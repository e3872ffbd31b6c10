"""The checked system: every name resolved, every rule of docs/capdl.md kept, no slot or address chosen yet."""

from __future__ import annotations

from dataclasses import dataclass, field

from .platforms import DeviceKind, Platform
from .spec import Claim

BUILDER = -1  # in place of a domain id: the endpoint that builder serves
BUILDER_NAME = "builder"
VMM_PREFIX = "vmm-"


@dataclass(frozen=True)
class Schedule:
    budget_us: int
    period_us: int
    priority: int
    reserve_us: int  # 0: no reserve context


@dataclass(frozen=True)
class Restart:
    policy: str
    limit: int

    def __str__(self) -> str:
        return self.policy if self.policy == "never" else f"{self.policy}/{self.limit}"


@dataclass(frozen=True)
class BootModule:
    image: str
    append: str


@dataclass(frozen=True)
class Guest:
    name: str
    memory_mib: int
    kernel: str
    initrd: str  # empty: none
    append: str
    modules: tuple[BootModule, ...]
    debug_exit: bool


@dataclass(frozen=True)
class Authority:
    """What a laboratory's domain holds and no other: an untyped, its own table and space, and control."""

    untyped_mib: int
    slots: int  # free ones in its table
    tables: int  # to spare in its space


@dataclass(frozen=True)
class Domain:
    id: int
    name: str
    images: tuple[tuple[str, str], ...]  # (profile, image); the first is the described one
    start: bool
    heap_kib: int
    stack_kib: int
    fpu: bool
    ports: tuple[str, ...]
    schedule: Schedule
    restart: Restart
    guest: Guest | None
    authority: Authority | None = None
    once: bool = False

    @property
    def title(self) -> str:
        """The tenant's name, or the domain's where it has none."""
        return self.guest.name if self.guest else self.name


@dataclass(frozen=True)
class Window:
    """The part of a disk that a tenant has."""

    first_sector: int
    sectors: int
    read_only: bool
    key: str  # the image that holds its key; empty: not encrypted

    @property
    def encrypt(self) -> bool:
        return bool(self.key)

    @property
    def flags(self) -> int:
        return (1 if self.read_only else 0) | (2 if self.encrypt else 0)


@dataclass(frozen=True)
class Net:
    """A tenant's place on a network."""

    mac: int  # first byte lowest
    vlan: int
    rate_kbit: int
    merge: bool  # the guest's card offers merged buffers
    peers: tuple[int, ...]  # domains


@dataclass(frozen=True)
class Device:
    """A device of the machine in the hands of one driver."""

    name: str
    class_: str
    kind: DeviceKind
    driver: int
    virtualiser: int | None
    index: int  # among the devices on PCI, or among the others


@dataclass(frozen=True)
class Channel:
    """End a is the client or VMM, end b the server or management."""

    kind: str
    end_a: int
    end_b: int
    window: Window | None = None  # of a block channel
    net: Net | None = None  # of a net channel
    virtio: bool = False  # of a console channel: what is typed goes to a virtio console, not to the UART


@dataclass(frozen=True)
class Client:
    domain: int
    in_guest: bool  # the capability goes to the guest's terminal table
    methods: tuple[str, ...]
    mask: int
    badge: int


@dataclass(frozen=True)
class Endpoint:
    name: str
    interface: str
    number: int
    server: int
    clients: tuple[Client, ...]


@dataclass(frozen=True)
class Model:
    name: str
    focus: str
    platform: Platform
    memory_mib: int
    management: int | None
    domains: tuple[Domain, ...]
    channels: tuple[Channel, ...]
    endpoints: tuple[Endpoint, ...]
    claims: tuple[Claim, ...]
    devices: tuple[Device, ...] = ()
    pci_scan: int | None = None
    pci_keeper: int | None = None
    unsafe_dma: bool = False
    image_files: dict[str, str] = field(default_factory=dict)  # by the name that the description gives them

    @property
    def pci_devices(self) -> list[Device]:
        return [device for device in self.devices if device.kind.pci]

    def device_of(self, driver: int) -> Device | None:
        return next((device for device in self.devices if device.driver == driver), None)

    def served_by(self, domain: int) -> list[Endpoint]:
        return [endpoint for endpoint in self.endpoints if endpoint.server == domain]
