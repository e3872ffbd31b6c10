"""QEMU: TCG with AMD SVM."""

from __future__ import annotations

import socket
from pathlib import Path

from bulkhead import devices, proc
from bulkhead.emulator import Boot, Emulator, Machine, Module
from bulkhead.errors import BulkheadFailed

__all__ = ["Boot", "Machine", "Module", "Qemu"]

PROGRAM = "qemu-system-x86_64"


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
    names: list[str] = []
    for module in boot.modules:
        name = module.name
        if name in names or any(char in name for char in ", /"):
            raise BulkheadFailed(f"module name '{name}' is used twice or holds a comma, blank or slash")
        (folder / name).symlink_to(module.path.resolve())
        names.append(name)
    if names:
        arguments += ["-initrd", ",".join(names)]
    return arguments


class Qemu(Emulator):
    """A machine of QEMU's; both serial ports are socket pairs."""

    title = "QEMU"

    def __init__(self, machine: Machine, boot: Boot) -> None:
        super().__init__()
        self.com1, com1_there = socket.socketpair()
        self.com2, com2_there = socket.socketpair()
        command = [
            PROGRAM,
            "-M", "q35", "-cpu", machine.platform.model, "-m", str(machine.memory_mib),
            "-display", "none", "-nodefaults", "-no-reboot", "-no-user-config",
            "-chardev", f"socket,id=com1,fd={com1_there.fileno()}", "-serial", "chardev:com1",
            "-chardev", f"socket,id=com2,fd={com2_there.fileno()}", "-serial", "chardev:com2",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=4",
        ]  # fmt: skip
        if machine.icount:
            command += ["-icount", "shift=0,sleep=off"]
        try:
            command += devices.qemu_arguments(machine.devices, machine.iommu, self.folder)
            command += [*machine.extra, *_boot_arguments(boot, self.folder)]
            self._start(command, keep=(com1_there.fileno(), com2_there.fileno()))
        finally:
            com1_there.close()
            com2_there.close()

    def complaint(self) -> str:
        return "; ".join(line.strip() for line in self.output().splitlines() if line.strip())[-600:]

    def ended_well(self, status: int) -> bool:
        """With isa-debug-exit an odd status is the machine's own answer."""
        return status == 0 or (status > 0 and status % 2 == 1 and not self.complaint())


def version() -> str:
    """What QEMU calls itself."""
    return proc.run([PROGRAM, "--version"], what="asking QEMU").splitlines()[0]
