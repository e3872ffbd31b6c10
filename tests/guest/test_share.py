"""A busy neighbour costs a tenant nothing of its described share, in exact virtual time."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from bulkhead.platforms import Platform
from tests.exempt import skip_if_exempt
from tests.guest.harness import guest_beside_witness, witness_lines

SECONDS = 10  # of virtual time; each line of the witness is one
LIMIT_S = 300.0
SHARE = 0.95


def witness_units(beside: str, platform: Platform) -> int:
    """The work units that the witness does in SECONDS beside the guest @beside."""
    # Bochs counts instructions in any case, and its usual second has fewer of them.
    with guest_beside_witness(beside, icount=platform.emulator == "qemu", platform=platform) as session:
        session.link.demand("focus w")
        until = time.monotonic() + LIMIT_S
        text = b""
        while time.monotonic() < until:
            text = session.console.since(0)
            counts = witness_lines(text)
            if len(counts) > SECONDS:
                assert b"HARM" not in text
                return counts[SECONDS] - counts[0]
            time.sleep(0.2)
        pytest.fail(f"the witness reported too little:\n{text[-2000:].decode(errors='replace')}")


STORMS = [pytest.param(name, marks=pytest.mark.long) for name in ("exit_storm", "interrupt_storm")]


@pytest.mark.parametrize("hostile", ["spin", *STORMS])
def test_share__a_busy_neighbour_takes_no_more_than_its_own(
    hostile: str, idle_units: int, platform: Platform
) -> None:
    skip_if_exempt(Path(__file__).parent / hostile, platform)
    units = witness_units(hostile, platform)
    assert units >= SHARE * idle_units, f"{units} units beside {hostile}, {idle_units} beside an idle guest"


@pytest.fixture(scope="module")
def idle_units(platform: Platform) -> int:
    """What the witness does beside a guest that waits all the time."""
    return witness_units("event_waiter", platform)
