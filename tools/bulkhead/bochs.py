"""Bochs 2.7: Intel VMX or AMD SVM, one TSC tick an instruction.

Bochs boots from a CD, ends with status 1 whatever happened, and says why in its log. Its serial ports connect to
sockets that this process listens on; a byte that nobody takes makes it wait, so nothing is lost to a slow reader.
Bochs 2.7 does not end on SIGTERM; it is killed.
"""

from __future__ import annotations

import re
import socket
import time
from pathlib import Path

from bulkhead import bootcd, devices, proc
from bulkhead.emulator import Boot, Emulator, Machine
from bulkhead.errors import BulkheadFailed

PROGRAM = "bochs-bin"
MEMORY_MAX_MIB = 3584  # PLATFORM.md: more than 4 GiB does not work
# Virtual time: so many instructions are a second. Usually about what Bochs does in a second of real time; with
# Machine.icount a tick is a nanosecond, as on QEMU.
_INSTRUCTIONS_PER_S = {False: 100_000_000, True: 1_000_000_000}

_PLUGINS = "/usr/lib/x86_64-linux-gnu/bochs/plugins"
_ROMS = Path("/usr/share/bochs/BIOS-bochs-latest"), Path("/usr/share/bochs/VGABIOS-lgpl-latest")
_CONNECT_S = 20.0
_LOG = "bochs.log"
_PANIC = re.compile(r"^\d+p\[[^\]]*\] (?:>>PANIC<< )?(.*)$", re.MULTILINE)
_POWER_OFF = "ACPI control: soft power off"
_TRIPLE_FAULT = "exception with no resolution"
# The debugger's lines when the processor stops at a panic and goes on from there.
_STOPPED = re.compile(r"^\(0\)\.\[\d+\] \[\w+\] (\S+) .*\nNext at t=\d+\n\(0\) \[\w+\] (\S+) ", re.MULTILINE)
_GO_ON = "c\n" * 1000  # for the debugger, once for each stop


def _drives(iso: Path, disk: Path | None) -> tuple[str, ...]:
    """The CD is the first drive, or where there is a @disk on the first channel, alone on the second."""
    first = "ata0: enabled=1, ioaddr1=0x1f0, ioaddr2=0x3f0, irq=14"
    if disk is None:
        return first, f"ata0-master: type=cdrom, path={iso}, status=inserted"
    return (
        first,
        f"ata0-master: type=disk, mode=flat, path={disk}, cylinders=0",  # 0: by the file's size
        "ata1: enabled=1, ioaddr1=0x170, ioaddr2=0x370, irq=15",
        f"ata1-master: type=cdrom, path={iso}, status=inserted",
    )


def _configuration(machine: Machine, iso: Path, disk: Path | None, com1: int, com2: int) -> str:
    """The bochsrc. `term` draws on a terminal that is a file; it needs no screen and listens on no port."""
    return "\n".join((
        "display_library: term",
        *(f"{kind}: file={file}" for kind, file in zip(("romimage", "vgaromimage"), _ROMS, strict=True)),
        f"cpu: model={machine.platform.model}, count=1, ips={_INSTRUCTIONS_PER_S[machine.icount]}, reset_on_triple_fault=0",
        f"memory: guest={machine.memory_mib}, host={machine.memory_mib}",
        "clock: sync=none, time0=1000000000",
        *_drives(iso, disk),
        "boot: cdrom",
        f"com1: enabled=1, mode=socket-client, dev=127.0.0.1:{com1}",
        f"com2: enabled=1, mode=socket-client, dev=127.0.0.1:{com2}",
        f"log: {_LOG}",
        # Bochs 2.7 panics at the third fault of an SVM guest before it looks whether that is intercepted: see _dead.
        "panic: action=fatal, CPU0=report",
        *(f"{kind}: action=ignore" for kind in ("error", "info", "debug")),
        "speaker: enabled=0",
        "sound: waveoutdrv=dummy",
        "",
    ))  # fmt: skip


