"""The command as people call it: outputs, statuses, and errors in one line."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from pathlib import Path

import pytest

FILES = ["graph.svg", "matrix.csv", "matrix.html", "summary.json", "system.capdl", "system.cbor"]


def capdl(root: Path, *arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/usr/bin/python3", "-m", "capdl", *map(str, arguments)], cwd=cwd or root, text=True, capture_output=True,
        check=False, env={**os.environ, "PYTHONPATH": str(root)},
    )  # fmt: skip


def compile_tree_system(root: Path, images: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return capdl(root, "compile", "tests/unit/capdl/tenants.toml", "--images", images, "/nowhere", "--out", out)


def test_command__compile_writes_everything_twice_the_same(root: Path, images: Path, tmp_path: Path) -> None:
    hashes = []
    for name in ("one", "two"):
        done = compile_tree_system(root, images, tmp_path / name)
        assert done.returncode == 0, done.stderr
        assert done.stdout.startswith("two-tenants: 3 domains, 2 guests, ")
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == FILES
        hashes.append([hashlib.sha256((tmp_path / name / file).read_bytes()).hexdigest() for file in FILES])
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("name", sorted(path.stem for path in (Path(__file__).parents[3] / "capdl" / "system").glob("*.toml")))
def test_command__compiles_every_system_of_the_tree(name: str, root: Path, images: Path, tmp_path: Path) -> None:
    done = capdl(root, "compile", f"capdl/system/{name}.toml", "--images", images, "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert capdl(root, "prove", tmp_path / "system.cbor").returncode == 0


def test_command__summary_counts_what_is_there(root: Path, images: Path, tmp_path: Path) -> None:
    compile_tree_system(root, images, tmp_path)
    summary = json.loads((tmp_path / "summary.json").read_text())
    assert [one["name"] for one in summary["domains"]] == ["mgmt", "vmm-a", "vmm-b"]
    assert summary["capabilities"] == sum(one["capabilities"] for one in summary["domains"])
    assert len(summary["claims"]) == 6
    assert summary["modules"][0]["sha256"] == hashlib.sha256((images / "mgmt.elf").read_bytes()).hexdigest()
    assert str(images) not in (tmp_path / "summary.json").read_text(), "no path of this machine"


def test_command__check_prints_claims_and_table(root: Path, images: Path) -> None:
    done = capdl(root, "check", "tests/unit/capdl/tenants.toml", "--images", images)
    assert done.returncode == 0 and done.stdout.count("proved: ") == 6
    assert "vmm-a" in done.stdout and "on-failure/5" in done.stdout
    assert "unsafe_dma" not in done.stdout


def test_command__check_says_that_devices_may_be_unconfined(root: Path, images: Path) -> None:
    done = capdl(root, "check", "tests/system/disk-net-unsafe.toml", "--images", images)
    assert done.returncode == 0 and "unsafe_dma: without an IOMMU its devices reach all memory" in done.stdout


def test_command__check_works_without_images(root: Path) -> None:
    done = capdl(root, "check", "tests/unit/capdl/tenants.toml")
    assert done.returncode == 0, done.stderr


def test_command__a_bad_file_gives_its_lines_and_status_1(root: Path, images: Path, tmp_path: Path) -> None:
    bad = root / "tests" / "bad" / "capdl"
    for command, *more in (("check",), ("compile", "--out", tmp_path / "out"), ("graph",), ("matrix",)):
        done = capdl(root, command, "two-faults.toml", "--images", images, *more, cwd=bad)
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (bad / "two-faults.expected").read_text()
    assert not (tmp_path / "out").exists(), "nothing is written for a bad file"


def test_command__prove_reads_the_cbor_alone(root: Path, images: Path, tmp_path: Path) -> None:
    compile_tree_system(root, images, tmp_path)
    (tmp_path / "alone").mkdir()
    (tmp_path / "system.cbor").rename(tmp_path / "alone" / "system.cbor")
    done = capdl(root, "prove", tmp_path / "alone" / "system.cbor")
    assert done.returncode == 0 and done.stdout.count("proved: ") == 7


def test_command__prove_shows_the_path_of_a_false_claim(root: Path, images: Path, tmp_path: Path) -> None:
    compile_tree_system(root, images, tmp_path)
    file = tmp_path / "system.cbor"
    good = file.read_bytes()
    exception = b"\x81\x64mgmt"  # ["mgmt"], the domains that a flow may pass
    assert good.count(b"\x61a\x61b" + exception) == 1
    file.write_bytes(good.replace(b"\x61a\x61b" + exception, b"\x61a\x61b\x80"))
    done = capdl(root, "prove", file)
    assert done.returncode == 1
    assert "broken: no flow between a and b except through mgmt\n    a → [mgmt.endpoint] → mgmt" in done.stderr


HOSTILE = {
    "empty": b"", "empty array": b"\x80", "only ones": b"\x8b" + b"\x01" * 11, "text": b"not cbor at all",
    "deep": b"\x9f" * 2000, "huge": b"\x9b" + b"\x7f" * 8, "trailing": b"\x80\x80",
}  # fmt: skip


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_command__prove_refuses_what_is_no_system(content: bytes, root: Path, tmp_path: Path) -> None:
    (tmp_path / "x.cbor").write_bytes(content)
    done = capdl(root, "prove", tmp_path / "x.cbor")
    assert done.returncode == 1 and "error: " in done.stderr and "Traceback" not in done.stderr


def test_command__graph_and_matrix_go_where_they_are_told(root: Path, images: Path, tmp_path: Path) -> None:
    file = "tests/unit/capdl/tenants.toml"
    assert capdl(root, "graph", file).stdout.lstrip().startswith("<?xml")
    assert capdl(root, "matrix", file).stdout.startswith("subject,kind,compartment,")
    done = capdl(root, "matrix", file, "--images", images, "--html", "-o", tmp_path / "m.html")
    assert done.returncode == 0 and (tmp_path / "m.html").read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("arguments", [
    ["check"], ["check", "missing.toml"], ["compile", "capdl/system/guest.toml"], ["frobnicate"],
    ["check", "capdl/system/guest.toml", "--set", "mem"], ["check", "capdl/system/guest.toml", "--set", "no=1"],
    ["prove", "missing.cbor"], ["graph", "capdl/system/guest.toml", "-o", "/nowhere/graph.svg"],
])
def test_command__usage_errors_are_one_line_and_status_2(arguments: list[str], root: Path) -> None:
    done = capdl(root, *arguments)
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("capdl: ") and done.stderr.count("\n") == 1


def test_command__help_everywhere(root: Path) -> None:
    for command in ([], ["compile"], ["check"], ["prove"], ["graph"], ["matrix"]):
        done = capdl(root, *command, "--help")
        assert done.returncode == 0 and "Usage:" in done.stdout
