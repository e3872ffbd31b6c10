"""What the generated code does, on the host, under ASan and UBSan."""

from __future__ import annotations

import sys
from importlib import util
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

HERE = Path(__file__).resolve().parent
SANITIZE = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all")


@pytest.mark.parametrize("name", ["roundtrip", "decode", "guest"])
def test_behaviour__of_generated_c(support: Any, sample: Path, compiler: str, name: str, tmp_path: Path) -> None:
    program = tmp_path / name
    support.compile(compiler, sample, [HERE / f"{name}.c"], *SANITIZE, "-o", str(program))
    support.run(program)


@pytest.mark.parametrize("source, entry, instruction, count, program_of", [
    ("domain/stubs.S", "ipc_invoke", "syscall", 2, "registers.c"),
    ("domain/stubs.S", "ipc_brief", "syscall", 2, "brief.c"),
    ("guest/hypercall.S", "hypercall_vmmcall", "vmmcall", 1, "registers.c"),
    ("guest/hypercall.S", "hypercall_vmcall", "vmcall", 1, "registers.c"),
])
def test_behaviour__of_generated_assembly(support: Any, tree: Path, source: str, entry: str, instruction: str, count: int,
                                          program_of: str, tmp_path: Path) -> None:
    text = (tree / source).read_text()
    assert text.count(f"    {instruction}\n") == count
    stub = tmp_path / "stub.S"
    stub.write_text(text.replace(f"    {instruction}\n", "    call echo\n").replace(entry, "tested"))
    program = tmp_path / "registers"
    support.compile("gcc", tree, [HERE / program_of, HERE / "registers.S", stub], "-o", str(program))
    support.run(program)


def test_behaviour__fuzzers_find_nothing(support: Any, tree: Path, sample: Path, tmp_path: Path) -> None:
    for source in [*sorted((tree / "fuzz").glob("*.c")), *sorted((sample / "fuzz").glob("*.c"))]:
        program = tmp_path / source.stem
        support.compile("clang", source.parents[1], [source], "-g", "-fsanitize=fuzzer,address,undefined",
                        "-fno-sanitize-recover=all", "-o", str(program))
        support.run_fuzzer(program, runs=20000)


@pytest.fixture(scope="session")
def abi(sample: Path) -> ModuleType:
    spec = util.spec_from_file_location("sample_abi", sample / "python/abi.py")
    assert spec is not None and spec.loader is not None
    module = util.module_from_spec(spec)
    sys.modules["sample_abi"] = module
    spec.loader.exec_module(module)
    return module


def test_behaviour__python_codecs_invert_each_other(abi: ModuleType) -> None:
    method = abi.INTERFACES["sample"].methods["all"]
    values = {"on": True, "pitch": abi.Tone.ACUTE, "sides": abi.Trim.LEFT, "count": 64, "text": b"thirteen byte",
              "wide": 2**64 - 1}
    label, words = method.request(**values)
    assert label == 40 << 16 | 7 << 8 | 7 and words[7:] == [0, 0, 0]
    assert method.arguments(label, words) == values


@pytest.mark.parametrize("word, value", [(0, 2), (1, 3), (2, 4), (3, 0), (3, 65), (5, 1 << 40)])
def test_behaviour__python_codecs_refuse_what_the_server_refuses(abi: ModuleType, word: int, value: int) -> None:
    method = abi.INTERFACES["sample"].methods["all"]
    label, words = method.request(on=True, pitch=2, sides=0, count=1, text=b"", wide=0)
    words[word] = value
    with pytest.raises(ValueError):
        method.arguments(label, words)


def test_behaviour__python_layouts_equal_the_c_ones(support: Any, tree: Path, tmp_path: Path) -> None:
    sys.path.insert(0, str(tree / "python"))
    try:
        import abi as real  # type: ignore[import]
    finally:
        sys.path.pop(0)
    lines = ["#include <bulkhead/abi_check.h>"]
    for name, layout in real.LAYOUTS.items():
        lines += [f'_Static_assert(offsetof(struct {name}, {field}) == {place.offset}, "{field}");'
                  for field, place in layout.fields.items()]
        lines.append(f'_Static_assert(sizeof(struct {name}) == {layout.size}, "{name}");')
    lines += [f'_Static_assert(ERR_{error.name} == {error.value}, "{error.name}");' for error in real.Error if error]
    source = tmp_path / "equal.c"
    source.write_text("\n".join(lines) + "\n")
    support.compile("gcc", tree, [source], "-c", "-o", str(tmp_path / "equal.o"))
