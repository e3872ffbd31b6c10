"""The disk and network rows: executed instructions per operation, summed over all levels and split by domain.

The workload (tests/bench/io) runs in a guest whose disk is QEMU's null-co and whose network is QEMU's user-mode one,
with an echo server of this tool behind it. The plugin tools/qemu-plugin/windows.c counts between its markers. The same
program on the bare emulator, with the guest's own NVMe or NIC driver, is the floor. Disks have no I/O scheduler on either side:
docs/emulators.md, "Disk rows".
"""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from elftools.elf.elffile import ELFFile

from bulkhead import benchrows, devices, guests, guesttools, initramfs, paths, proc, report, singleguest
from bulkhead.benchrows import Row
from bulkhead.emulator import Boot, Machine, Module
from bulkhead.errors import BulkheadFailed
from bulkhead.platforms import Platform
from bulkhead.session import Session

_FOLDER = paths.BUILD / "iobench"
_PLUGIN = paths.ROOT / "tools" / "qemu-plugin" / "windows.c"
_WORKLOAD = paths.ROOT / "tests" / "bench" / "io" / "workload.c"
_APPEND = "console=ttyS0 reboot=t cryptomgr.notests quiet"
_MEMORY_MIB = 512
_DISK_MIB = 1024
_TIMEOUT_S = 600.0
_PAGE = 4096
_BURST = 32
_RESTARTS = 10
_GATEWAY = "10.0.2.2"  # of QEMU's user-mode network: this machine's loopback
_WINDOW = re.compile(r"window (\d+) (\S+) (\d+)\r?\n")
_OCCUPANCY = re.compile(r"occupancy (\d+)")
_END = b"workload: end"


@dataclass(frozen=True)
class Mark:
    """What the plugin had counted when a marker was executed."""

    instructions: int
    vmruns: int
    pages: dict[tuple[str, str, str], int]  # host page, address, hash of the content


@dataclass(frozen=True)
class Window:
    """One window of one operation, per operation."""

    name: str
    count: int
    instructions: float
    exits: float
    by_domain: dict[str, float]


def fnv1a(data: bytes) -> int:
    """As the plugin computes it."""
    value = 0xCBF29CE484222325
    for byte in data:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value


def code_pages(elf: Path) -> set[str]:
    """Hashes of the pages of @elf's executable segments as a loader places them."""
    found: set[str] = set()
    with elf.open("rb") as file:
        for segment in ELFFile(file).iter_segments():
            if segment["p_type"] != "PT_LOAD" or not segment["p_flags"] & 1:
                continue
            data = bytes(segment["p_vaddr"] % _PAGE) + segment.data()
            for at in range(0, len(data), _PAGE):
                found.add(f"{fnv1a(data[at : at + _PAGE].ljust(_PAGE, bytes(1))):016x}")
    return found


def _owners(kernel: Path) -> dict[str, str]:
    """Whose page of code it is, by its hash."""
    images = {file.stem: file for file in sorted((paths.TARGET / "domains").glob("*/*.elf"))} | {"kernel": kernel}
    owners: dict[str, str] = {}
    for name, file in images.items():
        for value in code_pages(file):
            owners.setdefault(value, name)
    return owners


def _marks(file: Path) -> dict[int, Mark]:
    found: dict[int, Mark] = {}
    for line in file.read_text().splitlines():
        one = json.loads(line)
        pages = {(host, address, content): count for host, address, content, count in one["pages"]}
        found[one["marker"]] = Mark(one["instructions"], one["vmruns"], pages)
    return found


def _difference(before: Mark, after: Mark, owners: dict[str, str]) -> dict[str, int]:
    """Instructions between two markers, by owner of the page; the guest has what nobody of ours has."""
    earlier = {(host, address): count for (host, address, _), count in before.pages.items()}
    shares: dict[str, int] = {}
    for (host, address, content), count in after.pages.items():
        more = count - earlier.get((host, address), 0)
        if more:
            owner = owners.get(content, "guest")
            shares[owner] = shares.get(owner, 0) + more
    return shares


def _windows(console: str, marks: dict[int, Mark], owners: dict[str, str]) -> list[Window]:
    made = []
    for number, name, count in _WINDOW.findall(console):
        before, after, n = marks.get(2 * int(number) - 1), marks.get(2 * int(number)), int(count)
        if before is None or after is None:
            raise BulkheadFailed(f"{name}: the plugin saw no markers of window {number}")
        shares = _difference(before, after, owners)
        made.append(
            Window(
                name, n, (after.instructions - before.instructions) / n, (after.vmruns - before.vmruns) / n,
                {who: share / n for who, share in sorted(shares.items())},
            )
        )  # fmt: skip
    if not made:
        raise BulkheadFailed("the workload reported no window")
    return made


