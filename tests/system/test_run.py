"""`./bulkhead run` as scripts use it: output, exit status, one line on standard error."""

from __future__ import annotations

import hashlib
import random
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from bulkhead import guests, paths

Bulkhead = Callable[..., subprocess.CompletedProcess[bytes]]

GUESTS = paths.BUILD / "guests" / "images"


def last_line(text: bytes) -> str:
    """What a person reads last on standard error."""
    return text.decode().strip().splitlines()[-1]


def test_run__exec_prints_the_answer_alone(bulkhead: Bulkhead) -> None:
    done = bulkhead("run", "--tenant", "a", "--exec", "uname -r && nproc && dmesg | wc -l")
    assert done.returncode == 0, done.stderr.decode()
    release, processors, lines = done.stdout.decode().split()
    assert release.endswith("-cloud-amd64") and processors == "1" and int(lines) > 100


def test_run__exec_exits_with_the_commands_status(bulkhead: Bulkhead) -> None:
    assert bulkhead("run", "--tenant", "b", "--exec", "exit 7").returncode == 7


def test_run__kill_while_the_neighbour_works(bulkhead: Bulkhead) -> None:
    done = bulkhead("run", "--tenant", "b", "--exec", "sleep 5; echo alive", "--kill", "vmm-a@1s")
    assert (done.returncode, done.stdout) == (0, b"alive\n"), done.stderr.decode()


def test_run__kill_of_the_own_vmm_is_126(bulkhead: Bulkhead) -> None:
    done = bulkhead("run", "--tenant", "a", "--exec", "sleep 60", "--kill", "vmm-a@1s")
    assert done.returncode == 126, done.stderr.decode()
    assert "tenant a" in last_line(done.stderr)


def test_run__kill_of_nobody_is_125(bulkhead: Bulkhead) -> None:
    done = bulkhead("run", "--tenant", "a", "--exec", "sleep 4", "--kill", "nobody@1s")
    assert done.returncode == 125
    assert "nobody" in last_line(done.stderr)


@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (("run", "no-such-system"), "no-such-system"),
        (("run", "--tenant", "c", "--exec", "true"), "'c'"),
        (("run", "--tenant", "a"), "--exec"),
        (("run", "--kill", "a"), "--kill"),
        (("run", "--guest", "/no/such/file"), "/no/such/file"),
        (("frobnicate",), "frobnicate"),
    ],
)
def test_run__misuse_is_2_with_one_line(bulkhead: Bulkhead, arguments: tuple[str, ...], word: str) -> None:
    done = bulkhead(*arguments)
    assert done.returncode == 2
    assert word in last_line(done.stderr) and b"Traceback" not in done.stderr


def test_run__slow_command_is_124(bulkhead: Bulkhead) -> None:
    done = bulkhead("run", "--tenant", "a", "--timeout", "45", "--exec", "sleep 600")
    assert done.returncode == 124, done.stderr.decode()


def test_guest__memtest_reaches_its_test_screen(bulkhead: Bulkhead) -> None:
    done = bulkhead(
        "run", "--guest", str(GUESTS / "memtest86+x64.bin"), "--append", "console=ttyS0,115200",
        "--mem", "128", "--timeout", "45",
    )  # fmt: skip
    assert done.returncode == 124, done.stderr.decode()
    screen = done.stdout.decode(errors="replace")
    assert "Memtest86+" in screen and "Pass" in screen and "Test" in screen


def test_guest__amd64_flavour_reaches_a_shell(bulkhead: Bulkhead) -> None:
    done = bulkhead(
        "run", "--guest", str(GUESTS / "linux-amd64.bzimage"), "--initrd", str(GUESTS / "busybox.cpio.gz"),
        "--append", "console=ttyS0 reboot=t cryptomgr.notests quiet", "--timeout", "110",
    )  # fmt: skip
    assert b"bulkhead-init: ready" in done.stdout and b"/ # " in done.stdout, done.stderr.decode()


def test_guest__not_a_kernel_is_4_or_126(bulkhead: Bulkhead) -> None:
    done = bulkhead("run", "--guest", str(paths.ROOT / "README.md"), "--timeout", "60")
    assert done.returncode in (4, 126), done.stderr.decode()
    assert b"Traceback" not in done.stderr


RC_LOCAL = b"""#!/bin/sh
sha256sum /dev/vda
ip -4 -o addr show eth0
ping -c1 10.0.2.2 >/dev/null && echo the gateway answers
printf written | dd of=/dev/vda bs=512 seek=3 conv=fsync 2>/dev/null
poweroff -f
"""


def test_guest__has_the_disk_and_the_network_that_were_asked_for(bulkhead: Bulkhead, tmp_path: Path) -> None:
    """The guest sees the whole of the file, and what it writes is in it afterwards."""
    disk, initrd = tmp_path / "disk.img", tmp_path / "initrd.gz"
    content = random.Random(4).randbytes(4 << 20)
    disk.write_bytes(content)
    initrd.write_bytes(guests.make_initramfs(guests.ensure(), files={"etc/rc.local": RC_LOCAL}))
    done = bulkhead(
        "run", "--guest", str(GUESTS / "linux-amd64.bzimage"), "--initrd", str(initrd), "--disk", str(disk), "--net",
        "--append", "console=ttyS0 reboot=t cryptomgr.notests quiet", "--timeout", "200", timeout_s=400,
    )  # fmt: skip
    said = done.stdout.decode(errors="replace")
    assert done.returncode == 0, said + done.stderr.decode()
    assert hashlib.sha256(content).hexdigest() in said
    assert "inet 10.0.2.15/24" in said and "the gateway answers" in said
    after = disk.read_bytes()
    assert after[1536:1543] == b"written" and after[:1536] == content[:1536] and len(after) == len(content)


def test_guest__a_disk_of_no_whole_size_is_refused(bulkhead: Bulkhead, tmp_path: Path) -> None:
    disk = tmp_path / "disk.img"
    disk.write_bytes(b"x" * 1000)
    done = bulkhead("run", "--guest", str(GUESTS / "linux-cloud.bzimage"), "--disk", str(disk))
    assert done.returncode == 2 and "whole number of MiB" in last_line(done.stderr)
