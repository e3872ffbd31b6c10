"""Counting a Linux boot on Bochs, where a tick is an instruction or a moment of HLT.

Bochs's debugger stops at startup_64, at every HLT that the processor itself executes, and at the benchmark's init. Each
HLT is stepped over, and what it took is taken off: the same on both sides, in the core's idle loop here (a guest's own HLT
is an exit, and what that costs is counted) and in Linux's on the bare machine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from bulkhead import kernelstats
from bulkhead.bochsdebug import DebuggedBochs
from bulkhead.bzimage import BzImage
from bulkhead.emulator import Boot, Machine, Module
from bulkhead.errors import BulkheadFailed
from bulkhead.platforms import BOCHS_SVM
from bulkhead.session import Session

# Where init is linked: an address that no domain has code at, so that reaching it means Linux's init.
MARKER = 0x1B480000
# The HLT must be where the image says, idle must be HLT, and Bochs 2.7's MWAITX, by which Linux waits on AMD, never wakes up.
APPEND = "nokaslr idle=halt clearcpuid=mwaitx"
# docs/emulators.md: on Bochs's Intel model a bare Linux 6.1 does not get far.
BARE = BOCHS_SVM

_TIMEOUT_S = 1500.0
_ENTRIES = {"vmrun", "vmlaunch", "vmresume"}


@dataclass(frozen=True)
class Counted:
    """Between startup_64 and init."""

    instructions: int
    halts: int
    entries: int


def _count(machine: DebuggedBochs, start: int, halts: Collection[int], entries: Collection[int]) -> Counted:
    machine.break_at(start)
    at_start = machine.go_on()
    if at_start.rip != start:
        raise BulkheadFailed(f"Bochs stopped at {at_start.rip:#x} instead of startup_64")
    machine.break_at(MARKER, *halts, *entries)
    idle = halted = entered = 0
    stop = machine.go_on()
    while stop.rip != MARKER:
        entered += stop.rip in entries
        if stop.rip in halts:
            idle += machine.step() - stop.tick - 1  # the HLT itself is an instruction
            halted += 1
        stop = machine.go_on()
    return Counted(stop.tick - at_start.tick - idle, halted, entered)


def bare(kernel: Path, initramfs: Path, append: str, memory_mib: int, work: Path) -> Counted:
    """Linux on the bare emulator."""
    image = BzImage(kernel)
    boot = Boot(kernel=kernel, append=append, modules=(Module("init", initramfs),))
    machine = Machine(memory_mib=memory_mib, platform=BARE, icount=True)
    with DebuggedBochs(machine, boot, _TIMEOUT_S, linux=True) as bochs:
        return _count(bochs, image.start_address(), image.halt_addresses(work), ())


def guest(machine: Machine, boot: Boot, kernel: Path, afterwards: Callable[[Session], None]) -> Counted:
    """Linux as the guest of @boot's system; @afterwards looks at the machine, which then runs freely."""
    vendor = machine.platform.vendor
    halts = kernelstats.instruction_addresses(vendor, {"sti hlt"})
    entries = kernelstats.instruction_addresses(vendor, _ENTRIES)
    if not halts or not entries:
        raise BulkheadFailed(f"the {vendor} image has no idle HLT, or nothing that enters a guest")
    bochs = DebuggedBochs(machine, boot, _TIMEOUT_S)
    with Session(machine, boot, bochs) as session:
        counted = _count(bochs, BzImage(kernel).start_address(), halts, entries)
        bochs.let_go()
        afterwards(session)
        return counted
