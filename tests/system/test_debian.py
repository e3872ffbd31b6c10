"""A Debian system with its root on virtio-blk, and an address by DHCP."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from bulkhead import debiandisk, guests, singleguest
from bulkhead.session import Session

BOOT_S = 400.0


def ask(session: Session, command: str) -> str:
    """What @command prints at the prompt."""
    start = session.console.position()
    session.console.send(f"{command}; echo status=$?=\n".encode())
    session.console.wait_for(b"status=0=", BOOT_S, start)
    return session.console.since(start).decode(errors="replace")


@pytest.mark.long
def test_debian__boots_from_its_disk_and_gets_an_address(tmp_path: Path) -> None:
    debiandisk.ensure()
    disk = tmp_path / "debian.img"
    shutil.copyfile(debiandisk.DISK, disk)
    request = singleguest.Request(
        guests.LINUX_CLOUD, debiandisk.INITRD, debiandisk.APPEND, 512, debug_exit=False, disk=disk, net=True
    )
    system = singleguest.assemble(request)
    with Session(system.machine(), system.boot()) as session:
        session.wait_ready(BOOT_S)
        session.console.wait_for(debiandisk.PROMPT.encode(), BOOT_S)
        assert "/dev/vda" in ask(session, "findmnt -n -o SOURCE /")
        assert "bookworm" in ask(session, "cat /etc/os-release")
        ask(session, "/lib/systemd/systemd-networkd-wait-online --ipv4 --timeout=60")
        assert re.search(r"inet 10\.0\.2\.\d+/24 .*dynamic", ask(session, "ip -4 addr show scope global"))
        ask(session, "ping -c1 -W10 10.0.2.2")
        ask(session, "dd if=/dev/urandom of=/root/x bs=1M count=8 && sync && sha256sum /root/x")
