"""One tiny description for each fault: tests/bad/capdl/NAME.toml, with the exact words in NAME.expected."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from capdl import api
from capdl.errors import CapdlError

BAD = Path(__file__).resolve().parents[2] / "bad" / "capdl"
NAMES = sorted(path.stem for path in BAD.glob("*.toml"))
FORM = re.compile(r"[^:]+:\d+:\d+: error: .+; expected .+")


@pytest.mark.parametrize("name", NAMES)
def test_capdl__refuses(name: str, images: Path) -> None:
    with pytest.raises(CapdlError) as caught:
        api.check_system(BAD / f"{name}.toml", [images], {}, f"{name}.toml")
    assert f"{caught.value}\n" == (BAD / f"{name}.expected").read_text()


def test_bad__every_fault_has_its_words_and_place() -> None:
    assert len(NAMES) >= 60
    assert sorted(path.stem for path in BAD.glob("*.expected")) == NAMES
    for path in BAD.glob("*.expected"):
        for line in path.read_text().splitlines():
            assert FORM.fullmatch(line), f"{path.name}: {line}"


@pytest.mark.parametrize("name", NAMES)
def test_bad__the_place_is_inside_the_file(name: str) -> None:
    lines = (BAD / f"{name}.toml").read_text().split("\n")
    for error in (BAD / f"{name}.expected").read_text().splitlines():
        line, column = (int(part) for part in error.split(":")[1:3])
        assert line <= len(lines) and column <= len(lines[line - 1]) + 1
