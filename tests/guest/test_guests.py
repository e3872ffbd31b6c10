"""Hostile and curious guests: each runs beside a witness, must end as its test.toml says, and must harm nobody."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bulkhead.errors import BulkheadError, TimeOut
from bulkhead.link import Message
from bulkhead.platforms import PLATFORMS, Platform
from bulkhead.session import Session
from tests.exempt import skip_if_exempt
from tests.guest.harness import guest_beside_witness, witness_lines

HERE = Path(__file__).parent
TIMED_OUT, DIED = 124, 126
SERIAL_S = 5.0  # for what the guest wrote before its end, which is told on the other port
# What `./bulkhead test` runs on the other platforms as well; all of it runs there with --on bochs.
SELECTION = ("control_registers", "fpu_state", "hypercall_slots", "page_faults", "self_ipi", "triple_fault")
SELECTION_PLATFORMS = ("bochs-vmx", "bochs-svm")


@dataclass(frozen=True)
class Manifest:
    """A guest's test.toml."""

    name: str
    status: tuple[int, ...]
    memory_mib: int
    timeout_s: float
    serial: tuple[str, ...]
    system: str = "guest-test"
    typed: str = ""
    witness: bool = True
    known_defect: str = ""

    @classmethod
    def read(cls, folder: Path) -> Manifest:
        data = tomllib.loads((folder / "test.toml").read_text())
        known = {"status", "memory_mib", "timeout_s", "serial", "system", "typed", "witness", "known_defect", "exception"}
        unknown = sorted(set(data) - known)
        if unknown:
            raise ValueError(f"{folder.name}/test.toml: unknown {unknown[0]}; known: {', '.join(sorted(known))}")
        data.pop("exception", None)  # tests/exempt.py reads it
        return cls(
            name=folder.name,
            **{**data, "status": tuple(data["status"]), "serial": tuple(data["serial"])},
        )


MANIFESTS = [Manifest.read(file.parent) for file in sorted(HERE.glob("*/test.toml"))]


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
    skip_if_exempt(HERE / manifest.name, platform)
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
        unknown = set(SELECTION) - {manifest.name for manifest in MANIFESTS}
        assert not unknown, f"the selection names guests that are not there: {unknown}"
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
        session.console.send(manifest.typed.encode())
        event = guest_event(session, manifest.timeout_s * patience)
        assert exit_status(event) in manifest.status, f"{event}\n{session.console.since(0).decode(errors='replace')}"
        for wanted in manifest.serial:
            session.console.wait_for(wanted.encode(), SERIAL_S * session.platform.patience)
        if manifest.witness:
            check_witness(session)
    except BulkheadError as error:
        pytest.fail(f"{error}\n{session.console.since(0).decode(errors='replace')[-4000:]}")
