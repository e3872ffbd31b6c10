"""Two tenants on one network card, behind netvirt and a driver that is killed: what they reach, what they keep, and what the
wire does to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
from tests.system.network import NEIGHBOUR, NEIGHBOUR_END, Running, Served, running, serve

DEVICE = "dev1"  # the card: the second device of the description
PORT = "rp1"  # and the root port above it


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One machine for all tests here; each leaves both tenants with a working network."""
    with running(tmp_path_factory.mktemp("network")) as made:
        yield made


@pytest.fixture(scope="module")
def small() -> Iterator[Served]:
    """What takes a moment."""
    with serve(2_000_000) as served:
        yield served


@pytest.fixture(scope="module")
def large() -> Iterator[Served]:
    """What takes longer than a restart."""
    with serve(24_000_000) as served:
        yield served


def carrier(machine: Running, tenant: str) -> str:
    """1, or 0, or nothing where the interface is down."""
    return machine.execute(tenant, "cat /sys/class/net/eth0/carrier")[1].strip()


def wait_carrier(machine: Running, tenant: str, wanted: str) -> None:
    """Waits until @tenant sees its cable as @wanted."""
    until = time.monotonic() + 30.0
    while carrier(machine, tenant) != wanted:
        assert time.monotonic() < until, f"{tenant} never saw carrier {wanted}"
        time.sleep(0.2)


def restarted_during(machine: Running, name: str, served: Served, end: Callable[[], object], times: int = 1) -> None:
    """@name is ended so many @times while tenant a receives a stream, which arrives whole."""
    before = int(str(machine.rows()[name]["restarts"]))
    command = f"wget -q -O - {served.url} | sha256sum > /tmp/sum & sleep 0.5; cat /proc/net/dev | grep eth0"
    assert machine.execute("a", command)[0] == 0
    end()
    assert machine.execute("a", "wait; while pidof wget > /dev/null; do sleep 0.1; done; sleep 0.2; cat /tmp/sum") == (
        0,
        f"{served.sha256}  -\n",
    )
    assert int(str(machine.rows()[name]["restarts"])) == before + times


def test_network__each_tenant_has_its_own_address(machine: Running) -> None:
    seen = []
    for number, tenant in enumerate(("a", "b")):
        status, output = machine.execute(tenant, "cat /sys/class/net/eth0/address; ip -4 addr show eth0 | grep -c 10.0.2.")
        assert status == 0
        mac, count = output.split()
        assert (mac, count) == (f"02:42:48:00:00:0{number + 1}", "1")
        seen.append(machine.execute(tenant, "ip -4 addr show eth0 | grep -o '10.0.2.[0-9]*/'")[1])
    assert seen[0] != seen[1]


def test_network__both_reach_the_gateway_and_a_server(machine: Running, small: Served) -> None:
    for tenant in ("a", "b"):
        assert machine.execute(tenant, "ping -c3 -W5 10.0.2.2 > /dev/null")[0] == 0
        assert machine.fetch(tenant, small)


def test_network__a_guest_hears_of_frames_that_nobody_answers(machine: Running) -> None:
    """The interrupt for frames sent is put off, not forgotten: here nothing comes in that would serve as well."""
    told = "awk '/virtio.*output/ { n += $2 } END { print n }' /proc/interrupts"
    status, output = machine.execute(
        "a",
        f"arp -s 10.0.2.99 02:00:00:00:00:63 && before=$({told}) && "
        f"{{ timeout 4 ping -q -c40 -i0.05 10.0.2.99 > /dev/null; arp -d 10.0.2.99; echo $(($({told}) - before)); }}",
    )
    assert status == 0, output
    assert int(output.split()[-1]) >= 8  # a few may be told by what comes in after all, and several at once where the machine stood still


def test_network__frames_of_every_length_arrive(machine: Running) -> None:
    sizes = "0 1 2 17 18 19 84 85 86 87 100 1000 1471 1472"
    command = f"for s in {sizes}; do ping -c1 -W5 -s $s 10.0.2.2 > /dev/null || echo $s; done"
    assert machine.execute("a", command) == (0, "")


def test_network__tenants_do_not_reach_each_other(machine: Running) -> None:
    address = machine.execute("b", "ip -4 addr show eth0 | grep -o '10.0.2.[0-9]*/' | tr -d /")[1].strip()
    assert machine.execute("a", f"ping -c2 -W1 {address} > /dev/null")[0] != 0
    # Not even where a knows b's address.
    learn = f"arp -s {address} 02:42:48:00:00:02; ping -c2 -W1 {address} > /dev/null; s=$?; arp -d {address}; exit $s"
    assert machine.execute("a", learn)[0] != 0
    assert machine.execute("b", "grep -c 02:42:48:00:00:01 /proc/net/arp")[1].strip() == "0"


def test_network__a_false_source_leads_nowhere(machine: Running) -> None:
    command = (
        "ip link set eth0 address 02:42:48:00:00:77 && ping -c2 -W1 10.0.2.2 > /dev/null; s=$?; "
        "ip link set eth0 address 02:42:48:00:00:01; exit $s"
    )
    assert machine.execute("a", command)[0] != 0
    assert machine.execute("a", "ping -c3 -W5 10.0.2.2 > /dev/null")[0] == 0


