"""The machine's first serial port: read by one thread, kept, and handed to whoever listens."""

from __future__ import annotations

import re
import socket
import threading
import time
from collections.abc import Callable

from bulkhead.errors import BulkheadFailed, TimeOut

_KEEP_BYTES = 1 << 20
_FATAL = re.compile(rb"bulkhead: FATAL: ([^\r\n]*)[\r\n]")


class SerialPort:
    """COM1 as the tool sees it."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._changed = threading.Condition()
        self._sinks: list[Callable[[bytes], None]] = []
        self._kept = b""
        self._dropped = 0  # bytes that no longer fit, so that positions keep their meaning
        self._closed = False
        self._last = time.monotonic()
        threading.Thread(target=self._read, name="com1", daemon=True).start()

    def _read(self) -> None:
        while True:
            try:
                chunk = self._stream.recv(65536)
            except OSError:
                chunk = b""
            with self._changed:
                if not chunk:
                    self._closed = True
                    self._changed.notify_all()
                    return
                self._last = time.monotonic()
                self._kept += chunk
                surplus = len(self._kept) - _KEEP_BYTES
                if surplus > 0:
                    self._kept = self._kept[surplus:]
                    self._dropped += surplus
                # Under the lock, so that a new sink misses nothing and sees nothing twice.
                for sink in self._sinks:
                    sink(chunk)
                self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """True once the machine is gone."""
        return self._closed

    def attach(self, sink: Callable[[bytes], None], replay: bool = False) -> None:
        """Hands every later byte to @sink, and with @replay what is kept first."""
        with self._changed:
            if replay and self._kept:
                sink(self._kept)
            self._sinks.append(sink)

    def detach(self, sink: Callable[[bytes], None]) -> None:
        """Stops handing bytes to @sink."""
        with self._changed:
            if sink in self._sinks:
                self._sinks.remove(sink)

    def send(self, data: bytes) -> None:
        """Types @data; a machine that is gone takes nothing."""
        try:
            self._stream.sendall(data)
        except OSError:
            return

    def position(self) -> int:
        """How many bytes have come so far."""
        with self._changed:
            return self._dropped + len(self._kept)

    def since(self, position: int) -> bytes:
        """What came after @position, as far as it is kept."""
        with self._changed:
            return self._kept[max(0, position - self._dropped) :]

    def more(self, position: int, timeout_s: float) -> bytes:
        """What came after @position, waiting for at least one byte; empty after @timeout_s."""
        until = time.monotonic() + timeout_s
        with self._changed:
            while self._dropped + len(self._kept) <= position and not self._closed:
                left = until - time.monotonic()
                if left <= 0:
                    return b""
                self._changed.wait(left)
            if position < self._dropped:
                raise BulkheadFailed("the console was faster than its reader; output is lost")
            return self._kept[position - self._dropped :]

    def wait_for(self, pattern: bytes, timeout_s: float, start: int = 0) -> int:
        """Waits for the text @pattern at or after position @start; returns the position behind it.

        Raises TimeOut, or BulkheadFailed when the machine is gone.
        """
        until = time.monotonic() + timeout_s
        with self._changed:
            while True:
                from_index = max(0, start - self._dropped)
                found = self._kept.find(pattern, from_index)
                if found >= 0:
                    return self._dropped + found + len(pattern)
                left = until - time.monotonic()
                if self._closed:
                    raise BulkheadFailed("the machine ended")
                if left <= 0:
                    raise TimeOut(f"'{pattern.decode(errors='replace')}' did not appear in time")
                self._changed.wait(min(left, 1.0))

    def fatal(self) -> str | None:
        """The reason of a refused boot, if the core or builder printed one."""
        match = _FATAL.search(self.since(0))
        return match[1].decode(errors="replace") if match else None

    def drain(self, quiet_s: float = 0.3, limit_s: float = 5.0) -> None:
        """Waits until nothing has come for @quiet_s."""
        until = time.monotonic() + limit_s
        while time.monotonic() < until and not self._closed:
            silent = time.monotonic() - self._last
            if silent >= quiet_s:
                return
            time.sleep(quiet_s - silent)
