"""capDL text, matrix and graph say the same as the CBOR."""

from __future__ import annotations

import csv
import io
import os
import re
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import pytest
from lark import Lark, Tree

from capdl import api
from capdl.capdltext import CONTROL, Text, identifier
from capdl.graph import graph_dot, graph_svg
from capdl.matrix import matrix_csv, matrix_html

SYSTEMS = sorted(path.stem for path in (Path(__file__).parents[3] / "capdl" / "system").glob("*.toml"))
GOLDEN_SYSTEMS = ("two-tenants", "two-tenants-plain")
GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "capdl"

# The capDL tool's own grammar as far as we write it (its ParserUtils: names, parameters, slots, ranges, comments).
CAPDL = r"""
start: "arch" "x86_64" "objects" "{" declaration* "}" "caps" "{" table* "}" "irq" "maps" "{" entry* "}"
declaration: NAME [array] "=" KIND [parameters] [children]
children: "{" declaration* "}"
table: NAME "{" entry* "}"
entry: (NUMBER | SLOT) ":" NAME [array] [parameters]
array: "[" [range] "]"
range: NUMBER [".." NUMBER]
parameters: "(" parameter ("," parameter)* ")"
parameter: RIGHTS | NUMBER UNIT | NUMBER ":" NUMBER "." NUMBER | KEY ":" (NUMBER | "[" range "]")
KIND: "ut" | "ep" | "notification" | "frame" | "tcb" | "cnode" | "pml4" | "pdpt" | "pd" | "pt" | "sc" | "vcpu" | "io_ports" | "ioapic_irq"
    | "io_device" | "io_pt" | "msi_irq"
SLOT: "cspace" | "vspace" | "sc_slot" | "fault_ep_slot"
UNIT: "bits" | "k" | "M"
KEY: /[a-zA-Z_]+/
RIGHTS: /[RWXG]+/
NUMBER: /0x[0-9a-f]+|[0-9]+/
NAME: /[A-Za-z][A-Za-z0-9_@.-]*/
%ignore /--[^\n]*/
%ignore /\s+/
"""


@pytest.fixture(scope="module")
def checked(root: Path, images: Path) -> api.Checked:
    return api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images])


def names(trees: list[Tree]) -> set[str]:  # type: ignore[type-arg]
    return {str(next(token for token in tree.children if getattr(token, "type", "") == "NAME")) for tree in trees}


@pytest.mark.parametrize("name", SYSTEMS)
def test_capdl__text_parses_and_names_only_what_it_declares(name: str, root: Path, images: Path) -> None:
    checked = api.check_system(root / "capdl" / "system" / f"{name}.toml", [images])
    tree = Lark(CAPDL, parser="earley").parse(Text(checked.view).write())
    declared = names(list(tree.find_data("declaration"))) | {CONTROL}
    objects = [one for one in checked.system.objects if one.name != "control"]
    assert {identifier(one.name) for one in objects} <= declared
    assert names(list(tree.find_data("entry"))) <= declared
    assert names(list(tree.find_data("table"))) <= declared


def test_capdl__every_slot_of_the_cbor_is_written(checked: api.Checked) -> None:
    text = Text(checked.view).write()
    for domain in checked.system.domains:
        table = re.search(rf"^{domain.name}\.captab {{\n(.*?)^}}", text, re.M | re.S)
        assert table
        slots = {int(line.split(":")[0], 16) for line in table[1].splitlines()}
        assert slots == {one.slot for one in (*domain.capabilities, *domain.ioports, *domain.irqs)}


@pytest.mark.parametrize("name, expected", [
    ("memtest86+x64.bin", "memtest86_x64.bin"), ("vmm-a.ram", "vmm-a.ram"), ("9p.img", "image_9p.img"), ("+", "image__"),
])
def test_capdl__identifiers(name: str, expected: str) -> None:
    assert identifier(name) == expected


def test_matrix__csv_has_a_line_for_each_subject(checked: api.Checked) -> None:
    lines = list(csv.reader(io.StringIO(matrix_csv(checked.view))))
    assert len({len(line) for line in lines}) == 1
    header, _, *subjects = lines
    assert [line[0] for line in subjects] == ["builder", "mgmt", "vmm-a", "a", "vmm-b", "b"]
    cell = {(line[0], name): letters for line in subjects for name, letters in zip(header, line, strict=True)}
    assert cell["a", "mgmt.endpoint"] == "C" and cell["mgmt", "mgmt.endpoint"] == "Q"
    assert cell["vmm-a", "console-a"] == "RW" and cell["vmm-b", "console-a"] == "" and cell["mgmt", "console-a"] == "RW"
    assert cell["mgmt", "vmm-a.ram"] == "" and cell["vmm-a", "vmm-a.ram"] == "RWX" and cell["vmm-b", "vmm-a.ram"] == ""
    assert cell["mgmt", "com1"] == "RW" and cell["vmm-a", "com1"] == ""


