"""The command line: exit statuses and what it says."""

from __future__ import annotations

from pathlib import Path
from typing import Any


def test_command__no_files_is_a_usage_error(support: Any) -> None:
    done = support.gen()
    assert done.returncode == 2 and "Missing argument" in done.stderr


def test_command__unknown_option_is_a_usage_error(support: Any) -> None:
    assert support.gen("--frob", "idl/kernel.idl").returncode == 2


def test_command__missing_file_is_a_usage_error(support: Any) -> None:
    done = support.gen("idl/nowhere.idl")
    assert done.returncode == 2 and "idl/nowhere.idl" in done.stderr


def test_command__help_names_every_option(support: Any) -> None:
    done = support.gen("--help")
    assert done.returncode == 0 and "--out" in done.stdout and "--check-released" in done.stdout


def test_command__without_out_only_checks(support: Any) -> None:
    done = support.gen(*support.tree_files())
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_command__all_files_with_errors_are_reported(support: Any) -> None:
    done = support.gen("tests/bad/idl/syntax_character.idl", "tests/bad/idl/syntax_end_of_file.idl")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 2


def test_command__binary_input_is_refused_in_one_line(support: Any, tmp_path: Path) -> None:
    path = tmp_path / "noise.idl"
    path.write_bytes(b"\xff\xfe\x00")
    done = support.gen(str(path))
    assert done.returncode == 1 and done.stderr == f"{path}:1:1: error: is not text; expected UTF-8\n"
    assert str(support.root) not in done.stderr
