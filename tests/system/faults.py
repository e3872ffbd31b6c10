"""What tests of faults share: a disk that a neighbour works on and whose every byte is compared in the end, what a device may
reach, what the emulator had to say, and a debugger that reaches all of the machine's memory."""

from __future__ import annotations

import hashlib
import re
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import cbor2
from bulkhead.session import Session
from bulkhead.systems import System
from tests.system.network import GAP_MAX_S, NOW, Running

MIB = 1 << 20
PIECE = 2 * MIB  # what a tenant writes at once
WINDOW_MIB = 256
FIRST = {"a": 1 * MIB, "b": (1 + WINDOW_MIB) * MIB}  # of the windows, in the image

PREPARE = f"dd if=/dev/urandom of=/tmp/data bs=64k count={PIECE >> 16} 2>/dev/null; sha256sum < /tmp/data"

# Writes a piece at eight places by turns, flushes, reads it back from the disk and compares, for as long as /tmp/go is
# there. A difference or an error ends it with a word in /tmp/verdict. Rounds, and the longest of them in centiseconds.
WORK = NOW + """
touch /tmp/go; rm -f /tmp/verdict; echo 0 0 > /tmp/rounds
(n=0; worst=0; last=$(now)
while [ -e /tmp/go ]; do
    s=$((n % 8 * 32))
    dd if=/tmp/data of=/dev/vda bs=64k seek=$s conv=fsync 2>/dev/null || { echo write > /tmp/verdict; exit; }
    echo 3 > /proc/sys/vm/drop_caches
    dd if=/dev/vda bs=64k skip=$s count=32 2>/dev/null | cmp -s - /tmp/data || { echo compare > /tmp/verdict; exit; }
    n=$((n + 1)); t=$(now); [ $((t - last)) -gt $worst ] && worst=$((t - last)); last=$t
    echo $n $worst > /tmp/rounds.new; mv /tmp/rounds.new /tmp/rounds
done
echo well > /tmp/verdict) >/dev/null 2>&1 &
"""
WORK_PLACES = 8
WORK_END = "rm /tmp/go; while [ ! -e /tmp/verdict ]; do sleep 0.1; done; cat /tmp/verdict /tmp/rounds"


@dataclass
class Neighbour:
    """A tenant that works on its disk while something happens."""

    running: Running
    tenant: str
    sha256: str = ""
    done: int = 0  # rounds

    def begin(self) -> None:
        status, output = self.running.execute(self.tenant, PREPARE)
        assert status == 0
        self.sha256 = output.split()[0]
        assert self.running.execute(self.tenant, WORK)[0] == 0

    def rounds(self) -> int:
        return int(self.running.execute(self.tenant, "cat /tmp/rounds")[1].split()[0])

    def end(self, least: int = 2) -> None:
        """Nothing differed, it went on all the time, and at least @least rounds were done."""
        status, output = self.running.execute(self.tenant, WORK_END)
        assert status == 0 and output.startswith("well\n"), (self.tenant, output)
        self.done, worst_cs = (int(word) for word in output.split()[1:])
        assert self.done >= least, output
        assert worst_cs / 100 < GAP_MAX_S, f"{self.tenant} waited {worst_cs / 100} s for its disk"
        self.running.execute(self.tenant, "sync")

    def check_image(self, image: Path) -> None:
        """What stands in the image is what it wrote, by hash, at every place that it came to."""
        places = range(min(self.done, WORK_PLACES))
        found = {digest(image, FIRST[self.tenant] + place * PIECE, PIECE) for place in places}
        assert found == {self.sha256}, found


def digest(image: Path, offset: int, length: int) -> str:
    """SHA-256 of a part of the disk's image."""
    with image.open("rb") as file:
        file.seek(offset)
        return hashlib.sha256(file.read(length)).hexdigest()


def only_written(image: Path, parts: Iterable[tuple[int, int]]) -> None:
    """Everything in @image is zero but @parts, (offset, length) each: nobody lost a byte to it and nobody gained one."""
    allowed = sorted(parts)
    with image.open("rb") as file:
        at = 0
        for offset, length in [*allowed, (image.stat().st_size, 0)]:
            while at < offset:
                file.seek(at)
                chunk = file.read(min(16 * MIB, offset - at))
                assert not chunk.strip(b"\0"), f"bytes at {at:#x} that nobody wrote"
                at += len(chunk)
            at = max(at, offset + length)


def reach(system: System, driver: str) -> list[range]:
    """The addresses that the device of domain @driver may use, from what builder is given."""
    described = cbor2.loads(system.modules[1].path.read_bytes())
    objects, domains = described[5], described[9]
    devices = next(domain[21] for domain in domains if domain[1] == driver)
    return [
        range(start, start + count * objects[number][3])
        for device in devices
        for number, _, count, start, _ in device[2]
    ]


def reachable(system: System, driver: str, address: int) -> bool:
    """Whether @address is one of them."""
    return any(address in part for part in reach(system, driver))


def emulator_said(session: Session) -> str:
    """What QEMU wrote to its terminal; of each kind of complaint it writes the first."""
    return (session.emulator.folder / "emulator.out").read_text(errors="replace")


class Debugger:
    """QEMU's debugger port: all of the machine's memory by physical address, while the machine stands still."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30.0)
        self._socket.connect(str(path))
        self._read = b""
        assert self._ask("Qqemu.PhyMemMode:1") == "OK"

    def _packet(self) -> str:
        """The next packet from there."""
        while not (found := re.search(rb"\$([^#]*)#..", self._read)):
            more = self._socket.recv(4096)
            assert more, "the debugger's port was closed"
            self._read += more
        self._read = self._read[found.end() :]
        self._socket.sendall(b"+")
        return found[1].decode()

    def _ask(self, packet: str) -> str:
        """One packet of the remote protocol and its reply; that the machine stands still is said in between."""
        self._socket.sendall(f"${packet}#{sum(packet.encode()) & 0xFF:02x}".encode())
        while (reply := self._packet()).startswith("T"):
            pass
        return reply

    def write(self, address: int, content: bytes) -> None:
        """Writes @content at physical @address."""
        for at in range(0, len(content), 1024):
            part = content[at : at + 1024]
            assert self._ask(f"M{address + at:x},{len(part):x}:{part.hex()}") == "OK"

    def close(self) -> None:
        """Lets the machine go on."""
        assert self._ask("D") == "OK"
        self._socket.close()
