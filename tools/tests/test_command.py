"""The command: help everywhere, exit statuses, and one clear line for what goes wrong."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest

from bulkhead import cpio, errors, terminal
from bulkhead.cli import cli, main
from bulkhead.mutants import read
from bulkhead.errors import BulkheadFailed, UsageProblem
from bulkhead.run import Kill

COMMANDS = sorted(cli.commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_command__has_help(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([command, "--help"]) == errors.EXIT_OK
    assert f"Usage: bulkhead {command}" in capsys.readouterr().out


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["run", "no-such-system"],
        ["run", "--guest", "/no/such/file"],
        ["run", "--guest", "/dev/null", "--tenant", "a"],
        ["run", "--tenant", "a"],
        ["run", "--kill", "vmm-a@soon"],
        ["run", "--initrd", "x"],
        ["check", "no-such-file.toml"],
        ["iso", "no-such-system"],
        ["build", "no-such-preset"],
        ["bench", "no.such.row"],
        ["ps", "--system", "not-running"],
    ],
)
def test_command__wrong_use_is_2_and_one_line(
    words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(words) == errors.EXIT_USAGE
    shown = capsys.readouterr()
    assert shown.out == ""
    assert len(shown.err.strip().splitlines()) == 1
    assert "Traceback" not in shown.err


def test_command__own_failure_is_125_but_4_beside_a_guest(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_words: object, **_named: object) -> int:
        raise BulkheadFailed("made to fail")

    monkeypatch.setattr("bulkhead.run.run_guest", broken)
    monkeypatch.setattr("bulkhead.run.run_system", broken)
    assert main(["run", "two-tenants"]) == errors.EXIT_BULKHEAD_FAILED
    assert main(["run", "--guest", "/dev/null"]) == errors.EXIT_USAGE  # not a regular file
    assert main(["run", "--guest", __file__]) == errors.EXIT_GUEST_MODE_FAILED


def test_command__kill_is_read_exactly() -> None:
    assert Kill.parse("vmm-a@2.5s") == Kill("vmm-a", 2.5)
    for wrong in ("vmm-a", "vmm-a@2", "@2s", "vmm-a@-1s", "vmm-a@2s "):
        with pytest.raises(UsageProblem):
            Kill.parse(wrong)


def test_initramfs__same_input_same_bytes() -> None:
    def archive() -> bytes:
        made = cpio.Archive()
        made.file("etc/hello", b"world")
        made.link("init", "etc/hello")
        return made.to_bytes()

    first = archive()
    assert first == archive()
    raw = gzip.decompress(first)
    assert raw.startswith(b"070701")
    assert raw.count(b"070701") == 4  # etc, etc/hello, init, the trailer
    assert len(raw) % 4 == 0


def test_terminal__only_the_escape_leaves() -> None:
    keys = terminal._Keys()
    assert keys.feed(b"abc") == (b"abc", False)
    assert keys.feed(b"\x01") == (b"", False)
    assert keys.feed(b"ax") == (b"\x01x", False)
    assert keys.feed(b"1\x01x2") == (b"1", True)


def test_mutants__a_patch_without_a_test_is_refused(tmp_path: Path) -> None:
    patch = tmp_path / "nothing.patch"
    patch.write_text("Why: no reason\n--- a/x\n+++ b/x\n")
    with pytest.raises(BulkheadFailed):
        read(patch)
    patch.write_text("Test: tests/unit/x\n--- a/x\n+++ b/x\n")
    assert read(patch).build == "host"
