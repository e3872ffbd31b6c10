"""The busybox initramfs that Linux guests boot into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from bulkhead import proc
from bulkhead.cpio import Archive

READY_LINE = "bulkhead-init: ready"
PROMPT = "/ # "

# busybox's own init is process 1: `poweroff` and `reboot` work, and the shell on the serial line is
# respawned with job control.
_INITTAB = """\
::sysinit:/etc/rc
ttyS0::respawn:-/bin/sh
::ctrlaltdel:/bin/reboot
::shutdown:/bin/sync
"""

_RC = f"""\
#!/bin/sh
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mkdir -p /dev/pts
mount -t devpts devpts /dev/pts
mount -t tmpfs tmpfs /tmp
hostname bulkhead-guest
for module in $(cat /etc/modules); do insmod "/lib/modules/$module" || echo "bulkhead-init: $module refused"; done
[ ! -x /etc/rc.local ] || /etc/rc.local
echo "{READY_LINE}" >/dev/console
"""

_PROFILE = f"export HOME=/root PATH=/bin:/sbin PS1='{PROMPT}' TERM=vt100\n"


def build(
    busybox: Path, modules: Sequence[Path] = (), files: Mapping[str, bytes] | None = None
) -> bytes:
    """An initramfs around a static @busybox.

    @modules are loaded in the order given. @files are added by path; names that end in `.sh` or lie
    in `bin/`, and `etc/rc.local`, are executable.
    """
    archive = Archive()
    for directory in ("proc", "sys", "dev", "root", "mnt", "etc", "lib/modules", "sbin", "var/log"):
        archive.directory(directory)
    archive.directory("tmp", 0o1777)
    archive.character_device("dev/console", 5, 1)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    applets = proc.run([busybox, "--list"], what="listing busybox's applets").split()
    for applet in applets:
        if applet != "busybox":
            archive.link(f"bin/{applet}", "busybox")
    archive.link("init", "bin/busybox")
    archive.link("sbin/init", "../bin/busybox")
    archive.file("etc/inittab", _INITTAB.encode())
    archive.file("etc/rc", _RC.encode(), 0o755)
    archive.file("etc/profile", _PROFILE.encode())
    archive.file("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
    archive.file("etc/group", b"root:x:0:\n")
    archive.file("etc/modules", "".join(f"{module.name}\n" for module in modules).encode())
    for module in modules:
        archive.file(f"lib/modules/{module.name}", module.read_bytes())
    for path, data in (files or {}).items():
        executable = path.startswith("bin/") or path.endswith(".sh") or path == "etc/rc.local"
        archive.file(path, data, 0o755 if executable else 0o644)
    return archive.to_bytes()
