"""What the kernel does between devices, memory and interrupts: laboratory domains with QEMU's `edu` in their hands."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bulkhead import image, paths, systems
from bulkhead.errors import BulkheadError, TimeOut
from bulkhead.platforms import QEMU_SVM
from bulkhead.session import Session
from tests.domain.test_domains import text_of, verdict

HERE = Path(__file__).parent
NAMES = sorted(file.parent.name for file in HERE.glob("*/main.c"))
EXTRA = ("-device", "intel-iommu,intremap=on,caching-mode=off,aw-bits=48", "-device", "edu,addr=0x10")
BOOT_S = 60.0


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[Session]:
    """tests/domain's system with this laboratory, a kernel that drives VT-d, and the device."""
    name: str = request.param
    system = systems.assemble(
        HERE.parent / "domain" / "domain-test.toml", name=f"iommu-test-{name}", parameters={"image": f"iommu-{name}"}
    )
    builder, cbor = system.modules[0].path, system.modules[1].path
    image.seal_kernel(paths.kernel_elf(QEMU_SVM.vendor, "vtd"), builder, cbor, system.kernel)
    image.make_elf32(system.kernel, system.kernel32)
    with Session(replace(system.machine(icount=True), extra=EXTRA), system.boot()) as session:
        session.wait_ready(BOOT_S)
        yield session
        session.end()


@pytest.mark.parametrize(("name", "machine"), [(name, name) for name in NAMES], ids=NAMES, indirect=["machine"])
def test_iommu__contains_the_device(name: str, machine: Session) -> None:
    try:
        assert verdict(machine, name) == "PASS", text_of(machine)[-3000:]
    except (BulkheadError, TimeOut) as error:
        pytest.fail(f"{error}\n{text_of(machine)[-3000:]}")