@contextmanager
def echo_server() -> Iterator[int]:
    """A UDP port on loopback: 'e' comes back, 'b' brings a burst of its length, anything else is swallowed."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(0.2)
        stop = threading.Event()

        def serve() -> None:
            while not stop.is_set():
                try:
                    data, sender = server.recvfrom(2048)
                except TimeoutError:
                    continue
                for _ in range({b"e": 1, b"b": _BURST}.get(data[:1], 0)):
                    server.sendto(data, sender)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield int(server.getsockname()[1])
        finally:
            stop.set()
            thread.join()


def _compile() -> Path:
    plugin, workload = _FOLDER / "windows.so", _FOLDER / "workload"
    proc.run(
        ["gcc", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", "-fvisibility=hidden",
         "-o", plugin, _PLUGIN],
        what="compiling the counting plugin",
    )  # fmt: skip
    proc.run(
        ["gcc", "-std=c17", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-o", workload, _WORKLOAD],
        what="compiling the workload",
    )
    return workload


def _initramfs(what: str, workload: Path, arguments: str, modules: Sequence[Path]) -> Path:
    versions = guests.ensure()
    script = f"#!/bin/sh\n/bin/workload {arguments} >/dev/console 2>&1\npoweroff -f\n"
    release = versions.linux_cloud.split()[0].removeprefix("linux-image-")
    data = initramfs.build(
        guests.BUSYBOX, modules,
        {"bin/workload": workload.read_bytes(), "etc/rc.local": script.encode()},
        virtio={release: guesttools.drivers(paths.GUESTS / versions.linux_cloud.split()[0])},
    )  # fmt: skip
    out = _FOLDER / f"{what}.cpio.gz"
    out.write_bytes(data)
    return out


def _null_disk(listed: Sequence[devices.Device]) -> tuple[devices.Device, ...]:
    return tuple(replace(one, null_mib=_DISK_MIB) if one.is_disk else one for one in listed)


def _measure(what: str, machine: Machine, boot: Boot, kernel: Path | None) -> tuple[list[Window], int]:
    out = _FOLDER / f"{what}.json"
    out.unlink(missing_ok=True)
    counted = replace(machine, extra=(*machine.extra, "-plugin", f"{_FOLDER / 'windows.so'},out={out}"))
    with report.step(f"running the workload, {what}"), Session(counted, boot) as session:
        if kernel is not None:
            session.wait_ready(_TIMEOUT_S)
        session.console.wait_for(_END, _TIMEOUT_S)
        console = session.console.since(0).decode(errors="replace")
        session.emulator.kill()
    occupancy = _OCCUPANCY.search(console)
    owners = _owners(kernel) if kernel is not None else {}
    return _windows(console, _marks(out), owners), int(occupancy[1]) if occupancy else 0


def _ours(what: str, workload: Path, arguments: str, encrypt: bool = False) -> tuple[list[Window], int]:
    disk = _FOLDER / "described.img"
    devices.make_disk(disk, _DISK_MIB)
    image = _initramfs(what, workload, arguments, ())
    request = singleguest.Request(
        guests.LINUX_CLOUD, image, _APPEND, _MEMORY_MIB, debug_exit=False,
        disk=None if what.startswith("net") else disk, net=what.startswith("net"), encrypt=encrypt,
    )  # fmt: skip
    system = singleguest.assemble(request)
    listed = system.devices if encrypt else _null_disk(system.devices)  # what was never written does not verify
    machine = replace(system.machine(icount=what == "blk"), devices=listed)
    return _measure(what, machine, system.boot(), system.kernel)


def _bare(what: str, workload: Path, arguments: str, kernel: Path, drivers: Sequence[Path], device: Sequence[str]) -> list[Window]:
    image = _initramfs(what, workload, arguments, drivers)
    boot = Boot(kernel=kernel, append=_APPEND, modules=(Module("init", image),))
    windows, _ = _measure(what, Machine(memory_mib=_MEMORY_MIB, icount=what.startswith("blk"), extra=tuple(device)), boot, None)
    return windows


def _rows(platform: Platform, ours: Sequence[Window], floor: Sequence[Window], occupancy: int) -> list[Row]:
    rows: list[Row] = []
    for name in dict.fromkeys(window.name for window in ours):
        mine = [window for window in ours if window.name == name]
        theirs = [window.instructions for window in floor if window.name == name]
        best = min(mine, key=lambda window: window.instructions)
        if name == "blk.exits.qd32":
            how = f"world switches per request, {best.count} random requests, event index on, occupancy {occupancy}"
            values = [window.exits for window in mine]
            rows.append(benchrows.row(platform, name, round(min(values), 3), 2 * best.count, min(values), max(values), how))
            continue
        split = ", ".join(f"{who} {share:.0f}" for who, share in best.by_domain.items())
        beside = f"; bare emulator {min(theirs):.0f}" if theirs else ""
        without = ", no I/O scheduler" if name.startswith("blk.") else ""
        how = f"instructions per operation, two windows of {best.count}, {best.exits:.2f} world switches{without}: {split}{beside}"
        values = [window.instructions for window in mine]
        rows.append(
            benchrows.row(platform, name, round(min(values)), 2 * best.count, round(min(values)), round(max(values)), how)
        )
        if name.startswith("net.rx") and theirs:
            ratio = min(values) / min(theirs)
            rows.append(benchrows.single(platform, f"{name}.floor", round(ratio, 3), "the row above through its floor"))
    return rows


def disk_rows(platform: Platform) -> list[Row]:
    """Rows of the disk."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    workload = _compile()
    versions = guests.ensure()
    drivers = guesttools.drivers(paths.GUESTS / versions.linux_cloud.split()[0], ("nvme",))
    nvme = ("-drive", f"if=none,id=d0,driver=null-co,size={_DISK_MIB}M,read-zeroes=off",
            "-device", "nvme,drive=d0,serial=bulkhead")  # fmt: skip
    floor = _bare("blk-bare", workload, "disk /dev/nvme0n1", guests.LINUX_CLOUD, drivers, nvme)
    ours, occupancy = _ours("blk", workload, "disk /dev/vda")
    return _rows(platform, ours, floor, occupancy)


