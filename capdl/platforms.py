"""What each machine that we run on has: the only physical numbers of a description, and nobody writes them by hand."""

from __future__ import annotations

from dataclasses import dataclass, field

PAGE = 4096


@dataclass(frozen=True)
class Serial:
    """A 16550: first of its eight ports and its interrupt."""

    port: int
    gsi: int


@dataclass(frozen=True)
class Pci:
    """What of a PCI function's memory its driver gets; offsets in the window of its root port."""

    bar_bytes: int  # BAR 0, at offset 0
    bar_given: int  # the driver maps this much; the rest stays a hole
    msix_offset: int  # the page with the MSI-X table, which no driver maps


@dataclass(frozen=True)
class Legacy:
    """A device at fixed ports, with a line of its own."""

    ports: tuple[tuple[str, int, int], ...]  # name, first, last
    gsi: int


@dataclass(frozen=True)
class DeviceKind:
    """What a class of devices is on one machine."""

    name: str
    number: int  # how the driver is told
    most: int  # so many the machine has
    pci: Pci | None = None
    legacy: Legacy | None = None


@dataclass(frozen=True)
class PciHost:
    """Configuration space and where the windows of root ports lie. Device i sits alone behind root port 00:(4+i).0."""

    ecam: int
    ecam_bytes: int
    windows: int

    WINDOW_BYTES = 2 << 20
    FIRST_PORT = 4

    def port(self, index: int) -> int:
        """bus << 8 | devfn of the root port."""
        return (self.FIRST_PORT + index) << 3

    def source(self, index: int) -> int:
        return (1 + index) << 8

    def config(self, source: int) -> int:
        """The 4 KiB page of a function: bus, device and function are address bits 27 to 12."""
        return self.ecam + (source << 12)

    def window(self, index: int) -> int:
        return self.windows + index * self.WINDOW_BYTES


CONFIG_PORTS = (0xCF8, 0xCFF)


@dataclass(frozen=True)
class Platform:
    """Ports by the names that descriptions use for them, devices by class."""

    name: str
    com1: Serial
    com2: Serial
    poweroff_port: int
    poweroff_value: int
    poweroff_bytes: int
    debug_exit_port: int  # 0: none
    pci: PciHost | None
    devices: dict[str, DeviceKind] = field(default_factory=dict)

    def ports(self) -> dict[str, tuple[int, int]]:
        """First and last port by name, of those that a description may give away."""
        found = {
            "com1": (self.com1.port, self.com1.port + 7),
            "com2": (self.com2.port, self.com2.port + 7),
            "power": (self.poweroff_port, self.poweroff_port + self.poweroff_bytes - 1),
        }
        if self.debug_exit_port:
            found["debug-exit"] = (self.debug_exit_port, self.debug_exit_port + 3)
        return found

    def all_ports(self) -> dict[str, tuple[int, int]]:
        """Those, and the ports that come with a device or with configuration space: claims may name them."""
        found = self.ports() | {"config-ports": CONFIG_PORTS}
        for kind in self.devices.values():
            found |= {name: (first, last) for name, first, last in (kind.legacy.ports if kind.legacy else ())}
        return found

    def gsis(self) -> dict[str, int]:
        """Interrupts by the name of their port."""
        return {"com1": self.com1.gsi, "com2": self.com2.gsi}


# QEMU 7.2's devices. nvme: one BAR of 16 KiB with registers and doorbells in the first two pages, the MSI-X table in the
# third and its pending bits in the fourth. e1000e: BAR 0 of 128 KiB; behind it BAR 1, which nobody maps, and BAR 3 with
# the MSI-X table in its first page. domains/pci puts them at these offsets of the root port's window.
NVME = DeviceKind("nvme", 1, 16, pci=Pci(0x4000, 0x2000, 0x2000))
E1000E = DeviceKind("e1000e", 2, 16, pci=Pci(0x20000, 0x20000, 0x40000))

# The first ATA channel of a PC: command block, and the control block's one register.
ATA = DeviceKind("ata", 3, 1, legacy=Legacy((("ata", 0x1F0, 0x1F7), ("ata-control", 0x3F6, 0x3F6)), 14))

# QEMU's q35 with isa-debug-exit at 0xf4, four bytes. Power-off: [ICH9] 13.8.3.3 PM1_CNT at PMBASE + 4, PMBASE as
# SeaBIOS sets it (0x600); SLP_EN with S5's SLP_TYP 0 is 0x2000. ECAM where SeaBIOS puts it.
Q35 = Platform(
    "q35",
    Serial(0x3F8, 4),
    Serial(0x2F8, 3),
    0x604,
    0x2000,
    2,
    0xF4,
    PciHost(0xB0000000, 256 << 20, 0xE0000000),
    {"disk": NVME, "network": E1000E},
)

# Bochs 2.7's i440FX. Power-off: [PIIX4] PMCNTRL at PMBASE + 4, PMBASE as its BIOS sets it (0xb000). Port 0x8900 takes
# the word "Shutdown"; the single value that builder writes to a debug-exit changes nothing there.
BOCHS = Platform("bochs", Serial(0x3F8, 4), Serial(0x2F8, 3), 0xB004, 0x2000, 2, 0x8900, None, {"disk": ATA})

PLATFORMS = {platform.name: platform for platform in (Q35, BOCHS)}