def test_network__streams_of_both_at_once_arrive_whole(machine: Running, small: Served) -> None:
    assert machine.execute("b", NEIGHBOUR.format(url=small.url, sha256=small.sha256))[0] == 0
    for _ in range(3):
        assert machine.fetch("a", small)
    status, verdict = machine.execute("b", NEIGHBOUR_END)
    assert status == 0 and verdict.startswith("well\n"), verdict


@pytest.mark.parametrize("name", ["netdrv", "netvirt"])
def test_network__a_stream_survives_the_death_of(machine: Running, large: Served, name: str) -> None:
    restarted_during(machine, name, large, lambda: machine.session.link.demand(f"kill {name}"))
    assert machine.execute("b", "ping -c3 -W5 10.0.2.2 > /dev/null")[0] == 0


def test_network__a_cable_that_is_pulled_is_seen_and_comes_back(machine: Running, small: Served) -> None:
    restarts = machine.rows()["netdrv"]["restarts"]
    start = len(machine.session.link.events())
    machine.monitor.ask("set_link", name=DEVICE, up=False)
    for tenant in ("a", "b"):
        wait_carrier(machine, tenant, "0")
    assert machine.reported("netdrv", "link", start) == "link down"
    assert machine.device("netdrv")["driver_says"]["link"] == "down"
    assert machine.execute("a", "ping -c1 -W1 10.0.2.2 > /dev/null")[0] != 0
    machine.monitor.ask("set_link", name=DEVICE, up=True)
    for tenant in ("a", "b"):
        wait_carrier(machine, tenant, "1")
        assert machine.execute(tenant, "ping -c3 -W5 10.0.2.2 > /dev/null; ping -c3 -W5 10.0.2.2 > /dev/null")[0] == 0
    assert machine.reported("netdrv", "link up", start) == "link up, 1000 Mbit/s"
    assert machine.device("netdrv")["driver_says"]["link"] == "up"
    assert machine.fetch("a", small)
    assert machine.rows()["netdrv"]["restarts"] == restarts  # a cable is no fault of the driver's
    assert "mgmt: netdrv: link down" in machine.log("")


# What QEMU is told, what it is called, and whose count it is of: [PCIE-3.0] 6.2.7.
HARMLESS = (
    (DEVICE, "BAD_TLP", "correctable error of its device: bad TLP", "errors", "correctable"),
    (DEVICE, "COMP_TIME", "non-fatal error of its device: completion timeout", "errors", "nonfatal"),
    (PORT, "BAD_DLLP", "correctable error of its root port: bad DLLP", "root_port_errors", "correctable"),
    (PORT, "UNSUP", "non-fatal error of its root port: unsupported request", "root_port_errors", "nonfatal"),
)
FATAL = (
    (DEVICE, "MALF_TLP", "fatal error of its device: malformed TLP", "errors"),
    (PORT, "DLP", "fatal error of its root port: data link protocol", "root_port_errors"),
)


def test_network__an_error_on_the_bus_is_counted_and_changes_no_byte(machine: Running, small: Served) -> None:
    restarts = machine.rows()["netdrv"]["restarts"]
    for place, error, report, whose, severity in HARMLESS:
        start = len(machine.session.link.events())
        before = machine.device("netdrv")
        machine.inject(place, error)
        assert machine.fetch("a", small)
        assert machine.reported("netdrv", "error", start) == report
        after = machine.device("netdrv")
        before[whose][severity] += 1
        assert (after["errors"], after["root_port_errors"]) == (before["errors"], before["root_port_errors"])
        assert after["last_error"] == report and after["presence"] == "serving"
    assert machine.fetch("b", small)
    assert machine.rows()["netdrv"]["restarts"] == restarts
    log = machine.log("")
    assert all(f"mgmt: netdrv: {report}" in log for _, _, report, _, _ in HARMLESS), log


def test_network__fatal_errors_on_the_bus_restart_the_driver_with_its_device(machine: Running, large: Served) -> None:
    before = machine.device("netdrv")
    start = len(machine.session.link.events())

    def inject() -> None:
        for place, error, report, whose in FATAL:
            life = int(str(machine.rows()["netdrv"]["restarts"])) + 1
            machine.inject(place, error)
            assert machine.recovered("netdrv", life) == report
            before[whose]["fatal"] += 1

    restarted_during(machine, "netdrv", large, inject, len(FATAL))
    after = machine.device("netdrv")
    assert (after["errors"], after["root_port_errors"]) == (before["errors"], before["root_port_errors"])
    log = machine.log("")
    for _, _, report, _ in FATAL:
        assert machine.reported("netdrv", report, start) == report
        assert f"mgmt: netdrv: {report}" in log
    assert machine.execute("b", "ping -c3 -W5 10.0.2.2 > /dev/null")[0] == 0
    states = {name: row["state"] for name, row in machine.rows().items()}
    assert all(states[name] == "running" for name in ("netdrv", "netvirt", "vmm-a", "vmm-b"))
