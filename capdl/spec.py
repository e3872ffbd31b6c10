"""The compiled system, field by field as docs/system.cddl has it: each class is one array of the CBOR."""

from __future__ import annotations

import dataclasses
import types
import typing
from dataclasses import dataclass
from typing import Any, Union

import cbor2

from .errors import CapdlError

VERSION = 2
SHARED = 64  # owner of what belongs to no domain
DEVICE_MEMORY = 65  # owner of frames that are no RAM
FILLED_BY_BUILDER, ADDRESS_BY_BUILDER = 1, 2  # flags of a resource
NONE = 65535  # "no object"


@dataclass(frozen=True)
class SerialPort:
    port: int
    gsi: int


@dataclass(frozen=True)
class PowerOff:
    port: int
    value: int
    size_bytes: int


@dataclass(frozen=True)
class PlatformRecord:
    machine: str
    memory_mib: int
    com1: SerialPort
    com2: SerialPort
    poweroff: PowerOff
    debug_exit: int


@dataclass(frozen=True)
class Memory:
    bytes: int
    align: int


@dataclass(frozen=True)
class Segment:
    vaddr: int
    offset: int
    file_bytes: int
    memory_bytes: int
    access: int


@dataclass(frozen=True)
class Image:
    name: str
    sha256: bytes
    size_bytes: int
    kind: int
    entry: int
    segments: list[Segment]


@dataclass(frozen=True)
class Object:
    owner: int
    type: int
    flags: int
    size: int
    count: int
    content: int
    name: str


@dataclass(frozen=True)
class Channel:
    object: int
    end_a: int
    end_b: int


@dataclass(frozen=True)
class Window:
    object: int
    base: int


@dataclass(frozen=True)
class Profile:
    name: str
    image: int


@dataclass(frozen=True)
class Heap:
    vaddr: int
    bytes: int


@dataclass(frozen=True)
class Mapping:
    object: int
    first: int
    count: int
    vaddr: int
    access: int


@dataclass(frozen=True)
class Capability:
    slot: int
    object: int
    first: int
    count: int
    rights: int
    flags: int
    interface: int
    mask: int
    badge: int


@dataclass(frozen=True)
class IoPort:
    slot: int
    first: int
    last: int


@dataclass(frozen=True)
class Irq:
    slot: int
    gsi: int
    flags: int
    notif: int
    bits: int


@dataclass(frozen=True)
class Thread:
    object: int
    flags: int
    sched: int
    budget_us: int
    period_us: int
    priority: int
    reserve: int
    reserve_us: int
    notif: int
    fault: int
    fault_badge: int
    stack_top: int


@dataclass(frozen=True)
class Guest:
    name: str
    vcpu: int
    space: int
    captab: int
    capabilities: list[Capability]


@dataclass(frozen=True)
class Resource:
    name: str
    kind: int
    flags: int
    slot: int
    count: int
    address: int
    bytes: int
    extra: int


@dataclass(frozen=True)
class Msi:
    slot: int
    handle: int
    source: int
    notif: int
    bits: int


@dataclass(frozen=True)
class FaultEvent:
    notif: int
    bits: int


@dataclass(frozen=True)
class Device:
    iospace: int
    source: int
    mappings: list[Mapping]
    msis: list[Msi]
    fault: FaultEvent


@dataclass(frozen=True)
class Restart:
    on: int
    max: int
    window_s: int


@dataclass(frozen=True)
class Domain:
    id: int
    name: str
    start: bool
    compartment: int
    memory: Memory
    captab: int
    space: int
    image_frames: int
    info_frame: int
    profiles: list[Profile]
    heap: Heap
    mappings: list[Mapping]
    capabilities: list[Capability]
    ioports: list[IoPort]
    irqs: list[Irq]
    threads: list[Thread]
    guest: Guest | None
    resources: list[Resource]
    text: str
    restart: Restart
    once: bool
    devices: list[Device]


@dataclass(frozen=True)
class NoFlow:
    kind: int
    text: str
    from_: str
    to: str
    through: list[str]


@dataclass(frozen=True)
class HoldsNo:
    kind: int
    text: str
    who: str
    types: int
    foreign: bool


