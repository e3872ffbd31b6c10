"""Frames of the machine link (idl/mgmt.idl): a mark, the length, a CRC and one CBOR array.

What the line damaged is dropped and counted; the next whole frame comes out. No guest's bytes can look like a frame:
management sends what a guest wrote as printable characters only, and the mark is none.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import cbor2

from bulkhead.errors import BulkheadFailed
from capdl.abi import abi

_HEADER = struct.Struct("<HHI")  # mark, length, CRC-32 of length and payload


@cache
def numbers(enum: str) -> dict[str, int]:
    """The values of an enum of idl/mgmt.idl by name."""
    return dict(abi().enums[enum])


@cache
def _mark() -> bytes:
    return struct.pack("<H", numbers("link_limits")["mark"])


def _crc(payload: bytes) -> int:
    return zlib.crc32(payload, zlib.crc32(struct.pack("<H", len(payload))))


def pack(items: list[Any]) -> bytes:
    """A frame with the CBOR array @items."""
    payload = cbor2.dumps(items)
    if len(payload) > numbers("link_limits")["request_bytes"]:
        raise BulkheadFailed(f"a request of {len(payload)} bytes is longer than the machine link takes")
    return _HEADER.pack(numbers("link_limits")["mark"], len(payload), _crc(payload)) + payload


def _unpack(payload: bytes) -> list[Any] | None:
    stream = io.BytesIO(payload)
    try:
        items = cbor2.load(stream)
    except (cbor2.CBORDecodeError, ValueError, EOFError):
        return None
    return items if isinstance(items, list) and items and not stream.read(1) else None


@dataclass
class Losses:
    """What was dropped: a count for each run of bytes that made no frame."""

    bad: int = 0
    oversized: int = 0


class FrameReader:
    """Cuts a stream of bytes into frames."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._hunting = True  # before management runs the port may carry anything
        self.losses = Losses()

    def feed(self, chunk: bytes) -> Iterator[list[Any]]:
        """Takes @chunk and yields every array that is whole."""
        self._bytes += chunk
        while (payload := self._next()) is not None:
            items = _unpack(payload)
            if items is None:
                self.losses.bad += 1
            else:
                yield items

    def _lose(self, kind: str) -> None:
        if not self._hunting:
            setattr(self.losses, kind, getattr(self.losses, kind) + 1)
        self._hunting = True
        at = self._bytes.find(_mark()[:1], 1)
        del self._bytes[: at if at > 0 else len(self._bytes)]

    def _next(self) -> bytes | None:
        while self._bytes:
            if not _mark().startswith(bytes(self._bytes[:2])) and bytes(self._bytes[:2]) != _mark():
                self._lose("bad")
                continue
            if len(self._bytes) < _HEADER.size:
                return None
            _, length, crc = _HEADER.unpack_from(self._bytes)
            if length == 0 or length > numbers("link_limits")["message_bytes"]:
                self._lose("oversized")
                continue
            end = _HEADER.size + length
            payload = bytes(self._bytes[_HEADER.size : end])
            if len(payload) == length and _crc(payload) == crc:
                del self._bytes[:end]
                self._hunting = False
                return payload
            # A frame whose rest never comes, because management died while it spoke, must not hold up its successor's.
            if len(payload) == length or self._whole_frame_behind():
                self._lose("bad")
                continue
            return None
        return None

    def _whole_frame_behind(self) -> bool:
        """Whether a whole frame lies within what should be the payload of the first."""
        at = self._bytes.find(_mark(), 1)
        while at >= 0:
            if len(self._bytes) - at >= _HEADER.size:
                _, length, crc = _HEADER.unpack_from(self._bytes, at)
                payload = bytes(self._bytes[at + _HEADER.size : at + _HEADER.size + length])
                if 0 < length == len(payload) and _crc(payload) == crc:
                    return True
            at = self._bytes.find(_mark(), at + 1)
        return False
