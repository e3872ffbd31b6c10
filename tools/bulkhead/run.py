"""`bulkhead run`: a system on the emulator, in each of its forms."""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bulkhead import report, singleguest, systems, terminal
from bulkhead.control import ControlServer
from bulkhead.errors import BulkheadError, BulkheadFailed, GuestDied, TimeOut, UsageProblem
from bulkhead.link import Message
from bulkhead.platforms import QEMU_SVM, Platform
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from bulkhead.systems import System

BOOT_TIMEOUT_S = 180.0


@dataclass(frozen=True)
class Kill:
    """`--kill DOMAIN@Ns`: kill a domain some seconds after the moment that counts."""

    domain: str
    after_s: float

    @staticmethod
    def parse(text: str) -> Kill:
        """Reads DOMAIN@Ns."""
        match = re.fullmatch(r"([A-Za-z0-9_.-]+)@(\d+(?:\.\d+)?)s", text)
        if match is None:
            raise UsageProblem(f"--kill wants DOMAIN@SECONDSs, for example vmm-a@2s, not '{text}'")
        return Kill(match[1], float(match[2]))


class _PendingKill:
    """Carries a Kill out, and remembers whether it did."""

    def __init__(self, session: Session, kill: Kill) -> None:
        self._session = session
        self._kill = kill
        self._error: str | None = "the command ended first"
        self._timer = threading.Timer(kill.after_s, self._fire)
        self._timer.daemon = True

    def start(self) -> None:
        """Starts counting."""
        self._timer.start()

    def _fire(self) -> None:
        try:
            self._session.link.demand(f"kill {self._kill.domain}")
            self._error = None
        except BulkheadError as error:
            self._error = str(error)

    def cancel(self) -> None:
        """Kills nothing any more."""
        self._timer.cancel()

    def check(self) -> None:
        """Refuses to call it a success if nothing was killed."""
        self._timer.cancel()
        self._timer.join(20 if self._timer.is_alive() else None)
        if self._error is not None:
            raise BulkheadFailed(f"{self._kill.domain} was not killed: {self._error}")


@dataclass(frozen=True)
class Choice:
    """The machine that a system is to run on."""

    platform: Platform = QEMU_SVM
    iommu: str | None = None  # None: as the description has it
    disk: Path | None = None  # None: the disks of the last run

    def assemble(self, name: str) -> System:
        """The system @name for this machine."""
        made = systems.assemble(systems.find(name), platform=self.platform, iommu=self.iommu)
        return made.with_disk(self.disk)


class _PendingKills:
    """All that --kill asked for."""

    def __init__(self, session: Session, kills: Sequence[Kill]) -> None:
        self._pending = [_PendingKill(session, kill) for kill in kills]

    def start(self) -> None:
        """Starts counting for each."""
        for one in self._pending:
            one.start()

    def check(self) -> None:
        """Refuses to call it a success if one of them was not carried out."""
        for one in self._pending:
            one.cancel()
        for one in self._pending:
            one.check()


def _patience(session: Session) -> float:
    """How long a guest may take until its shell answers."""
    return BOOT_TIMEOUT_S * session.platform.patience


def _leave_on_signals() -> None:
    """SIGTERM and SIGHUP end the command through its clean-up, as Ctrl-C does."""

    def leave(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)


def _summary(event: Message | None) -> str:
    if event is None:
        return "running"
    return (
        f"{event.get('domains', '?')} domains, {event.get('capabilities', '?')} capabilities, "
        f"{int(event.get('memory_kib', 0)) / 1024:.1f} MiB"
    )


def run_system(name: str, kills: Sequence[Kill], choice: Choice = Choice()) -> int:
    """Boots a system and gives its console to the person."""
    system = choice.assemble(name)
    _leave_on_signals()
    with Session(system.machine(), system.boot()) as session:
        control = ControlServer(session, system.name)
        try:
            return _interact(session, system, kills)
        finally:
            control.close()
            session.end()


