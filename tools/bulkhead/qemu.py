"""One QEMU process: started, watched, and always ended.

Both serial ports are socket pairs, so nothing is left behind in the file system, and QEMU dies with
this process even if this process is killed.
"""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from bulkhead.errors import BulkheadFailed, TimeOut

PROGRAM = "qemu-system-x86_64"


@dataclass(frozen=True)
class Module:
    """A boot module: what it is called in the machine, and where it is here."""

    name: str
    path: Path


@dataclass(frozen=True)
class Boot:
    """What the machine starts: a multiboot1 kernel with modules, or a CD image."""

    kernel: Path | None = None
    append: str = ""
    modules: Sequence[Module] = ()
    iso: Path | None = None


@dataclass(frozen=True)
class Machine:
    """The hardware, as PLATFORM.md says it works."""

    memory_mib: int = 1024
    cpu: str = "max,+svm"
    icount: bool = False
    debug_exit: bool = True
    extra: Sequence[str] = field(default_factory=tuple)


def _escaped(word: str) -> str:
    return word.replace(",", ",,")


def _boot_arguments(boot: Boot, folder: Path) -> list[str]:
    """QEMU splits module names at commas and blanks, so it is given plain links in a private folder."""
    if boot.iso is not None:
        return ["-cdrom", _escaped(str(boot.iso.resolve())), "-boot", "d"]
    if boot.kernel is None:
        raise BulkheadFailed("nothing to boot: neither a kernel nor a CD image given")
    arguments = ["-kernel", str(boot.kernel.resolve())]
    if boot.append:
        arguments += ["-append", boot.append]
    names = []
    for module in boot.modules:
        name = module.name
        if name in names or any(char in name for char in ", /"):
            raise BulkheadFailed(f"module name '{name}' is used twice or holds a comma, blank or slash")
        (folder / name).symlink_to(module.path.resolve())
        names.append(name)
    if names:
        arguments += ["-initrd", ",".join(names)]
    return arguments


class Qemu:
    """A running machine. Use as a context manager; leaving it ends the process."""

    def __init__(self, machine: Machine, boot: Boot) -> None:
        self.com1, com1_there = socket.socketpair()
        self.com2, com2_there = socket.socketpair()
        self._folder = tempfile.TemporaryDirectory(prefix="bulkhead-")
        folder = Path(self._folder.name)
        self._stderr = (folder / "qemu.stderr").open("w+b")
        command = [
            "setpriv", "--pdeathsig", "KILL", PROGRAM,
            "-M", "q35", "-cpu", machine.cpu, "-m", str(machine.memory_mib),
            "-display", "none", "-nodefaults", "-no-reboot", "-no-user-config",
            "-chardev", f"socket,id=com1,fd={com1_there.fileno()}", "-serial", "chardev:com1",
            "-chardev", f"socket,id=com2,fd={com2_there.fileno()}", "-serial", "chardev:com2",
        ]  # fmt: skip
        if machine.debug_exit:
            command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=4"]
        if machine.icount:
            command += ["-icount", "shift=0,sleep=off"]
        command += [*machine.extra, *_boot_arguments(boot, folder)]
        self.command = command
        try:
            self._process = subprocess.Popen(
                command,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=self._stderr,
                stderr=self._stderr,
                pass_fds=(com1_there.fileno(), com2_there.fileno()),
                start_new_session=True,
            )
        except FileNotFoundError as error:
            self.close()
            raise BulkheadFailed(f"program not found: {error.filename}; run ./bulkhead setup") from error
        finally:
            com1_there.close()
            com2_there.close()

    def __enter__(self) -> Qemu:
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
        return self._process.pid

    def status(self) -> int | None:
        """The exit status, or None while it runs."""
        return self._process.poll()

    def wait(self, timeout_s: float | None) -> int:
        """The exit status; TimeOut if there is none in time."""
        try:
            return self._process.wait(timeout_s)
        except subprocess.TimeoutExpired as error:
            raise TimeOut(f"the machine did not end within {timeout_s:g} s") from error

    def complaint(self) -> str:
        """What QEMU wrote to standard error, in one line."""
        self._stderr.flush()
        self._stderr.seek(0, os.SEEK_SET)
        text = self._stderr.read().decode(errors="replace")
        return "; ".join(line.strip() for line in text.splitlines() if line.strip())[-600:]

    def check_alive(self) -> None:
        """Refuses to go on with an emulator that ended by its own fault.

        With isa-debug-exit an odd status is the machine's own answer, not a fault.
        """
        status = self.status()
        if status is None or status == 0 or (status > 0 and status % 2 == 1 and not self.complaint()):
            return
        raise BulkheadFailed(
            f"QEMU ended early with status {status}: {self.complaint() or 'it gave no reason'}"
        )

    def kill(self) -> None:
        """Ends the emulator now. Harmless if it has ended already."""
        if hasattr(self, "_process") and self._process.poll() is None:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Gives the sockets and the private folder back."""
        self.com1.close()
        self.com2.close()
        self._stderr.close()
        self._folder.cleanup()
