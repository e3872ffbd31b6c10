"""The generated files of the tree and of the sample, made once, and the compilers."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(ROOT))

WARNINGS = ("-std=c17 -Wall -Wextra -Werror -Wconversion -Wsign-conversion -Wshadow -Wswitch-enum -Wundef -Wvla "
            "-Wcast-qual -Wmissing-prototypes").split()


class Support:
    """What the tests of this folder share; they cannot import each other (importlib mode)."""

    root = ROOT

    def gen(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """The compiler as people call it, from the top of the tree."""
        return subprocess.run(["/usr/bin/python3", "-m", "gen", *arguments], cwd=ROOT, text=True,
                              capture_output=True, check=False)

    def tree_files(self) -> list[str]:
        return sorted(str(path.relative_to(ROOT)) for path in (ROOT / "idl").glob("*.idl"))

    def sample_files(self) -> list[str]:
        return sorted(str(path.relative_to(ROOT)) for path in (HERE / "idl").glob("*.idl"))

    def compile(self, compiler: str, out: Path, sources: list[Path], *more: str) -> None:
        """Compiles or links against the generated folder @out; fails with the compiler's words."""
        includes = [f"-I{out / name}" for name in ("include", "kernel", "domain", "guest")]
        done = subprocess.run([compiler, *WARNINGS, *includes, *map(str, sources), *more], text=True,
                              capture_output=True, check=False)
        assert done.returncode == 0, done.stderr

    def run(self, program: Path) -> None:
        done = subprocess.run([str(program)], text=True, capture_output=True, check=False, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    def run_fuzzer(self, program: Path, runs: int) -> None:
        done = subprocess.run([str(program), f"-runs={runs}", "-seed=1"], text=True, capture_output=True, check=False,
                              cwd=program.parent, timeout=120)
        assert done.returncode == 0, done.stderr[-2000:]


def _generate(support: Support, out: Path, files: list[str]) -> Path:
    done = support.gen("--out", str(out), *files)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="session")
def support() -> Support:
    return Support()


@pytest.fixture(scope="session")
def tree(support: Support, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything made from idl/."""
    return _generate(support, tmp_path_factory.mktemp("tree"), support.tree_files())


@pytest.fixture(scope="session")
def sample(support: Support, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything made from idl/ of this folder, which has every kind of parameter."""
    return _generate(support, tmp_path_factory.mktemp("sample"), support.sample_files())


@pytest.fixture(params=["gcc", "clang"])
def compiler(request: pytest.FixtureRequest) -> str:
    return str(request.param)
