"""An image carries its own vendor's code and none of the other's: by its symbols and by its instructions."""

from __future__ import annotations

from pathlib import Path

import pytest
from capstone import CS_ARCH_X86, CS_MODE_32, CS_MODE_64, Cs
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

from bulkhead import benchrows, build
from bulkhead.platforms import QEMU_SVM

# [APM3] chapter 4, [SDM-2023-09] Vol 3C chapter 31. A guest of either vendor may be told of VMCALL and VMMCALL; the core runs neither.
INSTRUCTIONS = {
    "svm": {"clgi", "invlpga", "skinit", "stgi", "vmload", "vmmcall", "vmrun", "vmsave"},
    "vmx": {
        "invept", "invvpid", "vmcall", "vmclear", "vmfunc", "vmlaunch", "vmptrld", "vmptrst", "vmread", "vmresume",
        "vmwrite", "vmxoff", "vmxon",
    },
}  # fmt: skip
ENTERS = {"svm": "vmrun", "vmx": "vmlaunch"}
OTHER = {"svm": "vmx", "vmx": "svm"}
VENDORS = sorted(OTHER)


@pytest.fixture(scope="module")
def kernels() -> Path:
    """The folder with the images and their object files."""
    return build.build("target") / "kernel"


def _symbols(file: Path, kinds: tuple[str, ...]) -> set[str]:
    """Names of @kinds that @file defines."""
    with file.open("rb") as stream:
        table = ELFFile(stream).get_section_by_name(".symtab")
        assert isinstance(table, SymbolTableSection), file
        return {
            symbol.name
            for symbol in table.iter_symbols()
            if symbol.name and symbol["st_info"]["type"] in kinds and symbol["st_shndx"] != "SHN_UNDEF"
        }


def _defined_by(kernels: Path, vendor: str) -> set[str]:
    """What the vendor's own object files define."""
    objects = sorted((kernels / "CMakeFiles" / f"bulkhead-{vendor}.dir" / "hw").glob(f"{vendor}*.o"))
    assert objects, vendor
    return {name for file in objects for name in _symbols(file, ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE"))}


def _mnemonics(image: Path, mode: int = CS_MODE_64) -> set[str]:
    decoder = Cs(CS_ARCH_X86, mode)
    decoder.skipdata = True
    found: set[str] = set()
    with image.open("rb") as stream:
        for section in ELFFile(stream).iter_sections():
            if section["sh_flags"] & 0x4:  # SHF_EXECINSTR
                found |= {step[2] for step in decoder.disasm_lite(section.data(), section["sh_addr"])}
    return found


@pytest.mark.parametrize("vendor", VENDORS)
def test_vendors__image_is_made_of_no_file_of_the_other(kernels: Path, vendor: str) -> None:
    files = _symbols(kernels / f"bulkhead-{vendor}.elf", ("STT_FILE",))
    assert any(name.startswith(vendor) for name in files)
    assert not [name for name in files if name.startswith(OTHER[vendor])]


@pytest.mark.parametrize("vendor", VENDORS)
def test_vendors__image_has_no_symbol_of_the_other(kernels: Path, vendor: str) -> None:
    own, foreign = _defined_by(kernels, vendor), _defined_by(kernels, OTHER[vendor])
    image = _symbols(kernels / f"bulkhead-{vendor}.elf", ("STT_FUNC", "STT_OBJECT", "STT_NOTYPE"))
    assert own & image
    # Both define the functions of hvm.h; static functions of one name may stand in both as well.
    assert not (foreign - own) & image
    assert not [name for name in image if name.startswith((f"{OTHER[vendor]}_", {"svm": "vmcs", "vmx": "vmcb"}[vendor]))]


@pytest.mark.parametrize("vendor", VENDORS)
def test_vendors__image_has_no_instruction_of_the_other(kernels: Path, vendor: str) -> None:
    found = _mnemonics(kernels / f"bulkhead-{vendor}.elf")
    assert ENTERS[vendor] in found
    assert not found & INSTRUCTIONS[OTHER[vendor]]


def test_vendors__selector_is_of_no_vendor(kernels: Path) -> None:
    image = kernels / "bulkhead-select.elf"
    files = _symbols(image, ("STT_FILE",))
    assert {"main.c", "select.c"} <= files
    assert not [name for name in files if name.startswith(tuple(VENDORS))]
    found = _mnemonics(image, CS_MODE_32)
    assert "cpuid" in found
    assert not found & (INSTRUCTIONS["svm"] | INSTRUCTIONS["vmx"])


def test_vendors__selector_keeps_to_its_lines() -> None:
    build.build("target")
    assert next(row for row in benchrows.static_rows(QEMU_SVM) if row.name == "selector.lines").within