def _interact(session: Session, system: System, kills: Sequence[Kill]) -> int:
    interactive = os.isatty(sys.stdin.fileno())
    if kills:
        with report.step(f"booting {system.name}"):
            session.wait_ready(BOOT_TIMEOUT_S)
            for tenant in system.tenants:
                GuestShell(session, tenant).wait_ready(_patience(session))
            session.link.demand("focus operator")
    else:
        with report.step(f"booting {system.name}"):
            session.wait_ready(BOOT_TIMEOUT_S)
    report.say(f"{system.name}: {_summary(session.boot_summary())}")
    if interactive:
        names = " or ".join(f"'console {tenant}'" for tenant in system.tenants)
        report.say(f"at the prompt: {names or 'help'}, Ctrl-] comes back; 'quit' or {terminal.HINT}")
    pending = _PendingKills(session, kills)
    pending.start()
    session.console.attach(terminal.write_out, replay=not kills)
    terminal.pass_through(session.console.send, lambda: session.emulator.status() is not None)
    session.console.detach(terminal.write_out)
    session.emulator.check_alive()
    pending.check()
    return 0


def run_command(
    name: str, tenant: str, command: str, kills: Sequence[Kill], timeout_s: float | None, choice: Choice = Choice()
) -> int:
    """Boots a system, runs one command in a tenant's shell, and returns its status."""
    system = choice.assemble(name)
    if tenant not in system.tenants:
        known = ", ".join(system.tenants) or "none"
        raise UsageProblem(f"{system.name} has no tenant '{tenant}' with a guest; it has: {known}")
    _leave_on_signals()
    with Session(system.machine(), system.boot()) as session:
        control = ControlServer(session, system.name)
        try:
            with report.step(f"booting {system.name}"):
                session.wait_ready(BOOT_TIMEOUT_S)
                shell = GuestShell(session, tenant)
                shell.wait_ready(timeout_s or _patience(session))
            pending = _PendingKills(session, kills)
            status = shell.execute(command, terminal.write_out, timeout_s, pending.start)
            pending.check()
            return status
        finally:
            control.close()
            session.end()


def run_guest(
    request: singleguest.Request, timeout_s: float | None, platform: Platform = QEMU_SVM, iommu: str | None = None
) -> int:
    """Boots one kernel image as the only tenant, its serial port on standard output."""
    system = singleguest.assemble(request, platform, iommu)
    _leave_on_signals()
    with Session(system.machine(), system.boot()) as session:
        try:
            return _watch_guest(session, timeout_s)
        finally:
            session.end()


class _GuestOutput:
    """Passes on what follows the boot messages of the core and builder, which end with a known line."""

    _LAST_LINE = b"bulkhead: mgmt takes over"

    def __init__(self) -> None:
        self._before: bytes | None = b""

    def __call__(self, chunk: bytes) -> None:
        if self._before is None:
            terminal.write_out(chunk)
            return
        self._before += chunk
        _, found, rest = self._before.partition(self._LAST_LINE)
        if found and b"\n" in rest:
            self._before = None
            terminal.write_out(rest.partition(b"\n")[2])


def _watch_guest(session: Session, timeout_s: float | None) -> int:
    until = None if timeout_s is None else time.monotonic() + timeout_s
    session.console.attach(_GuestOutput(), replay=True)

    def guest_ended() -> Message | None:
        return session.link.find(lambda event: event.get("event") == "guest")

    def ended() -> bool:
        session.emulator.check_alive()
        late = until is not None and time.monotonic() >= until
        return late or guest_ended() is not None or session.emulator.status() is not None

    left = terminal.pass_through(session.console.send, ended)
    event = guest_ended()
    if event is None:
        if left:
            return 0
        reason = session.console.fatal()
        if reason is not None:
            raise BulkheadFailed(f"the machine refused to boot: {reason}")
        if session.emulator.status() is not None:
            session.check_boot()
        raise TimeOut(f"the guest did not end within {timeout_s:g} s")
    session.drain()
    return _guest_status(event)


def _guest_status(event: Message) -> int:
    """The exit status that stands for how the guest ended."""
    state = event.get("state")
    if state in ("poweroff", "reset"):
        return 0
    if state == "debug-exit":
        return (int(event.get("value", 0)) * 2 + 1) & 0xFF
    raise GuestDied(f"the guest died: {event.get('reason') or state}")


def existing_file(file: str) -> Path:
    """A file given on the command line."""
    path = Path(file)
    if not path.is_file():
        raise UsageProblem(f"no such file: {file}")
    return path.resolve()
