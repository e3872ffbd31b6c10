"""Hostile and curious guests: each runs beside a witness, must end as its test.toml says, and must harm nobody."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bulkhead import bochs, qemu
from bulkhead.errors import BulkheadError, TimeOut
from bulkhead.link import Message
from bulkhead.platforms import PLATFORMS, Platform
from bulkhead.session import Session
from tests.guest.harness import guest_beside_witness, witness_lines

HERE = Path(__file__).parent
TIMED_OUT, DIED = 124, 126
# What `./bulkhead test` runs on the other platforms as well; all of it runs there with --on bochs.
SELECTION = ()
SELECTION_PLATFORMS = ("bochs-svm",)


@dataclass(frozen=True)
class Exempt:
    """A platform on which a defect of the emulator, in just this version, makes a test impossible."""

    platform: str
    emulator: str
    defect: str
    reproducer: str

    def __str__(self) -> str:
        return f"{self.emulator}: {self.defect}; to see it: {self.reproducer}"


@dataclass(frozen=True)
class Manifest:
    """A guest's test.toml."""

    name: str
    status: tuple[int, ...]
    memory_mib: int
    timeout_s: float
    serial: tuple[str, ...]
    system: str = "guest-test"
    witness: bool = True
    known_defect: str = ""
    exceptions: tuple[Exempt, ...] = ()

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        data = tomllib.loads((folder / "test.toml").read_text())
        known = {"status", "memory_mib", "timeout_s", "serial", "system", "witness", "known_defect", "exception"}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"{folder.name}/test.toml: unknown {unknown[0]}; known: {', '.join(sorted(known))}")
        exceptions = tuple(Exempt(**one) for one in data.pop("exception", []))
        return cls(
            name=folder.name,
            exceptions=exceptions,
            **{**data, "status": tuple(data["status"]), "serial": tuple(data["serial"])},
        )


MANIFESTS = [Manifest.read(file.parent) for file in sorted(HERE.glob("*/test.toml"))]


def skip_if_exempt(manifest: Manifest, platform: Platform) -> None:
    """Skips where the emulator, in the version that is installed, cannot do it."""
    for one in manifest.exceptions:
        if one.platform == platform.name and one.emulator == emulator_version(platform):
            pytest.skip(str(one))


def emulator_version(platform: Platform) -> str:
    """The emulator's name and version, as in "Bochs 2.7"."""
    words = (bochs.version() if platform.emulator == "bochs" else qemu.version()).split()
    number = next(word for word in words if word[0].isdigit())
    return f"{'Bochs' if platform.emulator == 'bochs' else 'QEMU'} {'.'.join(number.split('.')[:2])}"


def exit_status(event: Message | None) -> int:
    """How the guest ended, as `run --guest` would say it."""
    if event is None:
        return TIMED_OUT
    state = event.get("state")
    if state in ("poweroff", "reset"):
        return 0
    if state == "debug-exit":
        return (int(event.get("value", 0)) * 2 + 1) & 0xFF
    return DIED


def guest_event(session: Session, timeout_s: float) -> Message | None:
    """The end of tenant t."""
    try:
        return session.link.wait(
            lambda event: event.get("event") == "guest" and event.get("name") == "t", timeout_s, "end of the guest"
        )
    except TimeOut:
        return None


def check_witness(session: Session) -> None:
    """The neighbour and the core are unharmed: it still counts, says nothing of harm, and mgmt answers."""
    start = session.console.position()
    session.link.demand("focus w")
    session.console.drain()
    before = witness_lines(session.console.since(start))
    until = time.monotonic() + 20 * session.platform.patience
    text = session.console.since(start)
    while time.monotonic() < until and len(witness_lines(text)) <= len(before):
        time.sleep(0.1)
        text = session.console.since(start)
    assert b"HARM" not in text, text.decode(errors="replace")
    assert len(witness_lines(text)) > len(before), "the witness no longer counts after the guest's end"
    listed = {domain["tenant"]: domain for domain in session.link.demand("ps")["domains"]}
    assert listed["w"]["state"] == "running"


@pytest.fixture
def machine(request: pytest.FixtureRequest) -> Iterator[tuple[Manifest, Session]]:
    """The manifest's guest, booted beside the witness."""
    manifest: Manifest
    platform: Platform
    manifest, platform = request.param
    skip_if_exempt(manifest, platform)
    with guest_beside_witness(
        manifest.name, memory_mib=manifest.memory_mib, system_name=manifest.system, platform=platform
    ) as session:
        yield manifest, session


def parameter(manifest: Manifest, platform: Platform, *, named: bool) -> Any:
    """A known defect must go on failing: when it is mended, its line in test.toml goes."""
    marks = [pytest.mark.xfail(reason=manifest.known_defect, strict=True)] if manifest.known_defect else []
    return pytest.param(
        (manifest, platform), id=f"{manifest.name}-{platform.name}" if named else manifest.name, marks=marks
    )


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """All guests on the platform asked for; unless one was, the selection on the others too."""
    if "machine" not in metafunc.fixturenames:
        return
    asked: str | None = metafunc.config.getoption("--bulkhead-platform")
    found = [parameter(manifest, PLATFORMS[asked or "qemu-svm"], named=False) for manifest in MANIFESTS]
    if asked is None:
        found += [
            parameter(manifest, PLATFORMS[name], named=True)
            for name in SELECTION_PLATFORMS
            for manifest in MANIFESTS
            if manifest.name in SELECTION
        ]
    metafunc.parametrize("machine", found, indirect=True)


def test_guest__ends_as_described_and_harms_nobody(machine: tuple[Manifest, Session]) -> None:
    manifest, session = machine
    try:
        # Who is meant to run for good is not given longer on a slow platform.
        patience = 1 if TIMED_OUT in manifest.status else session.platform.patience
        event = guest_event(session, manifest.timeout_s * patience)
        session.console.drain()
        serial = session.console.since(0).decode(errors="replace")
        assert exit_status(event) in manifest.status, f"{event}\n{serial}"
        for wanted in manifest.serial:
            assert wanted in serial, serial
        if manifest.witness:
            check_witness(session)
    except BulkheadError as error:
        pytest.fail(f"{error}\n{session.console.since(0).decode(errors='replace')[-4000:]}")
