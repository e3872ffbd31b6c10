"""The person's terminal as a pass-through to a console, with a way out."""

from __future__ import annotations

import os
import select
import sys
import termios
import tty
from collections.abc import Callable

ESCAPE = b"\x01"  # Ctrl-A, then: x = leave, a = a literal Ctrl-A
HINT = "Ctrl-A x leaves"


def write_out(data: bytes) -> None:
    """Bytes to standard output, at once."""
    view = memoryview(data)
    while view:
        try:
            written = os.write(sys.stdout.fileno(), view)
        except BlockingIOError:
            select.select([], [sys.stdout], [])
            continue
        except BrokenPipeError:
            return
        view = view[written:]


class _Keys:
    """Splits typed bytes into data and the escape sequence."""

    def __init__(self) -> None:
        self._escaped = False

    def feed(self, data: bytes) -> tuple[bytes, bool]:
        """Bytes to pass on, and whether the person wants to leave."""
        out = bytearray()
        for value in data:
            byte = bytes([value])
            if self._escaped:
                self._escaped = False
                if byte in (b"x", b"X"):
                    return bytes(out), True
                if byte in (ESCAPE, b"a", b"A"):
                    out += ESCAPE
            elif byte == ESCAPE:
                self._escaped = True
            else:
                out += byte
        return bytes(out), False


def pass_through(send: Callable[[bytes], None], ended: Callable[[], bool]) -> bool:
    """Passes standard input to @send until @ended or the person leaves; True if the person left.

    On a terminal it is raw and Ctrl-A x leaves. Otherwise the end of input changes nothing: the
    console is watched until @ended.
    """
    source = sys.stdin.fileno()
    interactive = os.isatty(source)
    saved = termios.tcgetattr(source) if interactive else None
    keys = _Keys()
    watching = True
    try:
        if interactive:
            tty.setraw(source)
        while not ended():
            ready, _, _ = select.select([source] if watching else [], [], [], 0.1)
            if not ready:
                continue
            data = os.read(source, 4096)
            if not data:
                watching = False
                continue
            if interactive:
                data, leave = keys.feed(data)
                if leave:
                    return True
            if data:
                send(data)
        return False
    finally:
        if saved is not None:
            termios.tcsetattr(source, termios.TCSADRAIN, saved)
            write_out(b"\r\n")
