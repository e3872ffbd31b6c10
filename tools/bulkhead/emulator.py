"""What the two emulators have in common: one process, started, watched, and always ended.

It dies with this process, even if this process is killed. Both serial ports are sockets; whatever the emulator
writes lies in a private folder that goes with it.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Self

from bulkhead.devices import DEFAULT_IOMMU, Device
from bulkhead.errors import BulkheadFailed, TimeOut
from bulkhead.platforms import QEMU_SVM, Platform


@dataclass(frozen=True)
class Module:
    """A boot module: what it is called in the machine, and where it is here."""

    name: str
    path: Path


@dataclass(frozen=True)
class Boot:
    """What the machine starts: a multiboot kernel with modules, or a CD image."""

    kernel: Path | None = None
    append: str = ""
    modules: Sequence[Module] = ()
    iso: Path | None = None


@dataclass(frozen=True)
class Machine:
    """The hardware, as PLATFORM.md says it works."""

    memory_mib: int = 1024
    platform: Platform = QEMU_SVM
    icount: bool = False  # a TSC tick is an instruction and a nanosecond; on Bochs it is always an instruction
    extra: Sequence[str] = field(default_factory=tuple)  # further arguments of QEMU
    devices: Sequence[Device] = ()
    iommu: str = DEFAULT_IOMMU  # QEMU has one where a device needs it


class Emulator(ABC):
    """A running machine. Use as a context manager; leaving it ends the process."""

    title: str
    interactive = False  # commands go in and answers come out through pipes, instead of a file
    com1: socket.socket
    com2: socket.socket

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="bulkhead-")
        self.folder = Path(self._folder.name)
        self._output = (self.folder / "emulator.out").open("w+b")
        self._process: subprocess.Popen[bytes] | None = None

    def _start(
        self, command: Sequence[str], keep: Sequence[int] = (), env: Mapping[str, str] | None = None
    ) -> None:
        """Starts @command in the private folder; descriptors in @keep stay open in it."""
        self.command = ["setpriv", "--pdeathsig", "KILL", *command]
        try:
            self._process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env={**os.environ, **(env or {})},
                stdin=subprocess.PIPE if self.interactive else subprocess.DEVNULL,
                stdout=subprocess.PIPE if self.interactive else self._output,
                stderr=subprocess.STDOUT,
                pass_fds=keep,
                start_new_session=True,
            )
        except FileNotFoundError as error:
            self.close()
            raise BulkheadFailed(f"program not found: {error.filename}; run ./bulkhead setup") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()
        self.close()

    @property
    def pid(self) -> int:
        """The process id of the emulator."""
        assert self._process is not None
        return self._process.pid

    def status(self) -> int | None:
        """The exit status, or None while it runs."""
        return None if self._process is None else self._process.poll()

    def wait(self, timeout_s: float | None) -> int:
        """The exit status; TimeOut if there is none in time."""
        assert self._process is not None
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeOut(f"the machine did not end within {timeout_s:g} s") from error

    def output(self) -> str:
        """All that the emulator wrote to its terminal."""
        self._output.flush()
        self._output.seek(0, os.SEEK_SET)
        return self._output.read().decode(errors="replace")

    @abstractmethod
    def complaint(self) -> str:
        """Why the emulator gave up, in one line; empty if it gave no reason."""

    @abstractmethod
    def ended_well(self, status: int) -> bool:
        """Whether an exit with @status is the machine's own doing and no fault of the emulator."""

    def check_alive(self) -> None:
        """Refuses to go on with an emulator that ended by its own fault."""
        status = self.status()
        if status is None or self.ended_well(status):
            return
        raise BulkheadFailed(
            f"{self.title} ended early with status {status}: {self.complaint() or 'it gave no reason'}"
        )

    def kill(self) -> None:
        """Ends the emulator now. Harmless if it has ended already."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Gives the sockets and the private folder back."""
        for name in ("com1", "com2"):
            if hasattr(self, name):
                getattr(self, name).close()
        for stream in (self._process.stdin, self._process.stdout) if self._process is not None else ():
            if stream is not None:
                stream.close()
        self._output.close()
        self._folder.cleanup()
