"""A running Bulkhead machine: the emulator, its console and its machine link."""

from __future__ import annotations

import time
from types import TracebackType

from bulkhead.bochs import Bochs
from bulkhead.emulator import Boot, Emulator, Machine
from bulkhead.errors import BulkheadFailed, TimeOut
from bulkhead.link import MachineLink, Message
from bulkhead.qemu import Qemu
from bulkhead.serial import SerialPort

_EMULATORS = {"qemu": Qemu, "bochs": Bochs}


class Session:
    """Owns one machine from power-on to its end."""

    def __init__(self, machine: Machine, boot: Boot, emulator: Emulator | None = None) -> None:
        """@emulator: one that was started for it already."""
        self.platform = machine.platform
        self.emulator: Emulator = emulator or _EMULATORS[machine.platform.emulator](machine, boot)
        self.console = SerialPort(self.emulator.com1)
        self.link = MachineLink(self.emulator.com2)

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.emulator.__exit__(kind, error, trace)

    def check_boot(self) -> None:
        """Refuses to go on when the core, builder or the emulator said that it cannot."""
        reason = self.console.fatal()
        if reason is not None:
            raise BulkheadFailed(f"the machine refused to boot: {reason}")
        self.emulator.check_alive()
        if self.emulator.status() is not None:
            raise BulkheadFailed(f"the machine ended with status {self.emulator.status()}{self._tail()}")

    def _tail(self) -> str:
        lines = self.console.since(0).decode(errors="replace").strip().splitlines()
        return f"; its last line: {lines[-1].strip()}" if lines else "; it printed nothing"

    def wait_ready(self, timeout_s: float) -> None:
        """Waits until every domain runs; @timeout_s as for QEMU."""
        timeout_s *= self.platform.patience
        until = time.monotonic() + timeout_s
        while True:
            if self.link.find(lambda event: event.get("event") == "ready"):
                return
            self.check_boot()
            left = until - time.monotonic()
            if left <= 0:
                raise TimeOut(f"the domains were not running within {timeout_s:g} s{self._tail()}")
            try:
                self.link.wait(lambda event: event.get("event") == "ready", min(left, 0.5), "ready")
            except (TimeOut, BulkheadFailed):
                if self.link.closed:
                    time.sleep(0.1)

    def drain(self) -> None:
        """Waits until the console has said all that it had to say."""
        self.console.drain(0.3 * self.platform.patience, 5.0 * self.platform.patience)

    def boot_summary(self) -> Message | None:
        """What builder realised, as mgmt reported it."""
        return self.link.find(lambda event: event.get("event") == "boot")

    def end(self, timeout_s: float = 5.0) -> None:
        """Asks the machine to power off, and ends it if it does not."""
        if self.emulator.status() is None and not self.link.closed:
            try:
                self.link.command("quit", timeout_s=2.0)
                self.emulator.wait(timeout_s)
            except (TimeOut, BulkheadFailed):
                pass
        self.emulator.kill()
