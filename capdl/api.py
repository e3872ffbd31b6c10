"""What the command line and the `bulkhead` tool call."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from . import spec
from .abi import abi
from .capdltext import Text
from .check import check
from .compile import Result, compile_model
from .description import Description, read_description
from .errors import CapdlError, ClaimError, DescriptionError, Faults, UsageError
from .graph import graph_svg
from .images import ImageStore, NoImages
from .matrix import matrix_csv, matrix_html
from .prove import prove
from .provedata import Broken
from .summary import DeviceSummary, Summary, devices_of, summarize, summary_json
from .view import View

__all__ = [
    "CapdlError",
    "ClaimError",
    "Checked",
    "Compiled",
    "DescriptionError",
    "UsageError",
    "check_system",
    "compile_system",
    "prove_file",
]


@dataclass(frozen=True)
class Checked:
    """A system that compiled and whose claims were proved."""

    system: spec.System
    cbor: bytes
    modules: list[tuple[str, Path]]  # after builder and the CBOR, in boot order; empty without images
    claims: list[str]
    view: View
    devices: list[DeviceSummary]

    @property
    def summary(self) -> Summary:
        return summarize(self.view)


@dataclass(frozen=True)
class Compiled:
    """What compile_system wrote."""

    name: str
    cbor: Path
    capdl: Path
    matrix_csv: Path
    matrix_html: Path
    graph: Path
    summary_json: Path
    modules: list[tuple[str, Path]]  # after builder and the CBOR, in boot order
    tenants: list[str]
    memory_mib: int
    summary: Summary


def _prove(cbor: bytes, written: Description) -> list[str]:
    """The proved claims; DescriptionError at each claim that is broken."""
    try:
        verdicts = prove(cbor)
    except Broken as problem:
        raise ClaimError(
            f"{written.table.document.file}: error: the compiled system is refused by the checker: {problem}"
        ) from problem
    faults = Faults()
    for text, path in verdicts:
        if path:
            place = next(one.at("text") for one in written.claims if one.text == text)
            faults.add(place, f"the claim is broken: {path}", "a claim that holds, or a system that keeps it")
    faults.stop_if_any()
    return list(dict.fromkeys(text for text, _ in verdicts))


def check_system(
    path: Path,
    image_dirs: Sequence[Path] | None = None,
    parameters: Mapping[str, str] | None = None,
    shown: str | None = None,
    machine: str | None = None,
) -> Checked:
    """Check a description and prove its claims, for another @machine than it names if one is given.

    Without @image_dirs images are not looked for.
    """
    faults = Faults()
    numbers = abi()
    written = read_description(Path(path), parameters or {}, faults, shown)
    if machine is not None:
        written = replace(written, machine=machine)
    model = check(written, numbers, faults)
    store = NoImages() if image_dirs is None else ImageStore([*image_dirs, Path(path).parent])
    result: Result = compile_model(model, written, numbers, store, faults)
    cbor = spec.encode(result.system)
    claims = _prove(cbor, written)
    modules = [(one.record.name, one.path) for one in result.images if one.path is not None]
    return Checked(result.system, cbor, modules, claims, View(result.system, numbers), devices_of(model))


def compile_system(
    path: Path,
    image_dirs: Sequence[Path],
    parameters: Mapping[str, str] | None,
    out_dir: Path,
    shown: str | None = None,
    machine: str | None = None,
) -> Compiled:
    """Compile the description at @path into @out_dir; nothing is written if anything is wrong."""
    checked = check_system(path, image_dirs, parameters, shown, machine)
    view, out = checked.view, Path(out_dir)
    hashes = [(one.name, one.sha256.hex()) for one in checked.system.images]
    texts = {
        "system.capdl": Text(view).write(),
        "matrix.csv": matrix_csv(view),
        "matrix.html": matrix_html(view, checked.claims),
        "graph.svg": graph_svg(view),
        "summary.json": json.dumps(summary_json(view, checked.claims, hashes, checked.devices), indent=2) + "\n",
    }
    try:
        out.mkdir(parents=True, exist_ok=True)
        for name, text in texts.items():
            (out / name).write_text(text, encoding="utf-8")
        (out / "system.cbor").write_bytes(checked.cbor)
    except OSError as error:
        raise UsageError(f"cannot write to {out}: {error.strerror}") from error
    tenants = [one.guest.name for one in checked.system.domains if one.guest]
    return Compiled(
        checked.system.name,
        out / "system.cbor",
        out / "system.capdl",
        out / "matrix.csv",
        out / "matrix.html",
        out / "graph.svg",
        out / "summary.json",
        checked.modules,
        tenants,
        checked.system.platform.memory_mib,
        checked.summary,
    )


def prove_file(path: Path) -> list[tuple[str, str]]:
    """Each claim of a compiled system with the path that breaks it ("" = proved)."""
    try:
        return prove(Path(path).read_bytes())
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except Broken as problem:
        raise ClaimError(f"{path}: error: {problem}") from problem
