"""The busybox initramfs that Linux guests boot into."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bulkhead import proc
from bulkhead.cpio import Archive

READY_LINE = "bulkhead-init: ready"
PROMPT = "/ # "

# busybox's own init is process 1: `poweroff` and `reboot` work, and the shell on the serial line is
# respawned with job control. _RC puts hvc0 in the place of ttyS0 where the command line says so.
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
load() {{
    [ ! -f "$1/order" ] ||
        for module in $(cat "$1/order"); do insmod "$1/$module" || echo "bulkhead-init: $module refused"; done
}}
# 0x1af4: virtio 1.2, 4.1.2. A guest without such a device needs none of its drivers.
if grep -qs 0x1af4 /sys/bus/pci/devices/*/vendor; then load "/lib/modules/$(uname -r)"; fi
load /lib/modules
for word in $(cat /proc/cmdline); do
    case $word in console=*) terminal=${{word#console=}}; terminal=${{terminal%%,*}} ;; esac
done
if [ "$terminal" = hvc0 ] && [ -c /dev/hvc0 ]; then
    sed -i s/^ttyS0:/hvc0:/ /etc/inittab
    kill -HUP 1
fi
ip link set lo up
if [ -d /sys/class/net/eth0 ]; then
    ip link set eth0 up
    # In the foreground until there is an address or 6 seconds are over, then behind the shell.
    udhcpc -i eth0 -s /etc/udhcpc.sh -t 3 -T 2 -A 5 -b >/dev/null 2>&1
fi
[ ! -x /etc/rc.local ] || /etc/rc.local
echo "{READY_LINE}" >/dev/console
"""

_UDHCPC = """\
#!/bin/sh
case $1 in
    deconfig) ip addr flush dev "$interface"; ip link set "$interface" up ;;
    bound | renew)
        ip addr flush dev "$interface"
        ip addr add "$ip/${mask:-24}" dev "$interface"
        for one in $router; do ip route replace default via "$one" dev "$interface"; done
        for one in $dns; do echo "nameserver $one"; done >/etc/resolv.conf ;;
esac
"""

_PROFILE = f"export HOME=/root PATH=/bin:/sbin PS1='{PROMPT}' TERM=vt100\n"


@dataclass(frozen=True)
class Tools:
    """Programs beside busybox, with all that they need, by path in the guest."""

    files: Mapping[str, Path] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


def _add_modules(archive: Archive, folder: str, modules: Sequence[Path]) -> None:
    archive.file(f"{folder}/order", "".join(f"{module.name}\n" for module in modules).encode())
    for module in modules:
        archive.file(f"{folder}/{module.name}", module.read_bytes())


def build(
    busybox: Path,
    modules: Sequence[Path] = (),
    files: Mapping[str, bytes] | None = None,
    virtio: Mapping[str, Sequence[Path]] | None = None,
    tools: Tools = Tools(),
) -> bytes:
    """An initramfs around a static @busybox.

    @modules are loaded in the order given, and before them those of @virtio for the kernel's release, where the
    guest has such a device. @files are added by path; names that end in `.sh` or lie in `bin/`, and `etc/rc.local`,
    are executable. @tools take the place of busybox's own.
    """
    archive = Archive()
    for directory in ("proc", "sys", "dev", "root", "mnt", "etc", "lib/modules", "sbin", "var/log"):
        archive.directory(directory)
    archive.directory("tmp", 0o1777)
    archive.character_device("dev/console", 5, 1)
    archive.file("bin/busybox", busybox.read_bytes(), 0o755)
    applets = proc.run([busybox, "--list"], what="listing busybox's applets").split()
    shipped = {path.rpartition("/")[2] for path in (*tools.files, *tools.links)}
    for applet in applets:
        if applet != "busybox" and applet not in shipped:
            archive.link(f"bin/{applet}", "busybox")
    archive.link("init", "bin/busybox")
    archive.link("sbin/init", "../bin/busybox")
    archive.file("etc/inittab", _INITTAB.encode())
    archive.file("etc/rc", _RC.encode(), 0o755)
    archive.file("etc/profile", _PROFILE.encode())
    archive.file("etc/udhcpc.sh", _UDHCPC.encode(), 0o755)
    archive.link("etc/mtab", "../proc/mounts")
    archive.file("etc/passwd", b"root::0:0:root:/root:/bin/sh\n")
    archive.file("etc/group", b"root:x:0:\n")
    _add_modules(archive, "lib/modules", modules)
    for release, drivers in (virtio or {}).items():
        _add_modules(archive, f"lib/modules/{release}", drivers)
    for path, source in tools.files.items():
        archive.file(path, source.read_bytes(), 0o755)
    for path, target in tools.links.items():
        archive.link(path, target)
    for path, data in (files or {}).items():
        executable = path.startswith("bin/") or path.endswith(".sh") or path == "etc/rc.local"
        archive.file(path, data, 0o755 if executable else 0o644)
    return archive.to_bytes()
