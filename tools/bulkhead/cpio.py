"""Initial RAM file systems: "newc" cpio archives written here, so that no root and no tool is needed
and the same input gives the same bytes.
"""

from __future__ import annotations

import gzip
import io
import stat
from dataclasses import dataclass, field


@dataclass
class Archive:
    """Files to be archived, by path without a leading slash."""

    _entries: dict[str, tuple[int, bytes, int]] = field(default_factory=dict)  # mode, data, device

    def _parents(self, path: str) -> None:
        parts = path.split("/")[:-1]
        for depth in range(1, len(parts) + 1):
            self._entries.setdefault("/".join(parts[:depth]), (stat.S_IFDIR | 0o755, b"", 0))

    def directory(self, path: str, mode: int = 0o755) -> None:
        """Adds a directory and its parents."""
        self._parents(path)
        self._entries[path] = (stat.S_IFDIR | mode, b"", 0)

    def file(self, path: str, data: bytes, mode: int = 0o644) -> None:
        """Adds a regular file and its parents."""
        self._parents(path)
        self._entries[path] = (stat.S_IFREG | mode, data, 0)

    def link(self, path: str, target: str) -> None:
        """Adds a symbolic link to @target."""
        self._parents(path)
        self._entries[path] = (stat.S_IFLNK | 0o777, target.encode(), 0)

    def character_device(self, path: str, major: int, minor: int) -> None:
        """Adds a character device node."""
        self._parents(path)
        self._entries[path] = (stat.S_IFCHR | 0o600, b"", major << 8 | minor)

    def to_bytes(self) -> bytes:
        """The archive, gzip-compressed, with every time zero."""
        raw = io.BytesIO()
        for inode, (path, (mode, data, device)) in enumerate(sorted(self._entries.items()), 1):
            _write_entry(raw, inode, path, mode, data, device)
        _write_entry(raw, 0, "TRAILER!!!", 0, b"", 0)
        return gzip.compress(raw.getvalue(), compresslevel=9, mtime=0)


def _write_entry(raw: io.BytesIO, inode: int, path: str, mode: int, data: bytes, device: int) -> None:
    name = path.encode() + b"\0"
    links = 2 if stat.S_ISDIR(mode) else 1
    numbers = [
        inode, mode, 0, 0, links, 0, len(data), 0, 0, device >> 8, device & 0xFF, len(name), 0,
    ]  # fmt: skip
    raw.write(b"070701" + b"".join(b"%08X" % number for number in numbers))
    raw.write(name)
    raw.write(b"\0" * (-raw.tell() % 4))
    raw.write(data)
    raw.write(b"\0" * (-raw.tell() % 4))
