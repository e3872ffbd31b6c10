"""What each machine that we run on has: the only physical numbers of a description, and nobody writes them by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Serial:
    """A 16550: first of its eight ports and its interrupt."""

    port: int
    gsi: int


@dataclass(frozen=True)
class Platform:
    """Ports by the names that descriptions use for them."""

    name: str
    com1: Serial
    com2: Serial
    poweroff_port: int
    poweroff_value: int
    poweroff_bytes: int
    debug_exit_port: int  # 0: none

    def ports(self) -> dict[str, tuple[int, int]]:
        """First and last port by name."""
        found = {
            "com1": (self.com1.port, self.com1.port + 7),
            "com2": (self.com2.port, self.com2.port + 7),
            "power": (self.poweroff_port, self.poweroff_port + self.poweroff_bytes - 1),
        }
        if self.debug_exit_port:
            found["debug-exit"] = (self.debug_exit_port, self.debug_exit_port + 3)
        return found

    def gsis(self) -> dict[str, int]:
        """Interrupts by the name of their port."""
        return {"com1": self.com1.gsi, "com2": self.com2.gsi}


# QEMU's q35 with isa-debug-exit at 0xf4, four bytes. Power-off: [ICH9] 13.8.3.3 PM1_CNT at PMBASE + 4, PMBASE as
# SeaBIOS sets it (0x600); SLP_EN with S5's SLP_TYP 0 is 0x2000.
Q35 = Platform("q35", Serial(0x3F8, 4), Serial(0x2F8, 3), 0x604, 0x2000, 2, 0xF4)

# Bochs 2.7's i440FX. Power-off: [PIIX4] PMCNTRL at PMBASE + 4, PMBASE as its BIOS sets it (0xb000). Port 0x8900 takes
# the word "Shutdown"; the single value that builder writes to a debug-exit changes nothing there.
BOCHS = Platform("bochs", Serial(0x3F8, 4), Serial(0x2F8, 3), 0xB004, 0x2000, 2, 0x8900)

PLATFORMS = {platform.name: platform for platform in (Q35, BOCHS)}
