"""Bochs as a platform of the command: real guests in it, and clear words when it cannot be."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from bulkhead import bochs, platforms
from bulkhead.bochs import Bochs
from bulkhead.emulator import Boot, Machine
from bulkhead.errors import BulkheadFailed, UsageProblem
from bulkhead.platforms import BOCHS_SVM
from bulkhead.session import Session
from bulkhead.systems import System
from bulkhead import systems
from tests.system.test_run import Bulkhead, last_line


def test_bochs__two_debian_guests_answer(bulkhead: Bulkhead) -> None:
    started = time.monotonic()
    done = bulkhead("run", "--on", "bochs", "--tenant", "a", "--exec",
                    "uname -r; grep -c . /proc/interrupts")  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    release, lines = done.stdout.decode().split()
    assert release.endswith("-cloud-amd64") and int(lines) > 5
    assert time.monotonic() - started < 300


def test_bochs__a_guest_of_ones_own_ends_with_its_status(bulkhead: Bulkhead) -> None:
    guest = "build/target/tests/guest/rtc.elf"
    done = bulkhead("run", "--on", "bochs", "--cpu", "svm", "--guest", guest, "--debug-exit", "--mem", "32")
    assert done.returncode == 33, done.stderr.decode()
    assert b"TEST rtc PASS" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("run", "--cpu", "vmx"), "QEMU models no VMX; use --on bochs --cpu vmx"),
        (("test", "--on", "qemu", "--cpu", "vmx"), "QEMU models no VMX"),
        (("run", "--on", "simics"), "simics"),
        (("run", "--on", "bochs", "--cpu", "arm"), "arm"),
        (("test", "--on", "bochs", "--mutants"), "--mutants"),
    ],
)
def test_bochs__misuse_is_2_with_one_line(bulkhead: Bulkhead, arguments: tuple[str, ...], words: str) -> None:
    done = bulkhead(*arguments)
    assert done.returncode == 2, done.stderr.decode()
    assert words in last_line(done.stderr) and b"Traceback" not in done.stderr


def test_platforms__each_emulator_has_its_usual_processor() -> None:
    assert platforms.choose("qemu", None).name == "qemu-svm"
    assert platforms.choose("bochs", None).name == "bochs-vmx"
    with pytest.raises(UsageProblem):
        platforms.choose("qemu", "vmx")


@pytest.fixture(scope="module")
def system() -> System:
    return systems.assemble(
        systems.find("guest-test"), name="bochs-ends", parameters={"kernel": "event_waiter.elf"}, platform=BOCHS_SVM
    )


def test_bochs__quit_powers_it_off(system: System) -> None:
    with Session(system.machine(), system.boot()) as session:
        session.wait_ready(60)
        session.link.command("quit")
        assert session.emulator.wait(20) == 1
        session.emulator.check_alive()  # a power-off is no fault of the emulator
        assert not session.emulator.folder.joinpath("boot.iso").is_symlink()
    assert not session.emulator.folder.exists()


def test_bochs__a_refused_boot_says_why(system: System) -> None:
    boot = system.boot()
    with Session(system.machine(), Boot(kernel=boot.kernel, modules=boot.modules[:-1])) as session:
        with pytest.raises(BulkheadFailed, match="boot modules, described are"):
            session.wait_ready(60)


def test_bochs__an_unknown_processor_says_why(system: System) -> None:
    nonsense = platforms.Platform("bochs", "svm", "no-such-model", "bochs", 1)
    with pytest.raises(BulkheadFailed, match="cpu directive malformed"):
        Bochs(Machine(platform=nonsense), system.boot())


def test_bochs__too_much_memory_says_why(system: System) -> None:
    with pytest.raises(BulkheadFailed, match="3584"):
        Bochs(Machine(memory_mib=4096, platform=BOCHS_SVM), system.boot())


@pytest.mark.parametrize("program", ["no-such-bochs", "false"])
def test_bochs__one_that_does_not_start_says_so(
    system: System, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    monkeypatch.setattr(bochs, "PROGRAM", program)
    with pytest.raises(BulkheadFailed, match="did not start|not found|ended early"):
        Bochs(Machine(platform=BOCHS_SVM), system.boot())


def test_bochs__its_own_triple_fault_is_told_from_a_guests() -> None:
    """single_step ends Bochs's own processor (docs/emulators.md); triple_fault ends a guest."""
    single_step = systems.assemble(
        systems.find("guest-test"), name="bochs-dies", parameters={"kernel": "single_step.elf"}, platform=BOCHS_SVM
    )
    with Session(single_step.machine(), single_step.boot()) as session:
        with pytest.raises(BulkheadFailed, match="processor of Bochs shut down"):
            until = time.monotonic() + 60
            while time.monotonic() < until:
                session.check_boot()
                time.sleep(0.2)


def test_bochs__dies_with_its_parent(system: System) -> None:
    """The process is gone when the one that started it is killed: nothing runs on unseen."""
    ready, there = socket.socketpair()
    child = os.fork()
    if child == 0:
        emulator = Bochs(system.machine(), system.boot())
        there.sendall(str(emulator.pid).encode())
        time.sleep(60)
        os._exit(0)
    pid = int(ready.recv(64))
    os.kill(child, 9)
    os.waitpid(child, 0)
    until = time.monotonic() + 10
    while time.monotonic() < until and Path(f"/proc/{pid}/stat").exists():
        if Path(f"/proc/{pid}/stat").read_text().split()[2] == "Z":
            break
        time.sleep(0.1)
    else:
        assert not Path(f"/proc/{pid}").exists()
