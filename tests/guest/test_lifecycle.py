"""A guest is paused, resumed, destroyed and rebuilt while it waits in a hypercall, and nothing of it is left over."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from bulkhead.link import Message
from bulkhead.platforms import Platform
from bulkhead.session import Session
from tests.guest.harness import guest_beside_witness

WAIT_S = 60.0
STARTED, PAUSED, RESUMED, RESTARTED = 1, 2, 3, 4


@pytest.fixture
def waiter(platform: Platform) -> Iterator[Session]:
    """The guest that waits for events, when it has seen that it was started."""
    with guest_beside_witness("event_waiter", platform=platform) as session:
        session.console.wait_for(b"EVENT 1 %d" % STARTED, WAIT_S)
        yield session


def domain_event(session: Session, state: str, start: int) -> Message:
    """The first event from index @start that says that t's VMM is now @state."""
    return session.link.wait(
        lambda event: event.get("event") == "domain"
        and event.get("tenant") == "t"
        and event.get("state") == state,
        WAIT_S,
        f"'{state}' of tenant t",
        start,
    )


def states(session: Session) -> dict[str, str]:
    """Tenant to state, as `ps` tells it."""
    return {domain["tenant"]: domain["state"] for domain in session.link.demand("ps")["domains"]}


def test_lifecycle__a_waiting_guest_is_paused_and_resumed(waiter: Session) -> None:
    waiter.link.demand("pause t")
    assert states(waiter)["t"] == "paused"
    waiter.link.demand("resume t")
    waiter.console.wait_for(b"EVENT 2 %d" % PAUSED, WAIT_S)
    waiter.console.wait_for(b"EVENT 3 %d" % RESUMED, WAIT_S)
    assert states(waiter) == {"": "running", "t": "running", "w": "running"}


def test_lifecycle__a_waiting_guest_is_destroyed(waiter: Session) -> None:
    start = len(waiter.link.events())
    waiter.link.demand("kill t")
    assert "killed" in domain_event(waiter, "died", start)["reason"]
    assert states(waiter) == {"": "running", "t": "dead", "w": "running"}
    assert waiter.link.command("kill t")["ok"] is False


def test_lifecycle__a_destroyed_guest_is_rebuilt(waiter: Session) -> None:
    waiter.link.demand("kill t")
    position = waiter.console.position()
    waiter.link.demand("restart t")
    waiter.console.wait_for(b"EVENT 2 %d" % RESTARTED, WAIT_S, position)
    assert states(waiter)["t"] == "running"


def test_lifecycle__ten_restarts_leave_nothing_behind(waiter: Session) -> None:
    before = {domain["name"]: domain for domain in waiter.link.demand("ps")["domains"]}
    for sequence in range(2, 12):
        position = waiter.console.position()
        waiter.link.demand("restart t")
        waiter.console.wait_for(b"EVENT %d %d" % (sequence, RESTARTED), WAIT_S, position)
    after = {domain["name"]: domain for domain in waiter.link.demand("ps")["domains"]}
    for name, domain in before.items():
        assert after[name]["capabilities"] == domain["capabilities"]
        assert after[name]["memory_kib"] == domain["memory_kib"]


@pytest.mark.parametrize("line", ["kill nobody", "resume t", "pause mgmt", "focus mgmt"])
def test_lifecycle__refusals_say_why(waiter: Session, line: str) -> None:
    reply = waiter.link.command(line)
    assert reply["ok"] is False and reply["error"]
    assert states(waiter) == {"": "running", "t": "running", "w": "running"}


def test_lifecycle__a_rebuilt_guest_finds_zeroed_memory(platform: Platform) -> None:
    with guest_beside_witness("memory_zero", platform=platform) as session:
        for round_ in range(3):
            start = len(session.link.events()) if round_ else 0
            if round_:
                session.link.demand("restart t")
            event = session.link.wait(
                lambda event: event.get("event") == "guest" and event.get("name") == "t",
                WAIT_S,
                "end of the guest",
                start,
            )
            assert (event["state"], event["value"]) == ("debug-exit", 0x10), session.console.since(0)
