"""Sizes, addresses and page tables: the arithmetic of docs/architecture.md sections 2 and 3."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .spec import Memory, Object

PAGE, LARGE = 4096, 2 << 20
ENDPOINT_BYTES, NOTIF_BYTES, SCHED_BYTES, THREAD_BYTES, VCPU_BYTES = 1024, 256, 256, 4096, 16384
SLOT_BYTES, SLOTS_LEAST, SLOTS_MOST = 64, 64, 65536
SPACE_PAGES = 2  # header and root, before the pool of tables

INFO_ADDRESS = 0x3FF000
HEAP_ADDRESS = 0x2000_0000
REGION_ADDRESS = 0x40_0000_0000
RAM_ADDRESS = 0x80_0000_0000
STACK_TOP = 0x7FFF_FF00_0000
STACK_STRIDE = 4 << 20  # from one thread's stack to the next: room for the largest stack and a guard

# From this size on memory comes in 2 MiB frames: fewer capabilities, fewer tables.
LARGE_FROM = 256 << 10


def round_up(value: int, unit: int) -> int:
    return (value + unit - 1) // unit * unit


def power_of_two(value: int) -> int:
    """The smallest power of two that is not below @value."""
    return 1 << max(value - 1, 0).bit_length()


def frame_size(size: int) -> int:
    return LARGE if size >= LARGE_FROM else PAGE


def frames_for(size: int) -> tuple[int, int]:
    """(size of a frame, how many) for @size bytes."""
    each = frame_size(size)
    return each, max(1, round_up(size, each) // each)


def captab_bytes(slots_used: int) -> int:
    """A table whose highest slot is @slots_used - 1 (slot 0 is never used)."""
    return SLOT_BYTES * max(SLOTS_LEAST, power_of_two(slots_used))


def space_bytes(tables: int) -> int:
    return PAGE * (SPACE_PAGES + tables)


def alignment(size: int, is_frame: bool) -> int:
    """docs/architecture.md section 2: frames to their size, others to that of a power of two, at most 4 KiB."""
    return size if is_frame else min(power_of_two(size), PAGE)


def tables_for(leaves: Iterable[tuple[int, int, int]]) -> int:
    """Page tables below the root that (address, size of a page, how many) need."""
    tables: set[tuple[int, int]] = set()
    for address, each, count in leaves:
        last = address + each * count - 1
        for level, shift in ((3, 39), (2, 30), *(((1, 21),) if each == PAGE else ())):
            tables.update((level, index) for index in range(address >> shift, (last >> shift) + 1))
    return len(tables)


def tables_anywhere(leaves: Iterable[tuple[int, int, int]]) -> int:
    """The same wherever in physical memory, of which the kernel knows 512 GiB, each of them lies: it may begin anywhere."""
    made = 1
    for _, each, count in leaves:
        for shift in (30, *((21,) if each == PAGE else ())):
            made += (each * count - 1 >> shift) + 2
    return made


def guest_tables(memory_mib: int) -> int:
    """Tables for a guest's space: 2 MiB leaves below and above the hole under 4 GiB, one 4 KiB table to spare."""
    gib = (memory_mib + 1023) // 1024
    return 1 + 4 + gib + 1


@dataclass
class Regions:
    """Hands out addresses for what a domain maps, with an unmapped page or more between two regions."""

    next: int = REGION_ADDRESS

    def place(self, each: int, count: int) -> int:
        address = round_up(self.next, each)
        self.next = address + each * count + PAGE
        return address


@dataclass
class Pool:
    """The objects of one owner, in the order they are carved."""

    owner: int
    objects: list[Object] = field(default_factory=list)

    def memory(self, frame_type: int) -> Memory:
        """The untyped that @objects fill; its base is aligned to the largest alignment."""
        end, largest = 0, PAGE
        for one in self.objects:
            align = alignment(one.size, one.type == frame_type)
            end = round_up(end, align) + one.size * one.count
            largest = max(largest, align)
        return Memory(max(PAGE, round_up(end, PAGE)), LARGE if largest > PAGE else PAGE)


def carving_order(one: Object, frame_type: int, untyped_type: int) -> tuple[int, bool]:
    """Sort key: largest alignment first, so that nothing is lost between objects; an untyped after the table that it goes into."""
    return -alignment(one.size, one.type == frame_type), one.type == untyped_type
