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
IOMMUS = {"vtd": "intel-iommu,intremap=on,caching-mode=off,aw-bits=48", "amdvi": "amd-iommu,intremap=on"}
CASES = [(name, kind) for name in NAMES for kind in IOMMUS]
BOOT_S = 60.0


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[Session]:
    """tests/domain's system with this laboratory, a kernel that drives the IOMMU, and the device."""
    image_name: str = request.param
    kind = image_name.rsplit("-", 1)[1]
    extra = ("-device", IOMMUS[kind], "-device", "edu,addr=0x10")
    system = systems.assemble(
        HERE.parent / "domain" / "domain-test.toml", name=image_name, parameters={"image": image_name}
    )
    builder, cbor = system.modules[0].path, system.modules[1].path
    image.seal_kernel(paths.kernel_elf(QEMU_SVM.vendor, kind), builder, cbor, system.kernel)
    image.make_elf32(system.kernel, system.kernel32)
    with Session(replace(system.machine(icount=True), extra=extra), system.boot()) as session:
        session.wait_ready(BOOT_S)
        yield session
        session.end()


@pytest.mark.parametrize(
    ("name", "machine"),
    [(name, f"iommu-{name}-{kind}") for name, kind in CASES],
    ids=[f"{name}-{kind}" for name, kind in CASES],
    indirect=["machine"],
)
def test_iommu__contains_the_device(name: str, machine: Session) -> None:
    try:
        assert verdict(machine, name) == "PASS", text_of(machine)[-3000:]
    except (BulkheadError, TimeOut) as error:
        pytest.fail(f"{error}\n{text_of(machine)[-3000:]}")
