"""domains/pci against QEMU's NVMe controller, e1000e and root ports, without a processor in between."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

import pytest

from bulkhead import build, devices
from bulkhead.devices import Device

DRIVEN = (Device("disk", "nvme"), Device("nic", "e1000e"))
START_S, LIMIT_S = 20.0, 60.0


def _wait_for(socket: Path, emulator: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + START_S
    while not socket.exists():
        assert emulator.poll() is None and time.monotonic() < until, "QEMU did not start"
        time.sleep(0.05)


@pytest.mark.parametrize("iommu", devices.IOMMUS)
def test_qemu__the_machine_that_the_tool_makes_is_the_one_that_pci_expects(iommu: str, tmp_path: Path) -> None:
    """The same device list as a system's: scan, both kinds of reset, return, status."""
    program = build.build("host") / "unit" / "pci_qemu"
    socket = tmp_path / "qtest"
    command = [
        "qemu-system-x86_64", "-M", "q35", "-m", "64", "-display", "none", "-nodefaults", "-S",
        "-qtest", f"unix:{socket},server=on,wait=off", "-qtest-log", "/dev/null",
        *devices.qemu_arguments(DRIVEN, iommu, tmp_path),
    ]  # fmt: skip
    with subprocess.Popen(command, cwd=tmp_path, stderr=subprocess.DEVNULL) as emulator:
        try:
            _wait_for(socket, emulator)
            done = subprocess.run(
                [program, socket], capture_output=True, text=True, errors="replace", timeout=LIMIT_S, check=False
            )  # fmt: skip
        finally:
            emulator.kill()
    assert done.returncode == 0, done.stdout + done.stderr
