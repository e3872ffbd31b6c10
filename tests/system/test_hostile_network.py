"""A network driver that does its worst (hostile_netdrv/script.c): what each offence does to two tenants whose streams are
compared by hash, which is nothing but a pause; and what management says about it."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from tests.system.network import NEIGHBOUR, NEIGHBOUR_END, Running, running, serve

# What a life of the driver does, in this order, and what management takes for the cause.
OFFENCES = (
    ("null_dereference", r"."),
    ("wild_write", r"."),
    ("endless_loop", r"stopped answering"),
    ("silence", r"stopped answering"),
    ("exit", r"."),
    ("frames_done_that_were_not_given", r"broke the rules"),
    ("more_frames_than_places", r"broke the rules"),
    ("length_that_no_frame_has", r"broke the rules"),
    ("flag_that_does_not_exist", r"broke the rules"),
    ("scribble_over_the_channel", r"broke the rules"),
    ("device_reads_the_kernel", r"outside its pools: address (0x)?1000[0-9a-f]{2}\b"),
    ("device_writes_to_guests", r"outside its pools: address (0x)?200000[0-9a-f]{2}\b"),
    ("device_writes_messages", r"."),
    ("interrupt_flood", r"."),
    ("epoch_of_its_own", r"."),
    ("frame_done_that_was_not_sent", r"."),
)
FIRST_BYTES = 1300  # of the frame that calls for the first offence: script.c
HEADERS_BYTES = 14 + 20 + 8  # Ethernet, IPv4, ICMP


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One machine for all offences, with the hostile driver in the place of the shipped one."""
    changes = {
        r'image = "netdrv"': 'image = "hostile-netdrv"',
        r'(netdrv = \{ policy = "always", limit =) \d+': rf"\1 {len(OFFENCES)}",
    }
    with running(tmp_path_factory.mktemp("hostile-network"), changes) as made:
        yield made


def test_hostile_network__tenants_notice_no_offence(machine: Running) -> None:
    """One boot: the lives of a driver follow each other."""
    with serve(3_000_000) as served:
        assert machine.execute("b", NEIGHBOUR.format(url=served.url, sha256=served.sha256))[0] == 0
        for life, (name, cause) in enumerate(OFFENCES):
            payload = FIRST_BYTES + life - HEADERS_BYTES
            command = f"ping -c1 -W20 -s {payload} 10.0.2.2 >/dev/null 2>&1; wget -q -O - {served.url} | sha256sum"
            assert machine.execute("a", command) == (0, f"{served.sha256}  -\n"), name
            found = machine.recovered("netdrv", life + 1)
            assert re.search(cause, found), (name, found)
        status, verdict = machine.execute("b", NEIGHBOUR_END)
        assert status == 0 and verdict.startswith("well\n"), verdict
        assert int(verdict.split()[1]) >= 3
    rows = machine.rows()
    assert (rows["netdrv"]["state"], rows["netdrv"]["restarts"]) == ("running", len(OFFENCES))
    for other in ("netvirt", "blkvirt", "blkdrv", "vmm-a", "vmm-b", "mgmt", "pci"):
        assert (rows[other]["state"], rows[other]["restarts"]) == ("running", 0), other
