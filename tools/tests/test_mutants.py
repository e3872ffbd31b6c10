"""The mutants themselves: each fits the tree as it is and names a test that there is."""

from __future__ import annotations

import subprocess

from bulkhead import mutants, paths

PATCHES = sorted(mutants.FOLDER.glob("*.patch"))


def test_mutants__each_applies() -> None:
    """A check that moves takes its mutant along."""
    stale = [
        patch.name for patch in PATCHES
        if subprocess.run(
            ["patch", "-p1", "-s", "--dry-run", "-i", patch], cwd=paths.ROOT, capture_output=True, check=False
        ).returncode
    ]  # fmt: skip
    assert not stale, "no longer apply: " + ", ".join(stale)


def test_mutants__each_names_its_test_and_its_reason() -> None:
    for patch in PATCHES:
        mutant = mutants.read(patch)
        assert "\nWhy: " in patch.read_text(), patch.name
        if mutant.test.startswith("tests/unit/CMakeLists.txt::"):
            assert mutant.fails, f"{patch.name}: which of the program's claims?"


def test_mutants__there_are_as_many_as_promised() -> None:
    kinds = [patch.name.partition("-")[0] for patch in PATCHES]
    assert len(kinds) >= 40
    for kind, least in {"vmm": 12, "builder": 10, "lib": 2, "mgmt": 4, "capdl": 4, "proof": 2}.items():
        assert kinds.count(kind) >= least, kind


def test_mutants__a_claim_that_holds_is_not_one_that_fails() -> None:
    text = "FAIL test_a\nok test_b\n"
    assert mutants._names("test_a", text) and not mutants._names("test_b", text)
