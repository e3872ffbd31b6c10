"""The benchmark's budgets by vendor, and its table of two platforms."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from bulkhead import bench, benchrows, benchtable
from bulkhead.benchrows import BUDGET, Row
from bulkhead.platforms import BOCHS_VMX, QEMU_SVM, Platform


def measured(platform: Platform, value: float) -> Row:
    """A row of `exit.cpuid`."""
    return benchrows.row(platform, "exit.cpuid", value, 1000, value, value, "how")


@pytest.mark.parametrize(("name", "svm", "vmx"), [("exit.cpuid", 300, 350), ("exit.pio", 320, 370),
                                                  ("hypercall.service", 450, 500), ("syscall.null", 40, 40)])
def test_bench__budgets_are_by_vendor(name: str, svm: float, vmx: float) -> None:
    assert (BUDGET[name].on(QEMU_SVM), BUDGET[name].on(BOCHS_VMX)) == (svm, vmx)


def test_bench__a_row_is_judged_by_its_own_platform() -> None:
    assert measured(BOCHS_VMX, 340).within and not measured(QEMU_SVM, 340).within
    assert measured(BOCHS_VMX, 340).platform == "bochs-vmx"


@pytest.mark.parametrize(("name", "on_vmx"), [("kernel.lines.vtd", True), ("kernel.text.vtd", True), ("kernel.lines.amdvi", False),
                                              ("kernel.text.amdvi", False), ("net.rx.64.floor", False)])
def test_bench__rows_are_asked_of_platforms_that_have_them(name: str, on_vmx: bool) -> None:
    assert (BUDGET[name].measured_on(QEMU_SVM), BUDGET[name].measured_on(BOCHS_VMX)) == (True, on_vmx)


def test_bench__each_image_with_an_iommu_has_its_lines_and_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchrows, "kernel_sources", lambda image: [Path(image)])
    monkeypatch.setattr(benchrows, "count_lines", lambda files: {str(file): len(str(file)) for file in files})
    monkeypatch.setattr(benchrows, "_text_row", lambda platform, name, image: benchrows.single(platform, name, 1, image))
    assert [(row.name, row.how.split("-", 1)[-1], row.budget) for row in benchrows._iommu_rows(QEMU_SVM)] == [
        ("kernel.lines.vtd", "svm-vtd", 6000), ("kernel.text.vtd", "vtd", 49152),
        ("kernel.lines.amdvi", "svm-amdvi", 6000), ("kernel.text.amdvi", "amdvi", 49152),
    ]  # fmt: skip
    assert [row.name for row in benchrows._iommu_rows(BOCHS_VMX)] == ["kernel.lines.vtd", "kernel.text.vtd"]


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where rows are kept, with a kernel image of its own."""
    monkeypatch.setattr(benchtable, "_FOLDER", tmp_path)
    monkeypatch.setattr(benchrows, "image_sha256", lambda _file: "an image")
    return tmp_path


def test_bench__remembers_rows_of_the_same_image_only(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    benchtable.remember(BOCHS_VMX, [measured(BOCHS_VMX, 340)])
    assert benchtable.last(BOCHS_VMX).rows["exit.cpuid"].value == 340
    assert not benchtable.last(QEMU_SVM).rows
    monkeypatch.setattr(benchrows, "image_sha256", lambda _file: "another image")
    assert not benchtable.last(BOCHS_VMX).rows


def run(monkeypatch: pytest.MonkeyPatch, value: float, wanted: str, json_file: Path) -> int:
    """`bench WANTED` with a machine that measures @value for each row that is asked for."""
    monkeypatch.setattr(bench.build, "build", lambda _preset: None)
    monkeypatch.setattr(bench.guests, "ensure", lambda: None)
    monkeypatch.setattr(bench, "_SOURCES", ((lambda platform: [measured(platform, value)], ("exit.cpuid",)),))
    return bench.main([wanted], json_file, [QEMU_SVM, BOCHS_VMX])


def test_bench__shows_both_vendors_and_exits_1_if_one_is_over(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = folder / "rows.json"
    assert run(monkeypatch, 300, "exit.cpuid", file) == 0
    assert run(monkeypatch, 301, "exit.cpuid", file) == 1
    shown = capsys.readouterr()
    assert "qemu-svm" in shown.out and "bochs-vmx" in shown.out and "OVER on qemu-svm" in shown.out
    rows = json.loads(file.read_text())["rows"]
    assert [(row["platform"], row["budget"]) for row in rows] == [("qemu-svm", 300), ("bochs-vmx", 350)]


def test_bench__a_missing_row_exits_1(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, 1, "exit.pio", folder / "rows.json") == 1
    assert "exit.pio (bochs-vmx)" in capsys.readouterr().err