def encrypted_rows(platform: Platform) -> list[Row]:
    """The same disk where the tenant's VMM encrypts: each block alone, and nothing of the other rows."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    ours, _ = _ours("crypt", _compile(), "disk /dev/vda one", encrypt=True)
    rows = _rows(platform, ours, (), 0)
    return [replace(row, name=f"{row.name}.encrypted", budget=None) for row in rows]


def _restart(session: Session, driver: str) -> dict[str, int]:
    """Microseconds of each stage of one restart of @driver, which the operator kills."""
    start = len(session.link.events())
    session.link.demand(f"kill {driver}")
    recovered = session.link.wait(
        lambda event: event.get("event") == "recovered" and event.get("name") == driver, _TIMEOUT_S, "the restart", start
    )
    stages = recovered["us"]
    if not isinstance(stages, dict):
        raise BulkheadFailed(f"{driver}: management told no stages")
    return {str(stage): int(us) for stage, us in stages.items()}


def restart_rows(platform: Platform) -> list[Row]:
    """How long a guest is without its disk when the driver is killed, where an instruction takes a nanosecond."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    disk = _FOLDER / "described.img"
    devices.make_disk(disk, _DISK_MIB)
    request = singleguest.Request(guests.LINUX_CLOUD, guests.INITRAMFS, _APPEND, _MEMORY_MIB, debug_exit=False, disk=disk, net=True)
    system = singleguest.assemble(request)
    machine = replace(system.machine(icount=True), devices=_null_disk(system.devices))
    rows: list[Row] = []
    with report.step("killing drivers"), Session(machine, system.boot()) as session:
        session.wait_ready(_TIMEOUT_S)
        session.console.wait_for(initramfs.READY_LINE.encode(), _TIMEOUT_S)
        found = {driver: [_restart(session, driver) for _ in range(_RESTARTS)] for driver in ("blkdrv", "netdrv")}
        session.emulator.kill()
    for name, row_of in (("restart.software", lambda one: one["total"] - one["reset"]), ("restart.pause", lambda one: one["total"])):
        for driver, times in found.items():
            values = sorted(row_of(one) for one in times)
            typical = min(times, key=lambda one: abs(row_of(one) - values[len(values) // 2]))
            stages = ", ".join(f"{stage} {us}" for stage, us in typical.items())
            what = "without the waits that the device's reset mandates" if name == "restart.software" else "with them"
            how = f"{driver} from its death to its successor's service, {what}; of one: {stages}"
            named = name if driver == "blkdrv" else f"{name}.{driver}"
            rows.append(benchrows.row(platform, named, values[-1], len(values), values[0], values[len(values) // 2], how))
    return rows


def domain_line_rows(platform: Platform) -> list[Row]:
    """Lines of each domain's sources and headers, generated ones included."""
    rows: list[Row] = []
    shipped = [folder.name for folder in (paths.ROOT / "domains").iterdir() if (folder / "main.c").exists()]
    for domain in sorted([*shipped, "builder"]):
        objects = "capdl/builder/" if domain == "builder" else f"domains/{domain}/"
        files = benchrows.sources_of(objects)
        lines = benchrows.count_lines(files)
        how = f"cloc code lines of {len(lines)} files in its dependency files"
        rows.append(benchrows.single(platform, f"lines.{domain}", sum(lines.values()), how, "lines"))
    return rows


def network_rows(platform: Platform) -> list[Row]:
    """Rows of the network."""
    _FOLDER.mkdir(parents=True, exist_ok=True)
    workload = _compile()
    versions = guests.ensure()
    # The cloud kernel has no driver for it.
    drivers = guesttools.drivers(paths.GUESTS / versions.linux_amd64.split()[0], ("e1000e",))
    nic = ("-netdev", "user,id=n0,ipv6=off", "-device", "e1000e,netdev=n0")
    with echo_server() as port:
        floor = _bare("net-bare", workload, f"net {_GATEWAY} {port}", guests.LINUX_AMD64, drivers, nic)
        ours, _ = _ours("net", workload, f"net {_GATEWAY} {port}")
    return _rows(platform, ours, floor, 0)
