"""Two builds in two folders give the same bytes."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bulkhead import debian, paths, proc

_IMAGES = ("*.elf", "*.bin")


def _pack(archive: Path) -> None:
    """The tree as it is at this moment, in one archive for both builds."""
    listed = proc.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], what="listing the tree"
    )
    subprocess.run(
        ["tar", "-c", "--null", "--ignore-failed-read", "--files-from=-", "-f", str(archive)],
        input=listed.encode(), cwd=paths.ROOT, stderr=subprocess.DEVNULL, check=True,
    )  # fmt: skip


def _build_copy(archive: Path, tree: Path) -> dict[str, str]:
    """Builds the packed tree at @tree; SHA-256 of every image by its place."""
    tree.mkdir(parents=True)
    proc.run(["tar", "-xf", archive], what="copying the tree", cwd=tree)
    env = {"PYTHONPATH": f"{tree / 'tools'}:{tree}", "BULKHEAD_ROOT": str(tree)}
    proc.run(
        ["cmake", "--preset", "target", f"-DBULKHEAD_SYSROOT={paths.SYSROOT}"],
        what="configuring the copy", cwd=tree, env=env,
    )  # fmt: skip
    proc.run(["cmake", "--build", "--preset", "target"], what="building the copy", cwd=tree, env=env)
    made = tree / "build" / "target"
    images = [file for pattern in _IMAGES for file in made.rglob(pattern)]
    return {
        str(file.relative_to(made)): debian.sha256_of(file)
        for file in images if "CMakeFiles" not in file.parts
    }  # fmt: skip


def test_reproducible__two_folders_same_bytes(tmp_path: Path) -> None:
    archive = tmp_path / "tree.tar"
    _pack(archive)
    first = _build_copy(archive, tmp_path / "one")
    second = _build_copy(archive, tmp_path / "a-longer-name" / "two")
    assert first, "the build made no image"
    assert first == second
