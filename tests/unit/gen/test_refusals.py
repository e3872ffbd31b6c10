"""Every file under tests/bad/idl is refused with exactly the text beside it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from gen import checks_calls, checks_messages, checks_names, checks_services, checks_types, released

ROOT = Path(__file__).resolve().parents[3]
BAD = ROOT / "tests/bad/idl"


def files_for(path: Path) -> list[str]:
    """Files that declare no errors of their own are compiled with the small kernel in base/."""
    alone = "\nerror {" in path.read_text() or path.stem == "errors_missing"
    return [str(path.relative_to(ROOT))] if alone else ["tests/bad/idl/base/kernel.idl", str(path.relative_to(ROOT))]


@pytest.mark.parametrize("path", sorted(BAD.glob("*.idl")), ids=lambda path: path.stem)
def test_refusals__bad_file_is_refused_with_its_text(support: Any, path: Path, tmp_path: Path) -> None:
    done = support.gen("--out", str(tmp_path / "out"), *files_for(path))
    assert done.stderr == path.with_suffix(".expected").read_text()
    assert done.returncode == 1
    assert not (tmp_path / "out").exists()


def test_refusals__every_refusal_has_a_bad_file() -> None:
    """Each `Problem(` of the checks is seen at least once: counted by its expected texts."""
    expected = {path.stem: path.read_text() for path in BAD.glob("*.expected")}
    assert {path.stem for path in BAD.glob("*.idl")} == expected.keys()
    sources = [Path(str(m.__file__)).read_text() for m in
               (checks_calls, checks_messages, checks_names, checks_services, checks_types, released)]
    refusals = sum(source.count("Problem(") for source in sources)
    assert len(expected) >= refusals


def test_refusals__released_interfaces_still_agree(support: Any) -> None:
    done = support.gen("--check-released", "idl/released", *support.tree_files())
    assert (done.returncode, done.stderr) == (0, "")


def test_refusals__compatible_growth_with_a_new_version_passes(support: Any, tmp_path: Path) -> None:
    (tmp_path / "released").mkdir()
    old = (BAD / "released/released_method_gone.idl").read_text()
    (tmp_path / "released/growth.idl").write_text(old)
    grown = (old.replace("version 2", "version 3").replace("0..63", "0..99").replace("0..9)", "0..8)")
             .replace("    ring", "    method more = 2 () -> ();\n    ring"))
    (tmp_path / "growth.idl").write_text(grown)
    done = support.gen("tests/bad/idl/base/kernel.idl", str(tmp_path / "growth.idl"))
    assert (done.returncode, done.stderr) == (0, "")
