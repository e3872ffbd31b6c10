"""The outputs: the same every time, equal to the golden copies, and accepted by both compilers."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

UPDATE = ("find tests/golden/gen -type f ! -name '.*' -delete && "
          "/usr/bin/python3 -m gen --out tests/golden/gen idl/*.idl")
FREESTANDING = ("-ffreestanding", "-mgeneral-regs-only", "-O2", "-c")


def read_all(folder: Path) -> dict[str, bytes]:
    """Every file by its name; what starts with a dot is not an output."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith(".")]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_gen__equals_golden_copies(support: Any, tree: Path) -> None:
    made, golden = read_all(tree), read_all(support.root / "tests/golden/gen")
    differing = sorted(name for name in made.keys() | golden.keys() if made.get(name) != golden.get(name))
    assert not differing, f"{', '.join(differing)} differ; if that is wanted: {UPDATE}"


def test_gen__is_deterministic_in_any_order(support: Any, tree: Path, tmp_path: Path) -> None:
    assert support.gen("--out", str(tmp_path), *reversed(support.tree_files())).returncode == 0
    assert read_all(tmp_path) == read_all(tree)


def test_gen__every_output_names_its_source(support: Any, tree: Path) -> None:
    for name, data in read_all(tree).items():
        head = data.decode().splitlines()[0]
        assert "Generated from " in head and ".idl" in head and "by gen" in head, name
        assert str(support.root) not in data.decode(), name


@pytest.mark.parametrize("folder", ["tree", "sample"])
def test_gen__headers_compile_alone_and_without_fpu(support: Any, folder: str, compiler: str, tmp_path: Path,
                                                    request: pytest.FixtureRequest) -> None:
    out: Path = request.getfixturevalue(folder)
    for header in sorted(out.rglob("*.h")):
        if header.name == "abi_asm.h":
            continue
        source = tmp_path / "one.c"
        source.write_text(f'#include "{header}"\n#include "{header}"\n')
        support.compile(compiler, out, [source], *FREESTANDING, "-o", str(tmp_path / "one.o"))


@pytest.mark.parametrize("folder", ["tree", "sample"])
def test_gen__harnesses_and_assembly_compile(support: Any, folder: str, compiler: str, tmp_path: Path,
                                             request: pytest.FixtureRequest) -> None:
    out: Path = request.getfixturevalue(folder)
    for source in [*out.rglob("*.c"), *out.rglob("*.S")]:
        support.compile(compiler, out, [source], "-O2", "-c", "-o", str(tmp_path / "one.o"))


def test_gen__assembly_header_has_only_assignments(support: Any, tree: Path, tmp_path: Path) -> None:
    text = (tree / "include/bulkhead/abi_asm.h").read_text()
    code = [line for line in text.splitlines() if line and not line.startswith("/*")]
    statements = [part.strip() for line in code if not line.startswith("#") for part in line.rstrip(";").split(";")]
    assert statements and all(re.fullmatch(r"[A-Z0-9_]+ = \d+", statement) for statement in statements)
    source = tmp_path / "asm.S"
    source.write_text("#include <bulkhead/abi_asm.h>\n"
                      ".quad VCPU_STATE_RIP, CALL_VCPU_RUN, VCPU_STATE_BYTES\n")
    support.compile("gcc", tree, [source], "-c", "-o", str(tmp_path / "asm.o"))


def test_gen__assembly_numbers_equal_the_c_ones(support: Any, tree: Path, tmp_path: Path) -> None:
    numbers = re.findall(r"\b(CALL_\w+) = (\d+);", (tree / "include/bulkhead/abi_asm.h").read_text())
    assert len(numbers) > 30
    source = tmp_path / "equal.c"
    source.write_text("#include <bulkhead/abi.h>\n" + "".join(
        f'_Static_assert({name} == {value}, "{name}");\n' for name, value in numbers))
    support.compile("gcc", tree, [source], "-c", "-o", str(tmp_path / "equal.o"))


def test_gen__guest_header_refuses_the_domain_one(tree: Path, tmp_path: Path) -> None:
    source = tmp_path / "both.c"
    source.write_text("#include <bulkhead/abi.h>\n#include <hypercall.h>\n")
    done = subprocess.run(["gcc", f"-I{tree}/include", f"-I{tree}/guest", "-c", str(source), "-o", "/dev/null"],
                          text=True, capture_output=True, check=False)
    assert done.returncode != 0 and "complete by itself" in done.stderr


def test_gen__guest_header_needs_no_libc_in_a_kernel(tree: Path, tmp_path: Path) -> None:
    (tmp_path / "linux").mkdir()
    (tmp_path / "linux/types.h").write_text(
        "typedef unsigned char uint8_t; typedef unsigned short uint16_t; typedef unsigned int uint32_t;\n"
        "typedef unsigned long uint64_t; typedef _Bool bool;\n")
    source = tmp_path / "module.c"
    source.write_text("#include <hypercall.h>\n")
    done = subprocess.run(["gcc", "-D__KERNEL__", "-nostdinc", "-Werror", "-Wdeclaration-after-statement", "-std=gnu11",
                           f"-I{tmp_path}", f"-I{tree}/guest", "-c", str(source), "-o", str(tmp_path / "module.o")],
                          text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
