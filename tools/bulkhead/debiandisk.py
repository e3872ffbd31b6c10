"""A Debian system on a disk image, for guests whose root is on virtio-blk: made by debootstrap and mke2fs, without a mount.

Kept under build/guests/debian with the initial RAM disk that finds the root. The kernel is the guests' cloud kernel.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from bulkhead import debian, guests, guesttools, paths, proc, report
from bulkhead.cpio import Archive
from bulkhead.errors import BulkheadFailed

FOLDER = paths.GUESTS / "debian"
DISK = FOLDER / "debian.img"
INITRD = FOLDER / "initrd.cpio.gz"
APPEND = "console=ttyS0 reboot=t cryptomgr.notests root=/dev/vda quiet"
PROMPT = "bulkhead-debian# "

_SIZE_MIB = 1024
_SUITE = "bookworm"
_PACKAGES = ("systemd-sysv", "udev", "iproute2", "iputils-ping")
_INIT = """\
#!/bin/busybox sh
/bin/busybox mount -t devtmpfs devtmpfs /dev
for module in $(/bin/busybox cat /modules/order); do /bin/busybox insmod "/modules/$module"; done
/bin/busybox mount -t ext4 -o ro /dev/vda /root || exec /bin/busybox poweroff -f
/bin/busybox umount /dev
exec /bin/busybox switch_root /root /sbin/init
"""
_FILES = {
    "etc/fstab": "/dev/vda / ext4 defaults 0 1\n",
    "etc/hostname": "bulkhead-debian\n",
    "etc/systemd/network/80-dhcp.network": "[Match]\nType=ether\n\n[Network]\nDHCP=ipv4\n",
    "etc/systemd/system/serial-getty@ttyS0.service.d/login.conf":
        "[Service]\nExecStart=\nExecStart=-/sbin/agetty --autologin root --noclear %I vt100\n",
    "root/.bash_profile": f"PS1='{PROMPT}'\n",
}  # fmt: skip


def _make_initrd() -> None:
    versions = guests.ensure()
    drivers = guesttools.drivers(paths.GUESTS / versions.linux_cloud.split()[0])
    archive = Archive()
    for folder in ("dev", "root", "bin", "modules"):
        archive.directory(folder)
    archive.character_device("dev/console", 5, 1)
    archive.file("bin/busybox", guests.BUSYBOX.read_bytes(), 0o755)
    archive.file("init", _INIT.encode(), 0o755)
    archive.file("modules/order", "".join(f"{module.name}\n" for module in drivers).encode())
    for module in drivers:
        archive.file(f"modules/{module.name}", module.read_bytes())
    INITRD.write_bytes(archive.to_bytes())


def _configure(root: Path) -> None:
    for name, text in _FILES.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for unit in ("systemd-networkd.service", "systemd-networkd.socket"):
        proc.run(["chroot", root, "systemctl", "enable", "--quiet", unit], what=f"enabling {unit}")
    proc.run(["chroot", root, "passwd", "-d", "root"], what="opening root's account on the console")


def _make_disk() -> None:
    if os.geteuid() != 0:
        raise BulkheadFailed("making a Debian disk needs root: debootstrap unpacks files of other owners")
    root = paths.WORK / "debian"
    shutil.rmtree(root, ignore_errors=True)
    root.parent.mkdir(parents=True, exist_ok=True)
    proc.run(
        ["debootstrap", "--variant=minbase", f"--include={','.join(_PACKAGES)}", _SUITE, root, debian.mirror()],
        what="debootstrap", log=paths.BUILD / "debootstrap.log",
    )  # fmt: skip
    _configure(root)
    proc.run(["chroot", root, "apt-get", "clean"], what="emptying the package cache")
    made = DISK.with_suffix(".new")
    made.unlink(missing_ok=True)
    with made.open("xb") as disk:
        disk.truncate(_SIZE_MIB << 20)
    proc.run(["mke2fs", "-q", "-t", "ext4", "-L", "debian", "-d", root, made], what="writing the file system")
    made.rename(DISK)
    shutil.rmtree(root)


def ensure() -> None:
    """Makes disk and initial RAM disk unless they are there."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not DISK.exists():
        with report.step("making a Debian disk (once, some minutes)"):
            _make_disk()
    _make_initrd()