class _Balanced(HTMLParser):
    """Fails on a tag that is not closed, and on anything loaded from outside."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in ("script", "link", "img", "iframe") and not dict(attrs).keys() & {"src", "href"}
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_matrix__html_is_whole_and_self_contained(checked: api.Checked) -> None:
    page = matrix_html(checked.view, checked.claims)
    parser = _Balanced()
    parser.feed(page)
    parser.close()
    assert not parser.open and "url(" not in page and "@import" not in page
    for one in (*checked.system.objects, *checked.system.domains):
        assert one.name in parser.text
    assert parser.text.count("proved") == len(checked.claims)


def test_matrix__html_escapes_what_people_write(images: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text('[system]\nname = "x"\n[[guest]]\nname = "a"\nmemory_mib = 2\nkernel = "kernel"\nappend = "<b>&"\n')
    checked = api.check_system(file, [images])
    assert "<b>&" not in matrix_html(checked.view, [])
    ElementTree.fromstring(graph_svg(checked.view))


def test_graph__shows_every_domain_guest_and_channel(checked: api.Checked) -> None:
    picture = ElementTree.fromstring(graph_svg(checked.view))
    text = " ".join("".join(one.itertext()) for one in picture.iter("{http://www.w3.org/2000/svg}text"))
    for word in ("two-tenants", "mgmt", "vmm-a", "vmm-b", "compartment 2", "builder", "com1", "console", "log", "tenant"):
        assert word in text
    dot = graph_dot(checked.view)
    assert dot.count("subgraph") == 4 and dot.count("dir=both, penwidth=2.6") == 2


@pytest.fixture(scope="module")
def with_devices(root: Path, images: Path) -> api.Checked:
    return api.check_system(root / "capdl" / "system" / "two-tenants.toml", [images])


def test_matrix__shows_what_devices_reach_and_where_their_memory_is(with_devices: api.Checked) -> None:
    header, kinds, *subjects = csv.reader(io.StringIO(matrix_csv(with_devices.view)))
    cell = {(line[0], name): letters for line in subjects for name, letters in zip(header, line, strict=True)}
    kind = dict(zip(header, kinds, strict=True))
    assert kind["disk.config"] == kind["nic.msix"] == "frame of machine" and kind["netdrv.iospace"] == "iospace of netdrv"
    disk, nic = "device 01:00.0", "device 02:00.0"
    assert cell[disk, "kind"] == "device" and cell[disk, "blkdrv.iospace"] == "D" and cell[nic, "blkdrv.iospace"] == ""
    assert cell[disk, "block-pool-a"] == "RW" and cell[nic, "net-pool-a"] == "R" and cell[nic, "block-pool-a"] == ""
    assert cell["blkdrv", "disk.bar"] == "RW" and cell["blkdrv", "disk.msix"] == cell["blkdrv", "disk.config"] == ""
    assert cell["pci", "disk.msix"] == cell["pci", "nic.config"] == "RW" and cell["pci", "nic.bar"] == ""
    assert cell["netdrv", "msi 1"] == "M" and cell[nic, "netdrv.bell"] == "S" and cell[nic, "mgmt.bell"] == "S"
    page = matrix_html(with_devices.view, with_devices.claims)
    assert "physically at 0xb0100000, uncached" in page and "its refused accesses, bits 0x200" in page


def test_graph__shows_devices_and_their_pools(with_devices: api.Checked) -> None:
    dot = graph_dot(with_devices.view)
    for line in ("<b>disk: device 01:00.0</b>", "disk.msix at 0xe0002000", "nic.config at 0xb0200000", "message 1"):
        assert line in dot
    assert '"domain device 01:00.0" -> "domain vmm-a"' in dot and '"domain device 02:00.0" -> "domain netvirt"' in dot
    assert '"domain pci" -> "domain device 02:00.0"' in dot and '"domain mgmt" -> "domain device 02:00.0"' not in dot
    ElementTree.fromstring(graph_svg(with_devices.view))


def test_capdl__devices_have_tables_memory_and_messages(with_devices: api.Checked) -> None:
    text = Text(with_devices.view).write()
    for line in (
        "blkdrv.iospace = io_device (domainID: 256, 0x1:0.0)", "nic.msix = frame (4k, paddr: 0xe0240000)",
        "msi1 = msi_irq (msi_handle: 1, msi_pci_bus: 2, msi_pci_dev: 0, msi_pci_fun: 0)", "blkdrv.iospace.iopt0 = io_pt (level: 1)",
    ):  # fmt: skip
        assert line in text
    assert re.search(r"^blkdrv\.iospace\.iopd0 {\n.*block-pool-a\[0\.\.1\] \(RW\)", text, re.M | re.S)
    assert re.search(r"^  24: msi0$", text, re.M)


@pytest.mark.parametrize("system", GOLDEN_SYSTEMS)
@pytest.mark.parametrize("name", ["system.capdl", "matrix.csv", "graph.dot"])
def test_golden__outputs_are_as_they_were(name: str, system: str, root: Path, images: Path) -> None:
    """BULKHEAD_GOLDEN=write renews the copies; look at the difference before committing it."""
    checked = api.check_system(root / "capdl" / "system" / f"{system}.toml", [images])
    made = {"system.capdl": Text(checked.view).write, "matrix.csv": lambda: matrix_csv(checked.view),
            "graph.dot": lambda: graph_dot(checked.view)}[name]()  # fmt: skip
    file = GOLDEN / f"{system}.{name}"
    if os.environ.get("BULKHEAD_GOLDEN") == "write":
        file.write_text(made)
    assert file.read_text() == made
