"""The tree's own sources, and what keeps them in style: clang-format, clang-tidy, cppcheck."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Sequence
from pathlib import Path

from bulkhead import paths, proc

_FORMAT_WARNING = re.compile(r"^(/[^:\n]+):\d+:\d+: warning: code should be clang-formatted", re.MULTILINE)
_ROOMS = ("kernel", "domains", "capdl", "tests", "tools")


def c_files() -> list[Path]:
    """Every C source and header that git knows, generated ones excluded."""
    listed = proc.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", *_ROOMS],
        what="listing the sources",
    )
    names = sorted(name for name in listed.split("\0") if name.endswith((".c", ".h")))
    return [paths.ROOT / name for name in names if (paths.ROOT / name).is_file()]


def misformatted(files: Iterable[Path]) -> list[Path]:
    """Those of @files that clang-format would change."""
    done = subprocess.run(
        ["clang-format", "--dry-run", *(str(file) for file in files)],
        cwd=paths.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return sorted({Path(name) for name in _FORMAT_WARNING.findall(done.stderr)})


def reformat(files: Sequence[Path]) -> None:
    """Lets clang-format rewrite @files."""
    if files:
        proc.run(["clang-format", "-i", *files], what="formatting")


def compiled(preset: str) -> list[Path]:
    """The C files that @preset compiles, from its compilation database."""
    database = json.loads((paths.BUILD / preset / "compile_commands.json").read_text())
    files = {(Path(entry["directory"]) / entry["file"]).resolve() for entry in database}
    return sorted(
        file for file in files
        if file.suffix == ".c" and file.is_relative_to(paths.ROOT)
        and not file.is_relative_to(paths.BUILD)
    )  # fmt: skip


def tidy(preset: str, file: Path) -> str:
    """What clang-tidy finds in @file as @preset compiles it; empty if nothing."""
    done = subprocess.run(
        ["clang-tidy", "--quiet", "-p", str(paths.BUILD / preset), str(file)],
        cwd=paths.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stdout.strip() or done.stderr.strip()


def cppcheck(files: Sequence[Path]) -> str:
    """What cppcheck finds in @files; empty if nothing."""
    done = subprocess.run(
        ["cppcheck", "--quiet", "--std=c11", "--enable=portability", "--inline-suppr",
         "--error-exitcode=1", "--suppress=missingInclude", "--suppress=unknownMacro", "--suppress=comparePointers", "-j", "2",
         f"-I{paths.ROOT / 'kernel'}", f"-I{paths.TARGET / 'generated' / 'include'}",
         *(str(file) for file in files)],
        cwd=paths.ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return "" if done.returncode == 0 else done.stderr.strip()
