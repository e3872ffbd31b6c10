"""The checker proves what is true and shows the path where it is not, from the CBOR alone."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capdl import api, prove, provedata
from capdl.abi import abi

CHECKER = ("prove", "provedata", "provedevices")

NO_FLOW = [1, "no flow", "a", "b", ["mgmt"]]
FREE = "no flow between a and b except through mgmt"
HOLDS = "mgmt holds no untyped, frame, space or captab of another domain"
CALLS = "only mgmt may call builder.start, stop, restart, create, destroy"
PORTS = "only mgmt may use com1"
LOGS = "only a may call tenant.log_write"


@pytest.fixture(scope="module")
def plain(root: Path, images: Path) -> Any:
    return cbor2.loads(api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images]).cbor)


def number(system: Any, name: str) -> int:
    return next(index for index, one in enumerate(system[5]) if one[6] == name)


def verdicts(system: Any) -> dict[str, str]:
    """Claim → path; claims of two directions keep the broken one."""
    found: dict[str, str] = {}
    for text, path in prove.prove(cbor2.dumps(system, canonical=True)):
        found[text] = found.get(text) or path
    return found


def grant(domain: list[Any], target: int, rights: int, interface: int = 0, mask: int = 0) -> None:
    domain[12].append([60, target, 0, 1, rights, 1, interface, mask, 0])


def test_prove__what_is_true(plain: Any) -> None:
    assert set(verdicts(plain).values()) == {""}
    assert len(verdicts(plain)) == 6


# Each mutation of a good system breaks exactly the claims named, and the path names the culprit.
def signal(system: Any) -> None:
    grant(system[9][1], number(system, "vmm-b.bell"), provedata.SIGNAL)


def share_channel(system: Any) -> None:
    system[9][2][11].append([number(system, "console-a"), 0, 1, 0x50_0000_0000, 3])


def read_channel(system: Any) -> None:
    system[9][2][11].append([number(system, "console-a"), 0, 1, 0x50_0000_0000, 1])


def give_ram(system: Any) -> None:
    grant(system[9][0], number(system, "vmm-a.ram"), provedata.READ)


def give_space(system: Any) -> None:
    grant(system[9][0], number(system, "vmm-b.guest-space"), provedata.MANAGE)


def give_thread(system: Any) -> None:
    grant(system[9][1], number(system, "vmm-b.thread"), provedata.MANAGE)


def give_sched(system: Any) -> None:
    """b's VMM sees how long a ran; nothing flows back."""
    grant(system[9][2], number(system, "vmm-a.sched"), provedata.READ)


def serve(system: Any) -> None:
    """b's VMM also waits on the endpoint that a calls."""
    grant(system[9][2], number(system, "mgmt.endpoint"), provedata.WAIT)


def call_builder(system: Any) -> None:
    grant(system[9][1], system[8], provedata.CALL, 17, 1 << 2)


def call_builder_info(system: Any) -> None:
    grant(system[9][1], system[8], provedata.CALL, 17, 1 << 5)


def unmask(system: Any) -> None:
    system[9][2][16][4][0][7] |= 2


def give_port(system: Any) -> None:
    system[9][2][13].append([61, 0x3FF, 0x400])


def share_port(system: Any) -> None:
    for domain in system[9][1:]:
        domain[13].append([61, 0x80, 0x80])


def fault_across(system: Any) -> None:
    """a's faults go to an endpoint that b's VMM serves."""
    system[5][number(system, "vmm-b.bell")][1] = provedata.ENDPOINT
    system[9][1][15][0][9] = number(system, "vmm-b.bell")
    grant(system[9][2], number(system, "vmm-b.bell"), provedata.WAIT)


BREAKS: list[tuple[Callable[[Any], None], dict[str, str]]] = [
    (signal, {FREE: "a → vmm-a → [vmm-b.bell] → vmm-b → b"}),
    (share_channel, {FREE: "a → vmm-a → [console-a] → vmm-b → b"}),
    (read_channel, {FREE: "a → vmm-a → [console-a] → vmm-b → b"}),
    (give_ram, {HOLDS: "mgmt → slot 60 → [vmm-a.ram], a frame of 'vmm-a'"}),
    (give_space, {HOLDS: "mgmt → slot 60 → [vmm-b.guest-space], a space of 'vmm-b'"}),
    (give_thread, {FREE: "a → vmm-a → [vmm-b.thread] → vmm-b → b"}),
    (give_sched, {FREE: "a → vmm-a → [vmm-a.sched] → vmm-b → b"}),
    (serve, {FREE: "a → [mgmt.endpoint] → vmm-b → b"}),
    (call_builder, {FREE: "a → vmm-a → [builder.endpoint] → builder → vmm-b → b",
                    CALLS: "vmm-a → slot 60 → [builder.endpoint], methods 0x4"}),
    (call_builder_info, {FREE: "a → vmm-a → [builder.endpoint] → builder → vmm-b → b"}),
    (unmask, {LOGS: "b → slot 1 → [mgmt.endpoint], methods 0xf"}),
    (give_port, {PORTS: "vmm-b → slot 61 → ports 0x3ff to 0x400"}),
    (share_port, {FREE: "a → vmm-a → port 0x80 → vmm-b → b"}),
    (fault_across, {FREE: "a → vmm-a → [vmm-b.bell] → vmm-b → b"}),
]  # fmt: skip


