"""Files from Debian's archive, fetched through apt into build/ and never installed.

The machine's own package lists are used as they are. Where they are missing or too old, a private
copy under build/apt is refreshed instead, so that no step here needs root.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from bulkhead import paths, proc
from bulkhead.errors import BulkheadFailed

_APT = paths.BUILD / "apt"
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hex."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def _private_options(name: str, extra: Sequence[str] = ()) -> list[str]:
    state = _APT / name
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    return [
        "-o", f"Dir::State::lists={state / 'lists'}",
        "-o", f"Dir::Cache={state / 'cache'}",
        "-o", "APT::Sandbox::User=",
        *extra,
    ]  # fmt: skip


class BinaryArchive:
    """Debian's binary packages as this machine's apt sources offer them."""

    def __init__(self) -> None:
        self._options: list[str] = ["-o", "APT::Sandbox::User="]
        self._private = False

    def _go_private(self) -> None:
        if self._private:
            return
        self._options = _private_options("binary")
        self._private = True
        proc.run(["apt-get", *self._options, "update", "-q"], what="refreshing the package lists")

    def field(self, package: str, name: str) -> str:
        """One control field of the candidate version of @package."""
        for attempt in range(2):
            try:
                text = proc.run(
                    ["apt-cache", *self._options, "show", "--no-all-versions", package],
                    what=f"looking up {package}",
                )
            except BulkheadFailed:
                text = ""
            for line in text.splitlines():
                if line.startswith(f"{name}: "):
                    return line.partition(": ")[2].strip()
            if attempt == 0:
                self._go_private()
        raise BulkheadFailed(f"Debian package {package} (field {name}) not found in the archive")

    def download(self, package: str, into: Path) -> Path:
        """The .deb of @package, downloaded into @into."""
        into.mkdir(parents=True, exist_ok=True)
        before = set(into.glob("*.deb"))
        command = ["apt-get", *self._options, "download", "-q", package]
        try:
            proc.run(command, what=f"downloading {package}", cwd=into)
        except BulkheadFailed:
            if self._private:
                raise
            self._go_private()
            command = ["apt-get", *self._options, "download", "-q", package]
            proc.run(command, what=f"downloading {package}", cwd=into)
        name = package.partition("=")[0]
        new = sorted(set(into.glob("*.deb")) - before) or sorted(into.glob(f"{name}_*.deb"))
        if not new:
            raise BulkheadFailed(f"apt-get download {package} left no file")
        return new[-1]

    def unpack(self, package: str, into: Path) -> None:
        """Downloads @package and unpacks its files under @into."""
        deb = self.download(package, _APT / "debs")
        into.mkdir(parents=True, exist_ok=True)
        proc.run(["dpkg-deb", "-x", deb, into], what=f"unpacking {package}")
        deb.unlink()


def mirror() -> str:
    """The Debian mirror that this machine itself uses."""
    text = proc.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(REPO_URI)"],
        what="reading the apt sources",
    )
    for line in text.splitlines():
        origin, _, uri = line.partition("|")
        if origin == "Debian" and "security" not in uri:
            return uri
    raise BulkheadFailed("no Debian mirror in this machine's package lists; run apt-get update")


def fetch_source(package: str, version: str, suite: str, file_name: str, sha256: str) -> Path:
    """The upstream tarball of a source package, refused unless it has the pinned SHA-256."""
    wanted = _APT / "sources" / file_name
    if wanted.exists() and sha256_of(wanted) == sha256:
        return wanted
    wanted.parent.mkdir(parents=True, exist_ok=True)
    sources = _APT / f"{suite}.list"
    sources.write_text(f"deb-src [signed-by={_KEYRING}] {mirror()} {suite} main\n")
    options = _private_options(
        suite, ["-o", f"Dir::Etc::sourcelist={sources}", "-o", "Dir::Etc::sourceparts=/dev/null"]
    )
    proc.run(["apt-get", *options, "update", "-q"], what=f"reading the source index of {suite}")
    proc.run(
        ["apt-get", *options, "source", "--tar-only", "--download-only", "-q",
         f"{package}={version}"],
        what=f"downloading the source of {package}",
        cwd=wanted.parent,
    )  # fmt: skip
    check_pin(wanted, sha256)
    return wanted


def check_pin(path: Path, sha256: str) -> None:
    """Refuses a source file that is not byte for byte the pinned one."""
    if not path.exists():
        raise BulkheadFailed(f"{path.name} is missing where it was expected: {path}")
    found = sha256_of(path)
    if found != sha256:
        raise BulkheadFailed(f"{path.name} has SHA-256 {found}, but {sha256} is pinned; not used")
