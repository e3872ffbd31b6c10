"""Running one command in a guest's shell over its serial console.

Every marker carries a fresh nonce, so nothing that a guest printed before, or prints on purpose
without knowing it, is taken for the end of the command. Output is byte for byte what the command
wrote: the terminal's output processing is off while it runs.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Callable

from bulkhead.errors import BulkheadFailed, GuestDied, TimeOut
from bulkhead.link import Message
from bulkhead.session import Session

_CHUNK = 200  # base64 characters typed per line: far below any line limit


class GuestShell:
    """The shell of one tenant; the tenant has the console's focus while this is used."""

    def __init__(self, session: Session, tenant: str, seen_events: int = 0) -> None:
        """@seen_events: how many events of the link are over, and no reason to give up."""
        self._session = session
        self._tenant = tenant
        self._seen_events = seen_events
        session.link.demand(f"focus {tenant}")

    def _died(self) -> Message | None:
        return self._session.link.find(
            lambda event: event.get("event") == "guest"
            and event.get("name") in (self._tenant, f"vmm-{self._tenant}")
            or event.get("event") == "domain"
            and event.get("tenant") == self._tenant
            and event.get("state") in ("died", "parked"),
            self._seen_events,
        )

    def _check_guest(self) -> None:
        event = self._died()
        if event is not None:
            reason = event.get("reason") or event.get("state")
            raise GuestDied(f"tenant {self._tenant} ended: {reason}")
        self._session.check_boot()

    def _wait(self, marker: bytes, start: int, until: float | None, what: str) -> int:
        """Waits for @marker, watching for the guest's death; returns the position behind it."""
        while True:
            try:
                return self._session.console.wait_for(marker, 0.5, start)
            except (TimeOut, BulkheadFailed):
                self._check_guest()
            if until is not None and time.monotonic() >= until:
                raise TimeOut(f"tenant {self._tenant}: {what} in time")

    def wait_ready(self, timeout_s: float) -> None:
        """Waits until the shell answers."""
        until = time.monotonic() + timeout_s
        nonce = secrets.token_hex(8)
        # The quotes keep the terminal's echo of the line from looking like the answer.
        line = f"echo bh-''{nonce}\n".encode()
        start = self._session.console.position()
        while True:
            self._session.console.send(line)
            try:
                self._wait(
                    f"bh-{nonce}".encode(),
                    start,
                    min(until, time.monotonic() + 2.0),
                    "its shell did not answer",
                )
                return
            except TimeOut:
                if time.monotonic() >= until:
                    raise

    def _type(self, line: str, until: float | None) -> None:
        """Types one line and waits until the shell has carried it out."""
        nonce = secrets.token_hex(8)
        start = self._session.console.position()
        self._session.console.send(f"{line}; echo bh-''{nonce}\n".encode())
        self._wait(f"bh-{nonce}".encode(), start, until, "its shell stopped answering")

    def execute(
        self,
        command: str,
        output: Callable[[bytes], None],
        timeout_s: float | None = None,
        started: Callable[[], None] | None = None,
    ) -> int:
        """Runs @command, hands its output to @output as it comes, and returns its exit status.

        @started is called when the command has begun.
        """
        until = None if timeout_s is None else time.monotonic() + timeout_s
        nonce = secrets.token_hex(12)
        script = f"/tmp/bh-{nonce}"
        self._type("dmesg -n 1; stty -echo", until)
        encoded = base64.b64encode(command.encode() + b"\n").decode()
        for at in range(0, len(encoded), _CHUNK):
            self._type(f"printf %s {encoded[at : at + _CHUNK]} >>{script}", until)
        begin, end = f"<{nonce}>".encode(), f"</{nonce}:".encode()
        start = self._session.console.position()
        self._session.console.send(
            f"base64 -d {script} >{script}.sh; rm {script}; stty -opost; printf '<%s>' {nonce}; "
            f"sh {script}.sh </dev/null; s=$?; printf '</%s:%d>' {nonce} $s; "
            f"stty opost echo; rm -f {script}.sh\n".encode()
        )
        at = self._wait(begin, start, until, "its shell stopped answering")
        if started is not None:
            started()
        return self._collect(at, end, output, until)

    def _collect(
        self, at: int, end: bytes, output: Callable[[bytes], None], until: float | None
    ) -> int:
        """Passes output on up to the end marker, and reads the status behind it."""
        pending = b""
        while True:
            chunk = self._session.console.more(at, 0.5)
            at += len(chunk)
            pending += chunk
            found = pending.find(end)
            close = pending.find(b">", found + len(end)) if found >= 0 else -1
            if close >= 0:
                output(pending[:found])
                return int(pending[found + len(end) : close])
            # Keep back what may be the beginning of the marker.
            safe = found if found >= 0 else max(0, len(pending) - len(end))
            if safe:
                output(pending[:safe])
                pending = pending[safe:]
            if not chunk:
                self._check_guest()
            if until is not None and time.monotonic() >= until:
                raise TimeOut(f"tenant {self._tenant}: the command did not end in time")