@dataclass(frozen=True)
class OnlyCalls:
    kind: int
    text: str
    who: list[str]
    interface: int
    mask: int


@dataclass(frozen=True)
class OnlyPort:
    kind: int
    text: str
    who: list[str]
    first: int
    last: int


@dataclass(frozen=True)
class OnlyHolds:
    kind: int
    text: str
    who: list[str]
    types: int


@dataclass(frozen=True)
class Range:
    base: int
    bytes: int


@dataclass(frozen=True)
class OnlyMaps:
    kind: int
    text: str
    who: list[str]
    ranges: list[Range]


@dataclass(frozen=True)
class NoMemory:
    kind: int
    text: str
    who: str
    of: list[str]


@dataclass(frozen=True)
class DeviceReaches:
    kind: int
    text: str
    who: str


Claim = Union[NoFlow, HoldsNo, OnlyCalls, OnlyPort, OnlyHolds, OnlyMaps, NoMemory, DeviceReaches]
_KINDS = (NoFlow, HoldsNo, OnlyCalls, OnlyPort, OnlyHolds, OnlyMaps, NoMemory, DeviceReaches)
_CLAIMS: dict[int, type[Any]] = dict(enumerate(_KINDS, start=1))


@dataclass(frozen=True)
class System:
    version: int
    name: str
    focus: str
    platform: PlatformRecord
    images: list[Image]
    objects: list[Object]
    shared: Memory
    channels: list[Channel]
    builder: int
    domains: list[Domain]
    claims: list[Claim]
    unsafe_dma: bool
    windows: list[Window]


def _plain(value: Any) -> Any:
    if value is None:
        return []
    if dataclasses.is_dataclass(value):
        return [_plain(getattr(value, one.name)) for one in dataclasses.fields(value)]
    return [_plain(one) for one in value] if isinstance(value, list) else value


def encode(system: System) -> bytes:
    """Deterministic CBOR: arrays, unsigned integers, text, bytes and booleans only."""
    data: bytes = cbor2.dumps(_plain(system), canonical=True)
    return data


def _fields(kind: Any) -> list[tuple[str, Any]]:
    hints = typing.get_type_hints(kind)
    return [(one.name, hints[one.name]) for one in dataclasses.fields(kind)]


def _typed(kind: Any, value: Any, where: str) -> Any:
    origin = typing.get_origin(kind)
    if origin is list:
        if not isinstance(value, list):
            raise CapdlError(f"{where} is not an array")
        (inner,) = typing.get_args(kind)
        return [_typed(inner, one, f"{where}[{index}]") for index, one in enumerate(value)]
    if kind == Claim:
        tag = value[0] if isinstance(value, list) and value else None
        if tag not in _CLAIMS:
            raise CapdlError(f"{where} has unknown kind {tag!r}")
        return _typed(_CLAIMS[tag], value, where)
    if origin in (Union, types.UnionType):
        return None if value == [] else _typed(typing.get_args(kind)[0], value, where)
    if dataclasses.is_dataclass(kind):
        names = _fields(kind)
        if not isinstance(value, list) or len(value) != len(names):
            raise CapdlError(f"{where} is not an array of {len(names)}")
        parts = [_typed(inner, one, f"{where}.{name}") for (name, inner), one in zip(names, value, strict=True)]
        return kind(*parts)
    if type(value) is not kind or (kind is int and not 0 <= value < 1 << 64):
        raise CapdlError(f"{where} is not of type {kind.__name__}")
    return value


def decode(data: bytes) -> System:
    """The inverse of encode; CapdlError says which field is wrong."""
    try:
        plain = cbor2.loads(data)
    except (cbor2.CBORError, ArithmeticError, ValueError, TypeError, MemoryError, RecursionError) as error:
        raise CapdlError(f"not CBOR: {error}") from error
    if not isinstance(plain, list) or not plain or plain[0] != VERSION:
        raise CapdlError(f"not a system of version {VERSION}")
    system: System = _typed(System, plain, "system")
    if encode(system) != data:
        raise CapdlError("not the deterministic encoding of a system")
    return system
