"""Bochs under its own debugger, driven over a pipe: runs from breakpoint to breakpoint and knows the tick of each.

A tick is an instruction, except that time also passes while the processor waits in HLT; stepping over a HLT tells how long.
"""

from __future__ import annotations

import os
import re
import select
import time
from dataclasses import dataclass

from bulkhead.bochs import Bochs
from bulkhead.emulator import Boot, Machine
from bulkhead.errors import BulkheadFailed, TimeOut

_PROMPT = re.compile(rb"<bochs:\d+> ")
# The address comes with the breakpoint; the line that shows the instruction does not where its page is absent.
_BREAK = re.compile(r"Breakpoint \d+, 0x([0-9a-f]+)")
_TICK = re.compile(r"Next at t=(\d+)")


@dataclass(frozen=True)
class Stop:
    """A breakpoint that was reached."""

    tick: int
    rip: int


class DebuggedBochs(Bochs):
    """A machine that stands still until it is told to go on."""

    interactive = True

    def __init__(self, machine: Machine, boot: Boot, timeout_s: float, *, linux: bool = False) -> None:
        self._until = time.monotonic() + timeout_s
        self._pending = b""
        self._breakpoints = 0
        super().__init__(machine, boot, linux=linux)
        self._read_to_prompt()

    def _read_to_prompt(self) -> str:
        assert self._process is not None and self._process.stdout is not None
        stream = self._process.stdout.fileno()
        while (found := _PROMPT.search(self._pending)) is None:
            ready, _, _ = select.select([stream], [], [], max(0.0, self._until - time.monotonic()))
            if not ready:
                raise TimeOut("Bochs did not come to the end of what is measured in time")
            chunk = os.read(stream, 65536)
            if not chunk:
                self._process.wait()
                raise BulkheadFailed(f"Bochs ended in the middle: {self.complaint() or 'it gave no reason'}")
            self._pending += chunk
        text, self._pending = self._pending[: found.start()], self._pending[found.end() :]
        return text.decode(errors="replace")

    def _command(self, text: str) -> str:
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(text.encode() + b"\n")
        self._process.stdin.flush()
        return self._read_to_prompt()

    def _found(self, pattern: re.Pattern[str], said: str) -> str:
        found = pattern.search(said)
        if found is None:
            raise BulkheadFailed(f"Bochs's debugger said something else than where it stands: {said.strip()[-200:]}")
        return found[1]

    def break_at(self, *addresses: int) -> None:
        """Stops from now on before the instruction at each of the linear @addresses, in whatever address space."""
        for address in addresses:
            self._command(f"lb {address:#x}")
            self._breakpoints += 1

    def go_on(self) -> Stop:
        """Runs to the next breakpoint."""
        said = self._command("c")
        return Stop(int(self._found(_TICK, said)), int(self._found(_BREAK, said), 16))

    def step(self) -> int:
        """One instruction; a HLT lasts until it is woken. The tick afterwards."""
        return int(self._found(_TICK, self._command("s")))

    def let_go(self) -> None:
        """Runs on without breakpoints; nothing can be asked any more."""
        for number in range(1, self._breakpoints + 1):
            self._command(f"d {number}")
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(b"c\n")
        self._process.stdin.flush()