@pytest.mark.parametrize("mutate, broken", BREAKS, ids=[mutate.__name__ for mutate, _ in BREAKS])
def test_prove__what_is_false_with_its_path(mutate: Callable[[Any], None], broken: dict[str, str], plain: Any) -> None:
    system = copy.deepcopy(plain)
    mutate(system)
    assert {text: path for text, path in verdicts(system).items() if path} == broken


def test_prove__one_direction_is_enough_to_break_only_that(plain: Any) -> None:
    system = copy.deepcopy(plain)
    signal(system)
    system[10] = [[1, "there", "a", "b", ["mgmt"]], [1, "back", "b", "a", ["mgmt"]]]
    assert verdicts(system) == {"there": "a → vmm-a → [vmm-b.bell] → vmm-b → b", "back": ""}


def test_prove__whoever_may_only_read_a_context_says_nothing_by_it(plain: Any) -> None:
    system = copy.deepcopy(plain)
    give_sched(system)
    system[10] = [[1, "there", "a", "b", ["mgmt"]], [1, "back", "b", "a", ["mgmt"]]]
    assert verdicts(system) == {"there": "a → vmm-a → [vmm-a.sched] → vmm-b → b", "back": ""}


def test_prove__without_the_exception_the_path_leads_through_management(plain: Any) -> None:
    system = copy.deepcopy(plain)
    system[10] = [[1, "none", "a", "b", []]]
    assert verdicts(system) == {"none": "a → [mgmt.endpoint] → mgmt → [mgmt.endpoint] → b"}


def test_prove__holds_no_counts_mappings_and_own_objects(plain: Any) -> None:
    system = copy.deepcopy(plain)
    frame = 1 << provedata.FRAME
    system[10] = [[2, "any", "mgmt", frame, False], [2, "foreign", "mgmt", frame, True], [2, "guest", "a", frame, False]]
    found = verdicts(system)
    assert found["any"].startswith("mgmt → mapping at ") and not found["foreign"] and not found["guest"]


def test_prove__authority_is_allowed_to_whom_a_claim_names(plain: Any) -> None:
    system = copy.deepcopy(plain)
    gives_own_table(system)
    system[10] = [[5, "laboratory", ["vmm-a"], 1 << provedata.CAPTAB], [5, "no frames", ["vmm-a", "vmm-b"], 1 << provedata.FRAME],
                  [5, "frames", ["vmm-a"], 1 << provedata.FRAME]]  # fmt: skip
    assert verdicts(system) == {"laboratory": "", "no frames": "", "frames": "vmm-b → slot 6 → [vmm-b.ram], frame"}


def test_prove__control_reaches_everyone(plain: Any) -> None:
    system = copy.deepcopy(plain)
    gives_control(system)
    system[10] = [[5, "laboratory", ["vmm-a"], 1 << provedata.CONTROL], [1, "free", "a", "b", ["mgmt"]]]
    assert verdicts(system) == {"laboratory": "", "free": "a → vmm-a → builder → vmm-b → b"}


# What every system keeps, claimed or not.
def unseal(system: Any) -> None:
    system[9][1][16][4][0][5] = 0


def copyable(system: Any) -> None:
    system[9][1][16][4][0][4] |= provedata.COPY


def not_terminal(system: Any) -> None:
    system[5][system[9][1][16][3]][2] = 0


def guest_holds_frame(system: Any) -> None:
    system[9][1][16][4].append([2, number(system, "console-a"), 0, 1, 1, 1, 0, 0, 0])


def guest_of_another(system: Any) -> None:
    system[9][1][16][2] = number(system, "vmm-b.guest-space")


def maps_foreign(system: Any) -> None:
    system[9][0][11].append([number(system, "vmm-a.ram"), 0, 1, 0x50_0000_0000, 1])


def writable_executable(system: Any) -> None:
    system[9][0][11][0][4] = 7


def writable_image(system: Any) -> None:
    next(one for one in system[9][1][11] if system[5][one[0]][5])[4] = 3


def same_names(system: Any) -> None:
    system[9][2][1] = "vmm-a"


def wrong_id(system: Any) -> None:
    system[9][2][0] = 1


def foreign_table(system: Any) -> None:
    system[9][1][5] = number(system, "vmm-b.captab")


