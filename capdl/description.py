"""What a person wrote, typed and with places, before any name is resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from . import parameters
from .errors import Faults, Place, UsageError, refuse
from .platforms import PLATFORMS
from .positions import read_text
from .tables import Table

GUEST_NAME_LONGEST = 11  # its VMM is called vmm-NAME
CHANNEL_KINDS = ("console", "log", "block", "blockdev", "net", "netdev")
CONSOLE_DEVICES = ("uart", "virtio")  # the first where nothing is said
DEVICE_CLASSES = ("disk", "network")
POLICIES = ("never", "on-failure", "always")


@dataclass(frozen=True)
class Written:
    """Anything that has a table of its own."""

    table: Table = field(repr=False, compare=False)

    def at(self, key: str) -> Place:
        return self.table.at(key)


@dataclass(frozen=True)
class WrittenImage(Written):
    name: str
    file: str


@dataclass(frozen=True)
class WrittenProfile(Written):
    name: str
    image: str


@dataclass(frozen=True)
class WrittenSubject(Written):
    """What a domain and a guest have in common."""

    name: str
    image: str  # a guest's: its VMM
    start: bool
    enabled: bool
    heap_kib: int
    stack_kib: int
    profiles: list[WrittenProfile]


@dataclass(frozen=True)
class WrittenAuthority(Written):
    untyped_mib: int
    slots: int
    tables: int


@dataclass(frozen=True)
class WrittenDomain(WrittenSubject):
    fpu: bool
    ports: list[tuple[str, Place]]
    authority: WrittenAuthority | None
    once: bool


@dataclass(frozen=True)
class WrittenModule(Written):
    image: str
    append: str


@dataclass(frozen=True)
class WrittenGuest(WrittenSubject):
    memory_mib: int
    kernel: str
    initrd: str
    append: str
    modules: list[WrittenModule]
    debug_exit: bool


@dataclass(frozen=True)
class WrittenChannel(Written):
    kind: str
    from_end: str
    to_end: str
    window_mib: int = 0  # block
    read_only: bool = False
    encrypt: bool = False
    key: str = ""
    vlan: int = 0  # net
    rate_kbit: int = 0
    merge: bool = False
    peers: tuple[tuple[str, Place], ...] = ()
    device: str = CONSOLE_DEVICES[0]  # console


@dataclass(frozen=True)
class WrittenDevice(Written):
    name: str
    class_: str
    driver: str
    enabled: bool
    first_mib: int  # of a disk: where its first window begins


@dataclass(frozen=True)
class WrittenClient(Written):
    domain: str
    guest: str
    methods: list[tuple[str, Place]]
    badge: int | None
    sealed: bool

    @property
    def key(self) -> str:
        return "guest" if self.guest else "domain"

    @property
    def name(self) -> str:
        return self.guest or self.domain


@dataclass(frozen=True)
class WrittenEndpoint(Written):
    name: str
    interface: str
    server: str
    clients: list[WrittenClient]


@dataclass(frozen=True)
class WrittenSchedule(Written):
    budget_us: int
    period_us: int
    priority: int
    reserve_us: int | None


@dataclass(frozen=True)
class WrittenRestart(Written):
    policy: str
    limit: int


@dataclass(frozen=True)
class WrittenClaim(Written):
    text: str
    enabled: bool = True


@dataclass(frozen=True)
class Description(Written):
    """A whole file."""

    @property
    def subjects(self) -> list[WrittenSubject]:
        return [*self.domains, *self.guests]

    name: str
    console: str
    management: str
    laboratory: bool
    unsafe_dma: bool
    machine: str
    memory_mib: int
    overcommit: bool
    images: list[WrittenImage]
    domains: list[WrittenDomain]
    guests: list[WrittenGuest]
    devices: list[WrittenDevice]
    channels: list[WrittenChannel]
    endpoints: list[WrittenEndpoint]
    schedules: dict[str, WrittenSchedule]
    restarts: dict[str, WrittenRestart]
    claims: list[WrittenClaim]
    system: Table = field(repr=False, compare=False)
    platform: Table = field(repr=False, compare=False)
    pci: Table = field(repr=False, compare=False)  # who handles configuration space: scan, keeper
    without: dict[str, list[tuple[str, Place]]] = field(default_factory=dict)  # by machine: devices that it lacks


def _image(table: Table) -> WrittenImage:
    return WrittenImage(table, table.name("name", longest=23), table.text("file"))


def _profile(table: Table) -> WrittenProfile:
    return WrittenProfile(table, table.name("name"), table.text("image"))


def _domain(table: Table) -> WrittenDomain:
    return WrittenDomain(
        table,
        table.name("name"),
        table.text("image"),
        *_common(table, heap_kib=0),
        fpu=table.boolean("fpu", True),
        ports=table.texts("ports"),
        authority=_authority(table),
        once=table.boolean("once", False),
    )


def _common(table: Table, heap_kib: int) -> tuple[bool, bool, int, int, list[WrittenProfile]]:
    """start, enabled, heap_kib, stack_kib, profiles."""
    return (
        table.boolean("start", True),
        table.boolean("enabled", True),
        table.integer("heap_kib", 0, 1 << 20, heap_kib),
        table.integer("stack_kib", 4, 1024, 64),
        table.tables("profile", _profile),
    )


def _module(table: Table) -> WrittenModule:
    return WrittenModule(table, table.text("image"), table.text("append", ""))


def _guest(table: Table) -> WrittenGuest:
    return WrittenGuest(
        table,
        table.name("name", longest=GUEST_NAME_LONGEST),
        table.text("vmm", "vmm"),
        *_common(table, heap_kib=512),
        memory_mib=table.integer("memory_mib", 2, 65536),
        kernel=table.text("kernel"),
        initrd=table.text("initrd", ""),
        append=table.text("append", "", longest=900),
        modules=table.tables("module", _module),
        debug_exit=table.boolean("debug_exit", False),
    )


def _authority(table: Table) -> WrittenAuthority | None:
    if not table.has("authority"):
        return None
    inner = table.table("authority")
    made = WrittenAuthority(
        inner,
        inner.integer("untyped_mib", 1, 1024),
        inner.integer("slots", 1, 32768),
        inner.integer("tables", 0, 1024, 64),
    )
    inner.finish()
    return made


def _channel(table: Table) -> WrittenChannel:
    kind, ends = table.choice("kind", CHANNEL_KINDS), (table.name("from"), table.name("to"))
    if kind == "block":
        return WrittenChannel(
            table,
            kind,
            *ends,
            window_mib=table.integer("window_mib", 1, 1 << 24),
            read_only=table.boolean("read_only", False),
            encrypt=table.boolean("encrypt", False),
            key=table.text("key", ""),
        )
    if kind == "net":
        return WrittenChannel(
            table,
            kind,
            *ends,
            vlan=table.integer("vlan", 0, 4094, 0),
            rate_kbit=table.integer("rate_kbit", 0, 1 << 24, 0),
            merge=table.boolean("merge", False),
            peers=tuple(table.texts("peers")),
        )
    if kind == "console":
        return WrittenChannel(table, kind, *ends, device=table.choice("device", CONSOLE_DEVICES, CONSOLE_DEVICES[0]))
    return WrittenChannel(table, kind, *ends)


def _device(table: Table) -> WrittenDevice:
    name, class_ = table.name("name"), table.choice("class", DEVICE_CLASSES)
    return WrittenDevice(
        table,
        name,
        class_,
        table.name("driver"),
        table.boolean("enabled", True),
        table.integer("first_mib", 0, 1 << 24, 1) if class_ == "disk" else 0,
    )


def _without(platform: Table) -> dict[str, list[tuple[str, Place]]]:
    """[platform.MACHINE] without = [...]: what one machine lacks of the devices described."""
    found: dict[str, list[tuple[str, Place]]] = {}
    for machine in PLATFORMS:
        if platform.has(machine):
            inner = platform.table(machine)
            found[machine] = inner.texts("without")
            inner.finish()
    return found


def _client(table: Table) -> WrittenClient:
    domain, guest = table.name("domain", ""), table.name("guest", "")
    if table.has("domain") == table.has("guest"):
        table.faults.add(table.place, "a client needs one name", "'domain' or 'guest', not both")
    badge = table.integer("badge", 0, (1 << 64) - 1) if table.has("badge") else None
    return WrittenClient(
        table, domain, guest, table.texts("methods", required=True), badge, table.boolean("sealed", True)
    )


def _endpoint(table: Table) -> WrittenEndpoint:
    return WrittenEndpoint(
        table,
        table.name("name"),
        table.name("interface", longest=31),
        table.name("server"),
        table.tables("clients", _client),
    )


def _schedule(table: Table) -> WrittenSchedule:
    period = table.integer("period_us", 100, 10_000_000, 10_000)
    return WrittenSchedule(
        table,
        table.integer("budget_us", 10, 10_000_000),
        period,
        table.integer("priority", 0, 63),
        table.integer("reserve_us", 0, 10_000_000) if table.has("reserve_us") else None,
    )


def _restart(table: Table) -> WrittenRestart:
    policy = table.choice("policy", POLICIES)
    return WrittenRestart(table, policy, table.integer("limit", 1, 99, 5))


def _claim(table: Table) -> WrittenClaim:
    return WrittenClaim(table, table.text("text"), table.boolean("enabled", True))


def _named(table: Table, skip: set[str]) -> dict[str, Table]:
    """Every other key of the table as a table of its own."""
    found: dict[str, Table] = {}
    for key in table.values:
        if key not in skip:
            found[key] = table.table(key)
    return found


def _whole(top: Table) -> Description:
    system, platform, scheduling = top.table("system"), top.table("platform"), top.table("scheduling")
    pci = top.table("pci")
    if not top.has("system"):
        refuse(top.place, "there is no [system] table", "[system] with 'name'")
    overcommit = scheduling.boolean("overcommit", False)
    schedules = {name: _schedule(one) for name, one in _named(scheduling, {"overcommit"}).items()}
    restarts = {name: _restart(one) for name, one in _named(top.table("restart"), set()).items()}
    found = Description(
        top,
        system.name("name"),
        system.name("console", ""),
        system.name("management", ""),
        system.boolean("laboratory", False),
        system.boolean("unsafe_dma", False),
        platform.choice("machine", PLATFORMS, "q35"),
        platform.integer("memory_mib", 64, 1 << 20, 1024),
        overcommit,
        top.tables("image", _image),
        top.tables("domain", _domain),
        top.tables("guest", _guest),
        top.tables("device", _device),
        top.tables("channel", _channel),
        top.tables("endpoint", _endpoint),
        schedules,
        restarts,
        top.tables("claim", _claim),
        system,
        platform,
        pci,
        _without(platform),
    )
    for role in ("scan", "keeper"):
        pci.name(role, "")
    system.text("description", "")
    for table in (
        system,
        platform,
        scheduling,
        pci,
        *(one.table for one in (*schedules.values(), *restarts.values())),
        top,
    ):
        table.finish()
    return found


def read_description(path: Path, given: Mapping[str, str], faults: Faults, shown: str | None = None) -> Description:
    """Read @path with parameters @given; faults of form go into @faults, of syntax are raised at once."""
    try:
        text = path.read_bytes().decode("utf-8")
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"{path} is not UTF-8 text (byte {error.start})") from error
    return describe(text, shown or str(path), given, faults)


def describe(text: str, file: str, given: Mapping[str, str], faults: Faults) -> Description:
    """The same for @text, called @file in errors."""
    document = read_text(text, file)
    values = parameters.apply(document, given, faults)
    faults.stop_if_any()
    return _whole(Table(document, faults, (), values))
