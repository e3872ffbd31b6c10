"""Generated from idl/bench.idl, idl/block.idl, idl/builder.idl, idl/channel.idl, idl/domain.idl, idl/kernel.idl, idl/mgmt.idl, idl/net.idl, idl/pci.idl, idl/service.idl, idl/tenant.idl by gen (docs/idl.md). Do not edit.

Numbers, layouts and message codecs of the ABI, for tools on the host.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum, IntFlag
from typing import Any

MESSAGE_WORDS = 10
CALL_SHIFT = 32
HYPERCALL_BIT = 1 << 63
DEADLINE_NOW = 0
DEADLINE_NEVER = (1 << 64) - 1
LABEL_METHOD_SHIFT = 0
LABEL_METHOD_MASK = 0x1f
LABEL_LENGTH_SHIFT = 8
LABEL_LENGTH_MASK = 0xf00
LABEL_INTERFACE_SHIFT = 16
LABEL_INTERFACE_MASK = 0xffff0000
LABEL_STATUS_SHIFT = 32
LABEL_STATUS_MASK = 0xffff00000000


class Error(IntEnum):
    OK = 0
    SYSCALL = 1
    SLOT = 2
    TYPE = 3
    RIGHTS = 4
    INTERFACE = 5
    METHOD = 6
    LENGTH = 7
    STATE = 8
    RANGE = 9
    ALIGN = 10
    MEMORY = 11
    OCCUPIED = 12
    RETIRED = 13
    TIMEOUT = 14
    AGAIN = 15
    CANCELED = 16
    DEBT = 17
    DEPTH = 18
    LIMIT = 19
    SEALED = 20
    MODE = 21
    ARGUMENT = 22
    PEER = 23
    BUSY = 24
    UNSUPPORTED = 25
    DENIED = 26


ERROR_TEXTS = {
    Error.OK: "done",
    Error.SYSCALL: "no such call, or reserved bits set",
    Error.SLOT: "slot out of range or empty",
    Error.TYPE: "the capability names another type of object",
    Error.RIGHTS: "the capability lacks the right",
    Error.INTERFACE: "the capability is for another interface",
    Error.METHOD: "method unknown or masked",
    Error.LENGTH: "wrong message length or reserved label bits",
    Error.STATE: "the object's state forbids it",
    Error.RANGE: "number out of range",
    Error.ALIGN: "misaligned",
    Error.MEMORY: "the untyped or the table pool is used up",
    Error.OCCUPIED: "the destination is in use",
    Error.RETIRED: "the capability or object is being revoked",
    Error.TIMEOUT: "the deadline passed",
    Error.AGAIN: "bounded work done, call again",
    Error.CANCELED: "the wait was interrupted",
    Error.DEBT: "the caller's context has a debt to repay",
    Error.DEPTH: "derived too deeply",
    Error.LIMIT: "a fixed limit is reached",
    Error.SEALED: "a sealed capability or terminal table cannot be a source",
    Error.MODE: "hypercalls need 64-bit mode at CPL 0",
    Error.ARGUMENT: "a parameter is outside its declared type",
    Error.PEER: "the other end is gone",
    Error.BUSY: "in use by another",
    Error.UNSUPPORTED: "the machine lacks it",
    Error.DENIED: "policy of the service forbids it",
}


class Call(IntEnum):
    NULL = 0
    UNTYPED_RETYPE = 16
    UNTYPED_INFO = 17
    CAPTAB_COPY = 20
    CAPTAB_DELETE = 21
    CAPTAB_REVOKE = 22
    CAPTAB_INSPECT = 23
    SPACE_MAP = 24
    SPACE_UNMAP = 25
    SPACE_INFO = 26
    THREAD_CONFIGURE = 28
    THREAD_RESUME = 29
    THREAD_SUSPEND = 30
    THREAD_READ = 31
    THREAD_WRITE = 32
    SCHED_CONFIGURE = 36
    SCHED_INFO = 37
    SCHED_YIELD = 38
    ENDPOINT_CALL = 1
    ENDPOINT_WAIT = 2
    ENDPOINT_REPLY_WAIT = 3
    ENDPOINT_DEFER = 4
    ENDPOINT_RESUME = 5
    NOTIF_SIGNAL = 6
    NOTIF_WAIT = 7
    VCPU_RUN = 8
    VCPU_CONFIGURE = 44
    VCPU_READ = 45
    IOSPACE_MAP = 40
    IOSPACE_UNMAP = 41
    IOSPACE_ATTACH = 42
    IOSPACE_DETACH = 43
    IOSPACE_WATCH = 46
    IOSPACE_FAULT = 47
    IRQ_BIND = 52
    IRQ_ACK = 53
    IOPORT_IN = 56
    IOPORT_OUT = 57
    CONTROL_IOPORT = 60
    CONTROL_IRQ = 61
    CONTROL_MSI = 62
    CONTROL_DEVICE = 63


class BlockOp(IntEnum):
    READ = 0
    WRITE = 1
    FLUSH = 2
    DISCARD = 3
    WRITE_ZEROES = 4


class BlockStatus(IntEnum):
    OK = 0
    IO_ERROR = 1
    UNSUPPORTED = 2
    RANGE = 3
    READ_ONLY = 4


class ChannelState(IntEnum):
    STARTING = 0
    READY = 1
    PARKED = 2


class BlockLimits(IntEnum):
    RING = 256
    SLOTS = 64
    SLOT_BYTES = 65536
    POOL_BYTES = 4194304
    SECTOR_BYTES = 512


class DomainState(IntEnum):
    ABSENT = 0
    STOPPED = 1
    RUNNING = 2
    DEAD = 3


class ResourceKind(IntEnum):
    NONE = 0
    ENDPOINT = 1
    NOTIF = 2
    REGION = 3
    FRAMES = 4
    VCPU = 5
    SPACE = 6
    IOPORT = 7
    IRQ = 8
    IMAGE = 9
    THREAD = 10
    SCHED = 11
    NUMBER = 12
    TEXT = 13
    CAPTAB = 14


class ObjectType(IntEnum):
    NONE = 0
    UNTYPED = 1
    CAPTAB = 2
    FRAME = 3
    SPACE = 4
    THREAD = 5
    SCHED = 6
    ENDPOINT = 7
    NOTIF = 8
    VCPU = 9
    IOSPACE = 10
    IRQ = 11
    IOPORT = 12
    CONTROL = 13


class ThreadState(IntEnum):
    INACTIVE = 0
    READY = 1
    CALLING = 2
    WAITING = 3
    NOTIF_WAITING = 4
    IN_GUEST = 5
    HYPERCALL = 6
    FAULTED = 7
    STOPPED = 8


class RegisterGroup(IntEnum):
    CONTROL = 0
    LOW = 1
    HIGH = 2


class RunReason(IntEnum):
    EXIT = 0
    NOTIFICATION = 1
    DEADLINE = 2


class ExitReason(IntEnum):
    NONE = 0
    CPUID = 1
    PIO = 2
    RDMSR = 3
    WRMSR = 4
    HLT = 5
    NESTED_FAULT = 6
    HYPERCALL = 7
    EXCEPTION = 8
    TRIPLE_FAULT = 9
    INVALID_STATE = 10
    XSETBV = 11
    WBINVD = 12
    INVD = 13
    MONITOR = 14
    MWAIT = 15
    PAUSE = 16
    DESCRIPTOR_TABLE = 17
    RDPMC = 18
    CR_ACCESS = 19
    VIRTUALIZATION = 20
    INIT = 21
    TASK_SWITCH = 22
    IRQ_WINDOW = 23
    SHUTDOWN_STATE = 24
    UNKNOWN = 25
    RDTSC = 26
    INVLPG = 27
    RSM = 28
    DR_ACCESS = 29


class CrAccess(IntEnum):
    MOV_TO = 0
    MOV_FROM = 1
    CLTS = 2
    LMSW = 3


class InjectType(IntEnum):
    INTERRUPT = 0
    NMI = 2
    EXCEPTION = 3
    SOFTWARE = 4


class LinkLimits(IntEnum):
    MARK = 47077
    HEADER = 8
    REQUEST_BYTES = 256
    MESSAGE_BYTES = 8192
    SILENCE_MS = 1000


class LinkVerb(IntEnum):
    PS = 0
    KILL = 1
    RESTART = 2
    PAUSE = 3
    RESUME = 4
    FOCUS = 5
    QUIT = 6


class LinkMessage(IntEnum):
    ANSWER = 0
    DOMAINS = 1
    BOOT = 2
    READY = 3
    DOMAIN = 4
    GUEST = 5
    TENANT_LOG = 6
    RECOVERED = 7
    LOST = 8
    DEVICE = 9


class LinkStage(IntEnum):
    STOP = 0
    QUIESCE = 1
    RESET = 2
    BACKOFF = 3
    RESTORE = 4
    REBUILD = 5
    REPLAY = 6
    TOTAL = 7


class NetLimits(IntEnum):
    RING = 256
    SLOT_BYTES = 2048
    RECEIVE_OFFSET = 524288
    HEADER_OFFSET = 1048576
    HEADER_BYTES = 128
    POOL_BYTES = 2097152
    FRAME_BYTES = 1518


class PciPresence(IntEnum):
    SERVING = 0
    STOPPED = 1
    GONE = 2
    RESET = 3
    CHANGED = 4


class ServiceVerdict(IntEnum):
    WELL = 0
    SILENT = 1
    CORRUPT = 2
    PARKED = 3
    DEVICE_FAILED = 4


class ServiceLink(IntEnum):
    NONE = 0
    DOWN = 1
    UP = 2


class Lifecycle(IntEnum):
    NONE = 0
    STARTED = 1
    PAUSED = 2
    RESUMED = 3
    RESTARTED = 4
    STOPPING = 5


class BlockFlags(IntFlag):
    FUA = 1 << 0


class Rights(IntFlag):
    READ = 1 << 0
    WRITE = 1 << 1
    EXEC = 1 << 2
    CALL = 1 << 3
    WAIT = 1 << 4
    SIGNAL = 1 << 5
    MANAGE = 1 << 6
    COPY = 1 << 7


class CopyFlags(IntFlag):
    SEALED = 1 << 0


class CaptabFlags(IntFlag):
    TERMINAL = 1 << 0


class SpaceFlags(IntFlag):
    GUEST = 1 << 0


class UntypedFlags(IntFlag):
    KEEP = 1 << 0


class MapFlags(IntFlag):
    READ = 1 << 0
    WRITE = 1 << 1
    EXEC = 1 << 2
    UNCACHED = 1 << 3


class ThreadFlags(IntFlag):
    FPU = 1 << 0


class PioFlags(IntFlag):
    IN = 1 << 0
    STRING = 1 << 2
    REP = 1 << 3


class FaultFlags(IntFlag):
    PRESENT = 1 << 0
    WRITE = 1 << 1
    USER = 1 << 2
    EXEC = 1 << 3
    TABLE_WALK = 1 << 4


class VcpuGroup(IntFlag):
    GPR = 1 << 0
    IP = 1 << 1
    CONTROL = 1 << 2
    SEGMENT = 1 << 3
    TABLE = 1 << 4
    MSR = 1 << 5
    DEBUG = 1 << 6
    TSC = 1 << 7
    EFER = 1 << 8


class NetFlags(IntFlag):
    CHECKED = 1 << 0


class ServiceWarning(IntFlag):
    SPARE = 1 << 0
    TEMPERATURE = 1 << 1
    RELIABILITY = 1 << 2
    READ_ONLY = 1 << 3
    VOLATILE_MEMORY = 1 << 4
    PERSISTENT_MEMORY = 1 << 5


@dataclass(frozen=True)
class Field:
    """@format is a struct letter, or the name of another layout; @count is None for a single value."""

    offset: int
    format: str
    count: int | None = None


@dataclass(frozen=True)
class Layout:
    size: int
    fields: dict[str, Field]

    def read(self, data: bytes, offset: int = 0) -> dict[str, Any]:
        """All fields of the struct at @offset; arrays as lists, arrays of u8 as bytes."""
        return {name: _read(field, data, offset + field.offset) for name, field in self.fields.items()}


def _read(field: Field, data: bytes, offset: int) -> Any:
    if field.format == "B" and field.count is not None:
        return bytes(data[offset:offset + field.count])
    inner = LAYOUTS.get(field.format)
    size = inner.size if inner else struct.calcsize("<" + field.format)
    values = [inner.read(data, offset + i * size) if inner else struct.unpack_from("<" + field.format, data, offset + i * size)[0]
              for i in range(1 if field.count is None else field.count)]
    return values[0] if field.count is None else values


LAYOUTS: dict[str, Layout] = {
    "block_request": Layout(32, {
        "id": Field(0, "H"),
        "op": Field(2, "B"),
        "flags": Field(3, "B"),
        "sectors": Field(4, "I"),
        "sector": Field(8, "Q"),
        "data": Field(16, "Q"),
        "reserved": Field(24, "Q"),
    }),
    "block_completion": Layout(8, {
        "id": Field(0, "H"),
        "status": Field(2, "B"),
        "flags": Field(3, "B"),
        "reserved": Field(4, "I"),
    }),
    "block_channel": Layout(16384, {
        "epoch": Field(0, "I"),
        "state": Field(4, "I"),
        "request_head": Field(8, "I"),
        "completion_tail": Field(12, "I"),
        "completion_event": Field(16, "I"),
        "ping": Field(20, "I"),
        "joined_a": Field(24, "I"),
        "joined_b": Field(28, "I"),
        "pad_a": Field(32, "I", 8),
        "request_tail": Field(64, "I"),
        "completion_head": Field(68, "I"),
        "request_event": Field(72, "I"),
        "pong": Field(76, "I"),
        "sectors": Field(80, "Q"),
        "block_bytes": Field(88, "I"),
        "features": Field(92, "I"),
        "serial": Field(96, "B", 32),
        "request": Field(128, "block_request", 256),
        "completion": Field(8320, "block_completion", 256),
        "warnings": Field(10368, "I"),
        "temperature_k": Field(10372, "I"),
        "spare_percent": Field(10376, "I"),
        "used_percent": Field(10380, "I"),
        "resets": Field(10384, "I"),
        "pad_c": Field(10388, "I", 1),
        "errors": Field(10392, "Q"),
    }),
    "console_channel": Layout(16384, {
        "epoch": Field(0, "I"),
        "capacity": Field(4, "I"),
        "a_to_b_head": Field(8, "I"),
        "a_to_b_tail": Field(12, "I"),
        "b_to_a_head": Field(16, "I"),
        "b_to_a_tail": Field(20, "I"),
        "status": Field(24, "Q"),
        "reserved": Field(32, "Q", 28),
        "a_to_b": Field(256, "B", 8192),
        "b_to_a": Field(8448, "B", 4096),
    }),
    "resource": Layout(64, {
        "name": Field(0, "B", 24),
        "kind": Field(24, "H"),
        "flags": Field(26, "H"),
        "slot": Field(28, "I"),
        "count": Field(32, "I"),
        "reserved": Field(36, "I"),
        "address": Field(40, "Q"),
        "bytes": Field(48, "Q"),
        "extra": Field(56, "Q"),
    }),
    "domain_info": Layout(4096, {
        "magic": Field(0, "Q"),
        "name": Field(8, "B", 24),
        "id": Field(32, "I"),
        "epoch": Field(36, "I"),
        "tsc_khz": Field(40, "Q"),
        "resource_count": Field(48, "I"),
        "thread_count": Field(52, "I"),
        "heap_address": Field(56, "Q"),
        "heap_bytes": Field(64, "Q"),
        "resource": Field(72, "resource", 40),
        "text": Field(2632, "B", 1024),
    }),
    "segment": Layout(16, {
        "selector": Field(0, "H"),
        "access": Field(2, "H"),
        "limit": Field(4, "I"),
        "base": Field(8, "Q"),
    }),
    "vcpu_state": Layout(4096, {
        "gpr": Field(0, "Q", 16),
        "rip": Field(128, "Q"),
        "rflags": Field(136, "Q"),
        "exit_reason": Field(144, "I"),
        "exit_flags": Field(148, "I"),
        "exit_info": Field(152, "Q"),
        "exit_address": Field(160, "Q"),
        "exit_size": Field(168, "I"),
        "exit_insn_bytes": Field(172, "I"),
        "exit_code": Field(176, "Q"),
        "reserved": Field(184, "I"),
        "cpl": Field(188, "I"),
        "valid": Field(192, "I"),
        "dirty": Field(196, "I"),
        "inject": Field(200, "Q"),
        "inject_error": Field(208, "Q"),
        "irq_vector": Field(216, "Q"),
        "tsc_offset": Field(224, "Q"),
        "call_limit": Field(232, "Q"),
        "shadow": Field(240, "Q"),
        "cr0": Field(248, "Q"),
        "cr2": Field(256, "Q"),
        "cr3": Field(264, "Q"),
        "cr4": Field(272, "Q"),
        "cr8": Field(280, "Q"),
        "xcr0": Field(288, "Q"),
        "efer": Field(296, "Q"),
        "seg": Field(304, "segment", 8),
        "gdtr_base": Field(432, "Q"),
        "gdtr_limit": Field(440, "Q"),
        "idtr_base": Field(448, "Q"),
        "idtr_limit": Field(456, "Q"),
        "star": Field(464, "Q"),
        "lstar": Field(472, "Q"),
        "cstar": Field(480, "Q"),
        "sfmask": Field(488, "Q"),
        "kernel_gs_base": Field(496, "Q"),
        "sysenter_cs": Field(504, "Q"),
        "sysenter_esp": Field(512, "Q"),
        "sysenter_eip": Field(520, "Q"),
        "pat": Field(528, "Q"),
        "dr": Field(536, "Q", 4),
        "dr6": Field(568, "Q"),
        "dr7": Field(576, "Q"),
        "pdpte": Field(584, "Q", 4),
        "hypercalls": Field(616, "Q"),
        "exits": Field(624, "Q"),
        "external_interrupts": Field(632, "Q"),
    }),
    "boot_region": Layout(24, {
        "base": Field(0, "Q"),
        "bytes": Field(8, "Q"),
        "slot": Field(16, "I"),
        "flags": Field(20, "I"),
    }),
    "boot_module": Layout(24, {
        "base": Field(0, "Q"),
        "bytes": Field(8, "Q"),
        "slot": Field(16, "I"),
        "reserved": Field(20, "I"),
    }),
    "boot_info": Layout(4096, {
        "magic": Field(0, "Q"),
        "tsc_khz": Field(8, "Q"),
        "rsdp": Field(16, "Q"),
        "untyped_count": Field(24, "I"),
        "untyped_first": Field(28, "I"),
        "module_count": Field(32, "I"),
        "module_first": Field(36, "I"),
        "captab_slots": Field(40, "I"),
        "vendor": Field(44, "I"),
        "console_port": Field(48, "I"),
        "iommu": Field(52, "I"),
        "msi_address": Field(56, "Q"),
        "msi_address_step": Field(64, "Q"),
        "msi_data": Field(72, "I"),
        "msi_data_step": Field(76, "I"),
        "module": Field(80, "boot_module", 24),
        "region": Field(656, "boot_region", 64),
    }),
    "trace_event": Layout(24, {
        "tsc": Field(0, "Q"),
        "kind": Field(8, "H"),
        "processor": Field(10, "H"),
        "argument": Field(12, "I"),
        "value": Field(16, "Q"),
    }),
    "net_frame": Layout(8, {
        "len": Field(0, "H"),
        "flags": Field(2, "H"),
        "reserved": Field(4, "I"),
    }),
    "net_transmit": Layout(32, {
        "header": Field(0, "Q"),
        "rest": Field(8, "Q"),
        "header_len": Field(16, "H"),
        "rest_len": Field(18, "H"),
        "flags": Field(20, "I"),
        "reserved": Field(24, "Q"),
    }),
    "net_channel": Layout(8192, {
        "epoch": Field(0, "I"),
        "state": Field(4, "I"),
        "transmit_head": Field(8, "I"),
        "receive_tail": Field(12, "I"),
        "receive_event": Field(16, "I"),
        "transmit_done_event": Field(20, "I"),
        "epoch_a": Field(24, "I"),
        "pad_a": Field(28, "I", 9),
        "transmit_tail": Field(64, "I"),
        "receive_head": Field(68, "I"),
        "transmit_event": Field(72, "I"),
        "receive_space_event": Field(76, "I"),
        "link": Field(80, "I"),
        "epoch_b": Field(84, "I"),
        "pad_b": Field(88, "I", 10),
        "transmit": Field(128, "net_frame", 256),
        "receive": Field(2176, "net_frame", 256),
    }),
    "netdev_channel": Layout(16384, {
        "epoch": Field(0, "I"),
        "state": Field(4, "I"),
        "transmit_head": Field(8, "I"),
        "receive_tail": Field(12, "I"),
        "receive_event": Field(16, "I"),
        "transmit_done_event": Field(20, "I"),
        "epoch_a": Field(24, "I"),
        "ping": Field(28, "I"),
        "pad_a": Field(32, "I", 8),
        "transmit_tail": Field(64, "I"),
        "receive_head": Field(68, "I"),
        "transmit_event": Field(72, "I"),
        "receive_space_event": Field(76, "I"),
        "epoch_b": Field(80, "I"),
        "link": Field(84, "I"),
        "pong": Field(88, "I"),
        "pad_b": Field(92, "I", 1),
        "mac": Field(96, "Q"),
        "speed_mbit": Field(104, "I"),
        "resets": Field(108, "I"),
        "received": Field(112, "Q"),
        "sent": Field(120, "Q"),
        "missed": Field(128, "Q"),
        "errors": Field(136, "Q"),
        "transmit": Field(144, "net_transmit", 256),
        "receive": Field(8336, "net_frame", 256),
    }),
}


@dataclass(frozen=True)
class Item:
    """A parameter or result: its type, first word, and limits (for flags @high is the mask)."""

    name: str
    type: type
    word: int
    low: int
    high: int
    size: int


@dataclass(frozen=True)
class Method:
    name: str
    interface: int
    number: int
    takes: tuple[Item, ...]
    gives: tuple[Item, ...]

    def request(self, **values: Any) -> tuple[int, list[int]]:
        """Label and words of a request. Raises ValueError for a value outside its type."""
        words, length = _encode(self.takes, values)
        return label_make(self.interface, self.number, length), words

    def arguments(self, label: int, words: list[int]) -> dict[str, Any]:
        if label != label_make(self.interface, self.number, _length(self.takes)):
            raise ValueError(f"label {label:#x} is not a request of {self.name}")
        return _decode(self.takes, words)

    def reply(self, **values: Any) -> tuple[int, list[int]]:
        words, length = _encode(self.gives, values)
        return label_reply(Error.OK, length), words

    def results(self, label: int, words: list[int]) -> dict[str, Any]:
        """The results of a reply. Raises ValueError if it has another status or form."""
        if label != label_reply(Error.OK, _length(self.gives)):
            raise ValueError(f"label {label:#x} is not a good reply of {self.name}")
        return _decode(self.gives, words)


@dataclass(frozen=True)
class Interface:
    name: str
    number: int
    version: int
    clients: tuple[str, ...]
    methods: dict[str, Method]


def label_make(interface: int, method: int, length: int) -> int:
    return interface << LABEL_INTERFACE_SHIFT | length << LABEL_LENGTH_SHIFT | method


def label_reply(status: int, length: int) -> int:
    return status << LABEL_STATUS_SHIFT | length << LABEL_LENGTH_SHIFT


def label_status(label: int) -> int:
    return (label & LABEL_STATUS_MASK) >> LABEL_STATUS_SHIFT


def _length(items: tuple[Item, ...]) -> int:
    return items[-1].word + max(1, -(-items[-1].size // 8)) if items else 0


def _check(item: Item, value: int) -> None:
    if issubclass(item.type, IntFlag):
        allowed = value & ~item.high == 0
    elif issubclass(item.type, IntEnum):
        allowed = any(member.value == value for member in item.type)
    else:
        allowed = item.low <= value <= item.high
    if not allowed:
        raise ValueError(f"{item.name} = {value} is outside its declared type")


def _encode(items: tuple[Item, ...], values: dict[str, Any]) -> tuple[list[int], int]:
    if set(values) != {item.name for item in items}:
        raise ValueError(f"values for {sorted(values)}, expected {sorted(item.name for item in items)}")
    words = [0] * MESSAGE_WORDS
    for item in items:
        value = values[item.name]
        if item.type is not bytes:
            _check(item, int(value))
            words[item.word] = int(value)
            continue
        if len(value) > item.size:
            raise ValueError(f"{item.name} has {len(value)} bytes, expected at most {item.size}")
        count = -(-item.size // 8)
        words[item.word:item.word + count] = struct.unpack(f"<{count}Q", value.ljust(count * 8, b"\0"))
    return words, _length(items)


def _decode(items: tuple[Item, ...], words: list[int]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for item in items:
        if item.type is bytes:
            count = -(-item.size // 8)
            data = struct.pack(f"<{count}Q", *words[item.word:item.word + count])
            if any(data[item.size:]):
                raise ValueError(f"{item.name} has more than {item.size} bytes")
            values[item.name] = data[:item.size]
            continue
        _check(item, words[item.word])
        values[item.name] = item.type(words[item.word])
    return values


INTERFACES: dict[str, Interface] = {
    "bench": Interface("bench", 63, 1, ("domain", "guest", ), {
        "null": Method("null", 63, 0, (), ()),
    }),
    "builder": Interface("builder", 17, 2, ("domain", ), {
        "start": Method("start", 17, 0, (Item('id', int, 0, 0, 0x3f, 0),), ()),
        "stop": Method("stop", 17, 1, (Item('id', int, 0, 0, 0x3f, 0),), ()),
        "restart": Method("restart", 17, 2, (Item('id', int, 0, 0, 0x3f, 0),), ()),
        "create": Method("create", 17, 3, (Item('id', int, 0, 0, 0x3f, 0), Item('profile', int, 1, 0, 0x7, 0)), ()),
        "destroy": Method("destroy", 17, 4, (Item('id', int, 0, 0, 0x3f, 0),), ()),
        "info": Method("info", 17, 5, (Item('id', int, 0, 0, 0x3f, 0),), (Item('state', DomainState, 0, 0, 0x3, 0), Item('capabilities', int, 1, 0, 0xffffffff, 0), Item('memory_kib', int, 2, 0, 0xffffffffffffffff, 0), Item('restarts', int, 3, 0, 0xffffffff, 0), Item('threads', int, 4, 0, 0xffffffff, 0))),
        "postmortem": Method("postmortem", 17, 6, (Item('id', int, 0, 0, 0x3f, 0),), (Item('rip', int, 0, 0, 0xffffffffffffffff, 0), Item('rsp', int, 1, 0, 0xffffffffffffffff, 0), Item('rax', int, 2, 0, 0xffffffffffffffff, 0), Item('stack0', int, 3, 0, 0xffffffffffffffff, 0), Item('stack1', int, 4, 0, 0xffffffffffffffff, 0), Item('state', int, 5, 0, 0xff, 0))),
        "finished": Method("finished", 17, 7, (Item('status', int, 0, 0, 0xffffffff, 0),), ()),
        "device_fault": Method("device_fault", 17, 8, (Item('id', int, 0, 0, 0x3f, 0),), (Item('count', int, 0, 0, 0xffffffff, 0), Item('reason', int, 1, 0, 0xffffffff, 0), Item('address', int, 2, 0, 0xffffffffffffffff, 0), Item('source', int, 3, 0, 0xffff, 0))),
    }),
    "notification": Interface("notification", 0, 1, ("kernel", ), {
        "signal": Method("signal", 0, 0, (Item('bits', int, 0, 0, 0xffffffff, 0),), ()),
    }),
    "fault": Interface("fault", 1, 1, ("kernel", ), {
        "exception": Method("exception", 1, 0, (Item('vector', int, 0, 0, 0xffffffffffffffff, 0), Item('code', int, 1, 0, 0xffffffffffffffff, 0), Item('rip', int, 2, 0, 0xffffffffffffffff, 0), Item('address', int, 3, 0, 0xffffffffffffffff, 0), Item('rsp', int, 4, 0, 0xffffffffffffffff, 0), Item('rflags', int, 5, 0, 0xffffffffffffffff, 0)), ()),
    }),
    "pci": Interface("pci", 20, 1, ("domain", ), {
        "quiesce": Method("quiesce", 20, 0, (Item('device', int, 0, 0, 0xf, 0),), (Item('wait_us', int, 0, 0, 0xffffffff, 0),)),
        "restore": Method("restore", 20, 1, (Item('device', int, 0, 0, 0xf, 0),), ()),
        "status": Method("status", 20, 2, (Item('device', int, 0, 0, 0xf, 0),), (Item('presence', PciPresence, 0, 0, 0x4, 0), Item('identity', int, 1, 0, 0xffffffff, 0), Item('fatal', int, 2, 0, 0xffffffff, 0), Item('nonfatal', int, 3, 0, 0xffffffff, 0), Item('correctable', int, 4, 0, 0xffffffff, 0), Item('port_fatal', int, 5, 0, 0xffffffff, 0), Item('port_nonfatal', int, 6, 0, 0xffffffff, 0), Item('port_correctable', int, 7, 0, 0xffffffff, 0), Item('source', int, 8, 0, 0xffffffff, 0))),
    }),
    "service": Interface("service", 21, 1, ("domain", ), {
        "health": Method("health", 21, 0, (), (Item('verdict', ServiceVerdict, 0, 0, 0x4, 0), Item('epoch', int, 1, 0, 0xffffffff, 0), Item('in_flight', int, 2, 0, 0xffffffff, 0), Item('replayed', int, 3, 0, 0xffffffffffffffff, 0), Item('completed', int, 4, 0, 0xffffffffffffffff, 0), Item('corruptions', int, 5, 0, 0xffffffff, 0))),
        "park": Method("park", 21, 1, (Item('parked', bool, 0, 0, 0x1, 0),), ()),
        "device": Method("device", 21, 2, (), (Item('link', ServiceLink, 0, 0, 0x2, 0), Item('speed_mbit', int, 1, 0, 0xffffffff, 0), Item('warnings', ServiceWarning, 2, 0, 0x3f, 0), Item('temperature_k', int, 3, 0, 0xffff, 0), Item('spare_percent', int, 4, 0, 0xff, 0), Item('used_percent', int, 5, 0, 0xff, 0), Item('resets', int, 6, 0, 0xffffffff, 0), Item('errors', int, 7, 0, 0xffffffffffffffff, 0))),
    }),
    "tenant": Interface("tenant", 16, 1, ("domain", "guest", ), {
        "version": Method("version", 16, 0, (), (Item('major', int, 0, 0, 0xffff, 0), Item('minor', int, 1, 0, 0xffff, 0), Item('interface_version', int, 2, 0, 0xffff, 0))),
        "log_write": Method("log_write", 16, 1, (Item('length', int, 0, 1, 0x40, 0), Item('text', bytes, 1, 0, 0xff, 64)), ()),
        "clock": Method("clock", 16, 2, (), (Item('uptime_ns', int, 0, 0, 0xffffffffffffffff, 0), Item('tsc_khz', int, 1, 0, 0xffffffffffffffff, 0))),
        "events": Method("events", 16, 3, (Item('seen', int, 0, 0, 0xffffffffffffffff, 0),), (Item('sequence', int, 0, 0, 0xffffffffffffffff, 0), Item('kind', Lifecycle, 1, 0, 0x5, 0))),
    }),
}
