"""`./bulkhead run` as scripts use it: output, exit status, one line on standard error."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from bulkhead import paths

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