def _listener() -> socket.socket:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(1)
    return listener


class Bochs(Emulator):
    """A machine of Bochs's."""

    title = "Bochs"

    def __init__(self, machine: Machine, boot: Boot, *, linux: bool = False) -> None:
        """With @linux the kernel of @boot is a Linux on the bare machine."""
        if machine.memory_mib > MEMORY_MAX_MIB:
            raise BulkheadFailed(f"Bochs takes at most {MEMORY_MAX_MIB} MiB, the system wants {machine.memory_mib}")
        missing = [file for file in _ROMS if not file.is_file()]
        if missing:
            raise BulkheadFailed(f"{missing[0]} is missing; run ./bulkhead setup")
        super().__init__()
        try:
            with _listener() as first, _listener() as second:
                self._boot(machine, boot, linux, first, second)
        except BaseException:
            self.kill()
            self.close()
            raise

    def _boot(
        self, machine: Machine, boot: Boot, linux: bool, first: socket.socket, second: socket.socket
    ) -> None:
        iso = boot.iso.resolve() if boot.iso is not None else self.folder / "boot.iso"
        if boot.iso is None:
            bootcd.make(boot, iso, self.folder, linux=linux)
        (self.folder / "bochsrc").write_text(
            _configuration(machine, iso, devices.ata_disk(machine.devices, self.folder), first.getsockname()[1], second.getsockname()[1])
        )
        # Debian's Bochs stops in its debugger before the first instruction and at each panic: `c` lets it go.
        (self.folder / "go.rc").write_text(_GO_ON)
        self._start(
            [PROGRAM, "-q", *([] if self.interactive else ["-rc", "go.rc"]), "-f", "bochsrc"],
            env={"TERM": "vt100", "LTDL_LIBRARY_PATH": _PLUGINS},
        )
        self.com1 = self._accept(first)
        self.com2 = self._accept(second)

    def _accept(self, listener: socket.socket) -> socket.socket:
        """The connection that Bochs makes when it sets up that serial port."""
        listener.settimeout(0.2)
        until = time.monotonic() + _CONNECT_S
        while True:
            try:
                connection, _ = listener.accept()
                connection.settimeout(None)
                return connection
            except TimeoutError:
                self.check_alive()
                if self.status() is not None or time.monotonic() > until:
                    raise BulkheadFailed(f"Bochs did not start: {self.complaint() or 'it gave no reason'}") from None

    def _panics(self) -> list[str]:
        log = self.folder / _LOG
        return _PANIC.findall(log.read_text(errors="replace")) if log.is_file() else []

    def _dead(self) -> bool:
        """Whether the processor stands where its own triple fault left it; a guest's goes on in the core."""
        faults = [panic for panic in self._panics() if _TRIPLE_FAULT in panic]
        return bool(faults) and any(before == after for before, after in _STOPPED.findall(self.output()))

    def complaint(self) -> str:
        """Its panic, or its last words before it had a log."""
        panics = [panic for panic in self._panics() if panic != _POWER_OFF]
        if panics:
            return panics[-1]
        lines = [line.strip() for line in self.output().splitlines() if line.strip()]
        words = [re.sub(r"^\d+p\[ *\] >>PANIC<< ", "", line) for line in lines if "PANIC" in line or "ERROR" in line]
        return "; ".join(words)[-600:]

    def ended_well(self, status: int) -> bool:
        """A power-off is a panic too, by its own name; status is 1 in any case."""
        return status == 1 and self._panics()[-1:] == [_POWER_OFF]

    def check_alive(self) -> None:
        super().check_alive()
        if self.status() is None and self._dead():
            raise BulkheadFailed(f"the processor of Bochs shut down: {self.complaint()}")


def version() -> str:
    """What the machine's Bochs is."""
    package = proc.run(["dpkg-query", "-W", "-f", "${Version}", "bochs"], what="asking for the version of Bochs")
    return f"Bochs x86 Emulator {package.split('+')[0]} (Debian {package})"
