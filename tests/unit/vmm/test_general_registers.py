"""The VMM's thread may use general registers only: its guest's FPU state stays loaded across exits (DESIGN section 2)."""

from __future__ import annotations

import re

import pytest
from bulkhead import build, paths
from capstone import CS_ARCH_X86, CS_MODE_64, Cs, CsInsn
from elftools.elf.constants import SH_FLAGS
from elftools.elf.elffile import ELFFile

IMAGE = paths.TARGET / "domains" / "vmm" / "vmm.elf"
VECTOR_REGISTER = re.compile(r"\b([xyz]mm\d+|mm\d|st\(\d\)|k\d)\b")
# x87 and state-management instructions that name no register: [SDM-2023-09] Vol 1 5.2, 5.5, 13.
STATE = re.compile(r"^(f[a-z0-9]+|emms|[v]?(ld|st)mxcsr|fx(save|rstor)(64)?|x(save|rstor)[a-z0-9]*|xsetbv|vzero\w+)$")


@pytest.fixture(scope="module")
def instructions() -> list[CsInsn]:
    """Every instruction of every executable section, in one sweep: nothing unreachable is linked."""
    build.build("target")
    machine = Cs(CS_ARCH_X86, CS_MODE_64)
    machine.skipdata = True
    found: list[CsInsn] = []
    with IMAGE.open("rb") as file:
        for section in ELFFile(file).iter_sections():
            if section["sh_flags"] & SH_FLAGS.SHF_EXECINSTR:
                found += machine.disasm(section.data(), section["sh_addr"])
    return found


def uses_vector_state(instruction: CsInsn) -> bool:
    return bool(STATE.match(instruction.mnemonic) or VECTOR_REGISTER.search(instruction.op_str))


def test_vmm__uses_no_vector_register(instructions: list[CsInsn]) -> None:
    assert len(instructions) > 5000, "the sweep saw no code"
    used = [f"{one.address:#x}: {one.mnemonic} {one.op_str}" for one in instructions if uses_vector_state(one)]
    assert used == []


def test_vmm__sweep_would_see_one() -> None:
    """movaps %xmm0,(%rax); fninit; stos: the pattern catches two of the three."""
    machine = Cs(CS_ARCH_X86, CS_MODE_64)
    code = list(machine.disasm(bytes.fromhex("0f2900dbe3f348ab"), 0))
    assert [uses_vector_state(one) for one in code] == [True, True, False]


def test_vmm__reaches_no_newlib_routine_built_with_sse() -> None:
    """newlib's printf family and its string routines use SSE; the library's own replace them."""
    forbidden = re.compile(r"^_?(v?(sn|s|f|as)?printf|_svfprintf_r|_dtoa_r|strto[df]|memcpy_sse\w*)$")
    with IMAGE.open("rb") as file:
        table = ELFFile(file).get_section_by_name(".symtab")
        assert table is not None
        names = {symbol.name for symbol in table.iter_symbols()}
    assert not [name for name in names if forbidden.match(name)]