def foreign_thread(system: Any) -> None:
    system[9][1][15][0][0] = number(system, "vmm-b.thread")


def ports_without_end(system: Any) -> None:
    system[9][1][13].append([61, 0, 1 << 60])


def negative_object(system: Any) -> None:
    system[9][1][12][0][1] = -1


def gives_untyped(system: Any) -> None:
    system[5][number(system, "vmm-a.heap")][1] = provedata.UNTYPED
    grant(system[9][1], number(system, "vmm-a.heap"), provedata.MANAGE)


def gives_own_table(system: Any) -> None:
    grant(system[9][1], number(system, "vmm-a.captab"), provedata.MANAGE)


def gives_control(system: Any) -> None:
    system[5][number(system, "vmm-a.sched")][1] = provedata.CONTROL
    grant(system[9][1], number(system, "vmm-a.sched"), provedata.MANAGE)


def excuses_another_type(system: Any) -> None:
    gives_own_table(system)
    system[10].append([5, "wrong type", ["vmm-a"], 1 << provedata.UNTYPED])


def other_version(system: Any) -> None:
    system[0] = 1


def object_beyond(system: Any) -> None:
    system[9][1][12][0][1] = 4000


RULES = {
    unseal: "guest 'a' holds endpoint 'mgmt.endpoint' in slot 1", copyable: "guest 'a' holds", not_terminal: "is not terminal",
    guest_holds_frame: "holds frame 'console-a' in slot 2", guest_of_another: "is not its VMM's own",
    maps_foreign: "'mgmt' maps 'vmm-a.ram', which another domain owns", writable_executable: "writable and executable",
    writable_image: "with more than read access", same_names: "share a name", wrong_id: "has id 1 in place 2",
    foreign_table: "'vmm-b.captab' is part of 'vmm-a'", foreign_thread: "'vmm-b.thread' is part of 'vmm-a'",
    ports_without_end: "'vmm-a' has I/O ports that do not exist", negative_object: "not a system",
    gives_untyped: "vmm-a → slot 60 → [vmm-a.heap], untyped", gives_own_table: "[vmm-a.captab], captab",
    gives_control: "[vmm-a.sched], control", excuses_another_type: "[vmm-a.captab], captab",
    other_version: "version 1", object_beyond: "not a system",
}  # fmt: skip


@pytest.mark.parametrize("mutate", RULES, ids=[mutate.__name__ for mutate in RULES])
def test_prove__refuses_a_system_that_breaks_a_rule(mutate: Callable[[Any], None], plain: Any) -> None:
    system = copy.deepcopy(plain)
    mutate(system)
    with pytest.raises(provedata.Broken) as caught:
        prove.prove(cbor2.dumps(system, canonical=True))
    assert RULES[mutate] in str(caught.value)


def test_prove__survives_hostile_bytes(plain: Any) -> None:
    good = cbor2.dumps(plain, canonical=True)

    @settings(max_examples=400)
    @given(st.integers(0, len(good) - 1), st.binary(max_size=3), st.booleans())
    def run(at: int, patch: bytes, cut: bool) -> None:
        try:
            prove.prove(good[:at] + patch + (b"" if cut else good[at + len(patch) :]))
        except provedata.Broken:
            pass

    run()


def test_prove__is_small_and_shares_nothing_with_the_compiler(root: Path) -> None:
    texts = {name: (root / "capdl" / f"{name}.py").read_text() for name in CHECKER}
    assert sum(len(text.splitlines()) for text in texts.values()) <= 600
    for node in (node for text in texts.values() for node in ast.walk(ast.parse(text))):
        if isinstance(node, ast.ImportFrom):
            own = node.level == 1 and node.module in CHECKER
            assert own or (node.level == 0 and not (node.module or "").startswith(("capdl", "gen")))
        if isinstance(node, ast.Import):
            assert not any(name.name.startswith(("capdl", "gen")) for name in node.names)


def test_prove__its_numbers_are_the_interface_files(root: Path) -> None:
    numbers = abi()
    for name in ("read", "write", "exec", "call", "wait", "signal", "manage", "copy"):
        assert getattr(provedata, name.upper()) == numbers.rights(name)
    assert {name: index for index, name in enumerate(provedata.TYPES)} == numbers.enums["object_type"]
    for name in ("untyped", "captab", "frame", "space", "endpoint", "notif", "iospace", "control"):
        assert getattr(provedata, name.upper()) == numbers.type(name)
    for name in ("read", "write", "exec", "uncached"):
        assert getattr(provedata, f"MAP_{name.upper()}") == numbers.bits("map_flags", name)
    assert numbers.bits("captab_flags", "terminal") == provedata.TERMINAL and numbers.bits("copy_flags", "sealed") == provedata.SEALED
