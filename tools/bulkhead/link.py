"""The machine link: frames of CBOR from mgmt and to it over COM2 (idl/mgmt.idl, docs/operator.md)."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable

from bulkhead import frames, messages
from bulkhead.errors import BulkheadFailed, TimeOut
from bulkhead.messages import Message

__all__ = ["MachineLink", "Message"]


class MachineLink:
    """Reads the link in a thread of its own and keeps every event."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._changed = threading.Condition()
        self._events: list[Message] = []
        self._replies: list[Message] = []
        self._closed = False
        self._one_command = threading.Lock()
        self._numbers = itertools.count(1)
        self._frames = frames.FrameReader()
        self._listeners: list[Callable[[Message], None]] = []
        self._reader = threading.Thread(target=self._read, name="machine-link", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        while True:
            try:
                chunk = self._stream.recv(4096)
            except OSError:
                chunk = b""
            if not chunk:
                break
            for items in self._frames.feed(chunk):
                message = messages.read(items)
                if message is not None:
                    self._take(message)
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _take(self, message: Message) -> None:
        with self._changed:
            (self._replies if "reply" in message else self._events).append(message)
            self._changed.notify_all()
            listeners = list(self._listeners)
        for listener in listeners:
            listener(message)

    def listen(self, listener: Callable[[Message], None]) -> None:
        """Calls @listener, on the reading thread, for every later message."""
        with self._changed:
            self._listeners.append(listener)

    @property
    def closed(self) -> bool:
        """True once the machine is gone."""
        return self._closed

    def events(self) -> list[Message]:
        """Every event so far."""
        with self._changed:
            return list(self._events)

    def find(self, wanted: Callable[[Message], bool], start: int = 0) -> Message | None:
        """The first event from index @start that is @wanted, if it has come."""
        return next((event for event in self.events()[start:] if wanted(event)), None)

    def wait(
        self, wanted: Callable[[Message], bool], timeout_s: float | None, what: str, start: int = 0
    ) -> Message:
        """The first event from index @start that is @wanted."""
        until = None if timeout_s is None else time.monotonic() + timeout_s
        with self._changed:
            while True:
                for event in self._events[start:]:
                    if wanted(event):
                        return event
                if self._closed:
                    raise BulkheadFailed(f"the machine ended before {what}")
                left = None if until is None else until - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeOut(f"no {what} within {timeout_s:g} s")
                self._changed.wait(left if left is None else min(left, 1.0))

    def command(self, line: str, timeout_s: float = 15.0) -> Message:
        """Sends one command and returns mgmt's reply, whatever it says."""
        number = next(self._numbers) & 0xFFFFFFFF
        frame = frames.pack(messages.request(line, number))
        with self._one_command:
            with self._changed:
                self._replies.clear()
            try:
                self._stream.sendall(frame)
            except OSError as error:
                raise BulkheadFailed(f"the machine ended before it could take '{line}'") from error
            until = time.monotonic() + timeout_s
            with self._changed:
                while True:
                    for reply in self._replies:
                        if reply.get("reply") == number:
                            return reply
                    left = until - time.monotonic()
                    if self._closed:
                        raise BulkheadFailed(f"the machine ended before it answered '{line}'")
                    if left <= 0:
                        raise TimeOut(f"mgmt did not answer '{line}' within {timeout_s:g} s")
                    self._changed.wait(min(left, 1.0))

    def demand(self, line: str) -> Message:
        """Sends one command and refuses to go on unless mgmt agreed."""
        reply = self.command(line)
        if not reply.get("ok"):
            raise BulkheadFailed(f"mgmt refused '{line}': {reply.get('error', 'no reason given')}")
        return reply
