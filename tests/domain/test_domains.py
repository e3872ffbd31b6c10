"""Hostile domains: each runs beside mgmt and a witness, says PASS itself, and must have harmed nobody."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bulkhead import systems
from bulkhead.errors import BulkheadError, TimeOut
from bulkhead.platforms import Platform
from bulkhead.session import Session
from tests.exempt import skip_if_exempt

HERE = Path(__file__).parent
NAMES = sorted(file.parent.name for file in HERE.glob("*/main.c") if file.parent.name != "witness")
BOOT_S, VERDICT_S, WITNESS_S = 60.0, 120.0, 30.0
DOMAINS = {"mgmt", "witness", "hostile"}


def text_of(session: Session) -> str:
    return session.console.since(0).decode(errors="replace")


def last_unit(session: Session) -> int:
    """What the witness has counted."""
    return max((int(count) for count in re.findall(r"WITNESS (\d+)", text_of(session))), default=0)


def verdict(session: Session, name: str) -> str:
    """The test's own line, without its name."""
    until = time.monotonic() + VERDICT_S * session.platform.patience
    while time.monotonic() < until:
        session.check_boot()
        match = re.search(rf"TEST {name} (PASS|FAIL[^\r\n]*)[\r\n]", text_of(session))  # all of the line
        if match:
            return match[1]
        died = session.link.find(lambda event: event.get("state") == "died")
        if died:
            return f"died: {died}"
        time.sleep(0.1)
    return "no verdict"


def check_others(session: Session) -> None:
    """mgmt answers, all run, and the witness goes on."""
    before = last_unit(session)
    listed = {domain["name"]: domain["state"] for domain in session.link.demand("ps")["domains"]}
    assert listed == dict.fromkeys(DOMAINS, "running"), listed
    until = time.monotonic() + WITNESS_S * session.platform.patience
    while time.monotonic() < until and last_unit(session) <= before:
        time.sleep(0.1)
    assert last_unit(session) > before, "the witness no longer counts"
    assert "HARM" not in text_of(session)
    assert not [event for event in session.link.events() if event.get("state") in ("died", "restarting", "parked")]


@pytest.fixture
def machine(request: pytest.FixtureRequest, platform: Platform) -> Iterator[Session]:
    """The system with this hostile domain, under a clock that counts instructions: the same in every run."""
    name: str = request.param
    skip_if_exempt(HERE / name, platform)
    system = systems.assemble(
        HERE / "domain-test.toml",
        name=f"domain-test-{name}",
        parameters={"image": f"hostile-{name}"},
        platform=platform,
    )
    with Session(system.machine(icount=True), system.boot()) as session:
        session.wait_ready(BOOT_S)
        yield session
        session.end()


@pytest.mark.parametrize(("name", "machine"), [(name, name) for name in NAMES], ids=NAMES, indirect=["machine"])
def test_domain__fails_alone(name: str, machine: Session) -> None:
    try:
        assert verdict(machine, name) == "PASS", text_of(machine)[-3000:]
        check_others(machine)
    except (BulkheadError, TimeOut) as error:
        pytest.fail(f"{error}\n{text_of(machine)[-3000:]}")
