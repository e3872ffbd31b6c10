"""The documentation agrees with the tree: links, commands, citations, decisions and pictures."""

from __future__ import annotations

import io
import re
import sys
import tokenize
from pathlib import Path

import click
import pytest

from bulkhead import paths
from bulkhead.cli import cli

sys.path.insert(0, str(paths.ROOT / "tools"))

import readme_bench  # noqa: E402
from pictures import draw, rooms, sequence  # noqa: E402

ROOT = paths.ROOT
DOCS = ROOT / "docs"
ROOMS = [ROOT / place / "README.md" for place in ("capdl/builder", "domains/lib", "tests/guest")]
PAGES = sorted([ROOT / "README.md", *ROOMS, *DOCS.rglob("*.md")])
DECISIONS = sorted(file for file in (DOCS / "adr").glob("*.md") if file.name != "README.md")
CITING = ("kernel", "domains", "capdl", "idl", "gen", "tests", "tools")
HEADINGS = ("Context", "Decision", "Rejected", "Consequences")


def _name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def _prose(file: Path) -> str:
    """A page without its code blocks and inline code."""
    text = re.sub(r"^```.*?^```", "", file.read_text(), flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"`[^`\n]*`", "", text)


def _anchors(file: Path) -> set[str]:
    """The anchors that a renderer makes of a page's headings."""
    made = set()
    for heading in re.findall(r"^#+ +(.*)$", file.read_text(), flags=re.MULTILINE):
        plain = re.sub(r"[^\w\- ]", "", heading.lower())
        made.add(plain.replace(" ", "-"))
    return made


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_docs__links_resolve(page: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", _prose(page)):
        if re.match(r"[a-z]+:", target):
            continue
        place, _, anchor = target.partition("#")
        file = (page.parent / place).resolve() if place else page
        if not file.exists():
            broken.append(target)
        elif anchor and anchor not in _anchors(file):
            broken.append(target)
    assert not broken


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_docs__paths_named_in_code_exist(page: Path) -> None:
    """`kernel/obj/cap.c` in a page is a file of the tree; idl.md names outputs of the IDL compiler as well."""
    missing = []
    outputs = ROOT / "tests" / "golden" / "gen"
    for words in re.findall(r"`([^`\n]+)`", page.read_text()):
        if re.fullmatch(r"(?:\.ci|capdl|docs|domains|gen|idl|kernel|tests|tools)/[a-z0-9_./-]+", words):
            if not (ROOT / words).exists() and not (outputs / words).exists():
                missing.append(words)
    assert not missing


def test_docs__every_page_is_in_the_index() -> None:
    index = (DOCS / "README.md").read_text()
    linked = {(DOCS / place).resolve() for place in re.findall(r"\]\(([^)#\s]+)", index)}
    expected = {file for file in PAGES if file.is_relative_to(DOCS) and file != DOCS / "README.md"}
    assert not {_name(file) for file in expected - linked}


@pytest.mark.parametrize("page", DECISIONS, ids=_name)
def test_adr__has_its_four_headings_in_order(page: Path) -> None:
    found = re.findall(r"^\*\*(\w+)\.\*\*", page.read_text(), flags=re.MULTILINE)
    assert tuple(found) == HEADINGS
    assert page.read_text().startswith("# ")
    assert len(page.read_text().splitlines()) <= 60, "one page"


def _command_lines(page: Path) -> list[str]:
    """What a page tells people to type: `./bulkhead …` in code."""
    unquoted = re.sub(r"'[^'\n]*'", "TEXT", page.read_text())
    return re.findall(r"\./bulkhead((?: [^\s`|;&#)]+)*)", unquoted)


@pytest.mark.parametrize("page", PAGES, ids=_name)
def test_docs__commands_exist_with_their_options(page: Path) -> None:
    wrong = []
    for line in _command_lines(page):
        words = [word.rstrip(".,:") for word in line.split()]
        while words and words[0].startswith("-"):
            words.pop(0)
        if not words or not words[0].islower():
            continue
        command = cli.commands.get(words[0])
        if command is None:
            wrong.append(line)
            continue
        known = {
            option
            for owner in (command, cli)
            for parameter in owner.params
            if isinstance(parameter, click.Option)
            for option in parameter.opts
        } | {"--help", "-h"}
        wrong += [line for word in words[1:] if word.startswith("-") and word.split("=")[0] not in known]
    assert not wrong


def _comments(file: Path) -> str:
    """Comments and strings of a source, where citations stand; without ACSL, whose brackets are indices."""
    text = file.read_text(errors="replace")
    if file.suffix == ".py":
        tokens = tokenize.generate_tokens(io.StringIO(text).readline)
        return "\n".join(one.string for one in tokens if one.type in (tokenize.COMMENT, tokenize.STRING))
    text = re.sub(r"/\*@.*?\*/", "", text, flags=re.DOTALL)
    parts = re.findall(r"/\*.*?\*/|//[^\n]*|\"[^\"\n]*\"", text, flags=re.DOTALL)
    return "\n".join(parts)


def citations(file: Path) -> set[str]:
    """The tags that @file cites: [SDM-2023-09], [APM2], [ACPI-6.5], ….

    A tag is capital letters or has a digit or a small letter too, stands at no index's place (`slot[N]`), and is
    not an option of a usage text or a part of a regular expression.
    """
    return {
        tag
        for tag in re.findall(r"(?<![\w\])\\^\"'])\[([A-Z0-9][A-Za-z0-9]*(?:[-.][A-Za-z0-9.]+)*)\](?![\w(\[*+?{])",
                              _comments(file))
        if re.search(r"[A-Z]", tag) and len(tag) > 2
    }  # fmt: skip


def _cited() -> dict[str, str]:
    """Each tag, and a file that cites it."""
    made: dict[str, str] = {}
    for room in CITING:
        for file in sorted((ROOT / room).rglob("*")):
            generated = "golden" in file.parts or "bad" in file.parts or file.name == Path(__file__).name
            if file.suffix in (".c", ".h", ".S", ".ld", ".py", ".idl") and not generated:
                for tag in citations(file):
                    made.setdefault(tag, _name(file))
    return made


# In brackets, in capitals, and no citation: usage texts of commands.
_NOT_CITED = {"FILTER", "NAME", "ROW", "SYSTEM"}


def test_refs__lists_every_citation_and_no_other() -> None:
    rows = re.findall(r"^\| (\[[^|]+) \|", (DOCS / "refs.md").read_text(), flags=re.MULTILINE)
    listed = {tag for row in rows for tag in re.findall(r"\[([^\]]+)\]", row)}
    cited = {tag: file for tag, file in _cited().items() if tag not in _NOT_CITED}
    assert cited.keys() - listed == set(), "cited, not in docs/refs.md"
    assert listed - cited.keys() == set(), "in docs/refs.md, cited nowhere"


def _fault_rows() -> list[str]:
    """The rows of docs/faults.md, one for each fault."""
    lines = (DOCS / "faults.md").read_text().splitlines()
    return [line for line in lines if line.startswith("| ") and not line.startswith(("| fault", "| ---"))]


def test_faults__each_has_a_test_and_a_mutant_that_exist() -> None:
    wrong = []
    for row in _fault_rows():
        tests = re.findall(r"`([a-z_0-9/]+\.(?:py|c))::([^`]+)`", row)
        mutants = re.findall(r"`([a-z0-9-]+\.patch)`", row)
        wrong += [row[:60]] if not tests or not mutants or row.count("|") != 6 else []
        wrong += [name for name in mutants if not (ROOT / "tests" / "mutants" / name).is_file()]
        for place, name in tests:
            file = ROOT / "tests" / place
            if not file.is_file() or name not in file.read_text():
                wrong.append(f"{place}::{name}")
    assert len(_fault_rows()) > 30 and not wrong


def test_pictures__are_those_of_the_tree() -> None:
    stale = [name for name, text in draw.plain().items() if (draw.PICTURES / name).read_text() != text]
    if draw.graph_digest() not in (draw.PICTURES / "two-tenants.svg").read_text():
        stale.append("two-tenants.svg")
    assert not stale, "run: /usr/bin/python3 tools/pictures/draw.py"


def test_pictures__name_places_that_exist() -> None:
    for file in sorted(draw.HERE.glob("*.toml")):
        for step in sequence.Sequence.read(file).steps:
            place, _, name = step.place.partition(":")
            assert re.search(rf"\b{re.escape(name)}\b", (ROOT / place).read_text()), f"{file.name}: {step.place}"


def test_rooms__arrows_point_down_only() -> None:
    order = [name for name, _, _ in rooms.FLOORS]
    made = rooms.arrows(ROOT)
    upward = [
        (source, target)
        for source, target in made
        if source in order and target in order and order.index(target) < order.index(source)
    ]
    assert not upward
    crossing = [
        (source, target)
        for source, target in made
        if target in order and source not in order or target == "lib" and source in order
    ]
    assert not crossing, "a domain never sees the kernel, nor the kernel a domain"


def test_rooms__the_selector_stands_alone() -> None:
    assert not [pair for pair in rooms.arrows(ROOT) if rooms.SELECTOR in pair]
    assert {header for header in rooms.included(ROOT / "kernel" / "select")} == {
        "select.h", "cpuid.h", "stdbool.h", "stddef.h", "stdint.h",
    }  # fmt: skip


def test_rooms__obj_and_sys_know_no_vendor() -> None:
    for room in ("obj", "sys", "entry"):
        for header in rooms.included(ROOT / "kernel" / room):
            assert not re.fullmatch(r"hw/(svm|vmx|vtd|amdvi).*", header), f"kernel/{room} includes {header}"


def test_readme__shows_the_bench_between_its_markers() -> None:
    text = (ROOT / "README.md").read_text()
    assert text.count("<!-- bench:begin -->") == text.count("<!-- bench:end -->") == 1
    assert text.index("<!-- bench:begin -->") < text.index("<!-- bench:end -->")


def test_readme_bench__fills_in_rows_with_a_budget_and_says_what_is_over() -> None:
    row = {"name": "x.y", "platform": "p", "value": 12345, "budget": 20, "unit": "lines", "how": "a | b"}
    other = {**row, "platform": "q", "value": 19}
    rows = [row, {**row, "name": "part", "budget": None}, other]
    document = {"commit": "0" * 40, "platforms": [{"emulator": "QEMU"}, {"emulator": "Bochs"}], "rows": rows}
    before = f"head\n{readme_bench.BEGIN}\nold\n{readme_bench.END}\ntail\n"
    once = readme_bench.fill(before, document)
    assert once == readme_bench.fill(once, document)
    assert once.startswith("head\n") and once.endswith("\ntail\n") and "old" not in once
    assert "| row | p | at most | q | at most | unit | kept | how |" in once
    assert "| `x.y` | 12,345 | 20 | 19 | 20 | lines | **no** (p) | a \\| b |" in once
    assert "on QEMU and Bochs. Over budget: `x.y` (p)." in once and "part" not in once
    with pytest.raises(ValueError):
        readme_bench.fill("no markers", document)


def test_readme__test_command_is_what_ci_runs() -> None:
    run = re.search(r"^exec \./bulkhead (\w+)", (ROOT / ".ci" / "run").read_text(), flags=re.MULTILINE)
    assert run is not None
    assert f"./bulkhead {run[1]}" in (ROOT / "README.md").read_text()
