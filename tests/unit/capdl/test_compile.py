"""What the compiler decides: numbers, slots, addresses, memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from capdl import api, layout, spec
from capdl.abi import abi
from capdl.check import check
from capdl.compile import compile_model
from capdl.description import describe
from capdl.errors import Faults
from capdl.images import ImageStore, pages
from capdl.prove import Broken, prove

SYSTEMS = sorted(path.stem for path in (Path(__file__).parents[3] / "capdl" / "system").glob("*.toml"))
FRAME, VCPU = 3, 9


def compile_text(text: str, images: Path) -> spec.System:
    faults = Faults()
    written = describe(text, "random.toml", {}, faults)
    return compile_model(check(written, abi(), faults), written, abi(), ImageStore([images]), faults).system


def systems(root: Path, images: Path) -> Iterator[spec.System]:
    for name in SYSTEMS:
        yield api.check_system(root / "capdl" / "system" / f"{name}.toml", [images]).system


def check_everything(system: spec.System) -> None:
    check_memory(system)
    for domain in system.domains:
        check_slots(system, domain)
        check_addresses(system, domain)
        check_tables(system, domain)
        check_resources(domain)


def check_memory(system: spec.System) -> None:
    """Objects of one owner stand together and fill their untyped exactly, up to a page."""
    owners = [one.owner for one in system.objects]
    assert owners == sorted(owners, key=lambda owner: -1 if owner == spec.SHARED else owner)
    for owner, memory in [(spec.SHARED, system.shared), *((one.id, one.memory) for one in system.domains)]:
        end = 0
        for one in system.objects:
            if one.owner == owner:
                align = one.size if one.type == FRAME else min(layout.power_of_two(one.size), 4096)
                assert align <= memory.align and end % align == 0, f"{one.name}: a gap before it"
                end += one.size * one.count
        assert memory.bytes == max(4096, layout.round_up(end, 4096))


def check_slots(system: spec.System, domain: spec.Domain) -> None:
    """No slot twice, none beyond the table, none 0; references stay with the domain."""
    used = [one.slot + index for one in domain.capabilities for index in range(one.count)]
    used += [one.slot for one in (*domain.ioports, *domain.irqs, *(msi for device in domain.devices for msi in device.msis))]
    assert len(set(used)) == len(used) and 0 not in used
    assert max(used) < system.objects[domain.captab].size // 64
    for one in domain.capabilities:
        assert system.objects[one.object].owner in (domain.id, spec.SHARED)
        assert one.flags == 1, "every capability is sealed"


def spans(system: spec.System, domain: spec.Domain) -> list[tuple[int, int, str]]:
    found = [(layout.INFO_ADDRESS, layout.INFO_ADDRESS + 4096, "info")]
    for profile in domain.profiles:
        for one in system.images[profile.image].segments:
            found.append((one.vaddr // 4096 * 4096, one.vaddr // 4096 * 4096 + 4096 * pages(one), f"image {profile.name}"))
    for mapping in domain.mappings:
        one_object = system.objects[mapping.object]
        each = one_object.size if one_object.type == FRAME else 4096
        assert mapping.vaddr % each == 0
        found.append((mapping.vaddr, mapping.vaddr + each * mapping.count, one_object.name))
    return found


def check_addresses(system: spec.System, domain: spec.Domain) -> None:
    for (low, high, name), (low2, high2, name2) in combinations(spans(system, domain), 2):
        both_images = name.startswith("image ") and name2.startswith("image ")
        assert both_images or high <= low2 or high2 <= low, f"{name} overlaps {name2}"
    stack = next(one for one in domain.mappings if system.objects[one.object].name == f"{domain.name}.stack")
    assert stack.vaddr + 4096 * stack.count == domain.threads[0].stack_top


def check_tables(system: spec.System, domain: spec.Domain) -> None:
    """The pool of tables is exactly what the mappings need (all profiles together), and what a laboratory asks for."""
    tables: set[tuple[int, int]] = set()
    for low, high, name in spans(system, domain):
        large = any(one.name == name and one.size == layout.LARGE for one in system.objects)
        for address in range(low, high, 2 << 20 if large else 4096):
            tables |= {(39, address >> 39), (30, address >> 30)} | (set() if large else {(21, address >> 21)})
    spare = 64 if domain.name == "bench" else 0
    assert system.objects[domain.space].size == 4096 * (2 + len(tables) + spare)


def check_resources(domain: spec.Domain) -> None:
    names = [one.name for one in domain.resources]
    assert len(set(names)) == len(names) <= 40 and all(len(name) <= 23 for name in names)
    assert len(domain.text.encode()) <= 1024


@pytest.mark.parametrize("name", SYSTEMS)
def test_compile__keeps_every_rule(name: str, root: Path, images: Path) -> None:
    check_everything(api.check_system(root / "capdl" / "system" / f"{name}.toml", [images]).system)


def test_compile__any_right_description(images: Path, strategies: Any, schema: Any) -> None:
    @settings(max_examples=60, suppress_health_check=list(HealthCheck))
    @given(strategies.descriptions())
    def run(text: str) -> None:
        system = compile_text(text, images)
        check_everything(system)
        data = spec.encode(system)
        assert spec.decode(data) == system, "round trip"
        assert spec.encode(compile_text(text, images)) == data, "deterministic"
        plain = cbor2.loads(data)
        assert cbor2.dumps(plain, canonical=True) == data, "RFC 8949 4.2.1"
        assert schema.valid(plain)
        prove(data)

    run()


def test_decode__never_crashes_on_changed_bytes(root: Path, images: Path) -> None:
    good = api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images]).cbor

    @settings(max_examples=300)
    @given(st.integers(0, len(good) - 1), st.binary(max_size=4), st.booleans())
    def run(at: int, patch: bytes, cut: bool) -> None:
        changed = good[:at] + patch + (b"" if cut else good[at + len(patch) :])
        try:
            system = spec.decode(changed)
        except api.CapdlError:
            return
        assert spec.encode(system) == changed

    run()


def test_decode__refuses_other_encodings(root: Path, images: Path) -> None:
    """The same values with a longer integer, an indefinite array, or something after the end."""
    good = api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images]).cbor
    assert good[:2] == b"\x8d\x02"
    for other in (b"\x8d\x18\x02" + good[2:], b"\x9f" + good[1:] + b"\xff", good + b"\x00"):
        with pytest.raises(api.CapdlError):
            spec.decode(other)
        with pytest.raises(Broken):
            prove(other)


def test_compile__guest_is_apart(root: Path, images: Path) -> None:
    """RAM twice, a terminal table with sealed endpoints only, the same compartment as its VMM and no one else's."""
    system = api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images]).system
    assert len({domain.compartment for domain in system.domains}) == len(system.domains)
    for domain in system.domains[1:]:
        assert domain.guest
        ram = next(number for number, one in enumerate(system.objects) if one.name == f"{domain.name}.ram")
        assert system.objects[ram].count * system.objects[ram].size == 256 << 20
        held = next(one for one in domain.capabilities if one.object == ram)
        mapped = next(one for one in domain.mappings if one.object == ram)
        assert held.count == mapped.count == 128
        assert system.objects[domain.guest.captab].flags == 1 and system.objects[domain.guest.space].flags == 1
        assert [(one.slot, one.interface, one.badge) for one in domain.guest.capabilities] == [(1, 16, domain.id)]
        assert domain.threads[0].flags == 0, "a VMM's vCPU thread has no FPU"
    masks = [domain.guest.capabilities[0].mask for domain in system.domains if domain.guest]
    assert masks[0] != masks[1], "the tenants may not do the same"


def test_compile__a_vmm_may_read_its_own_context_and_no_more(root: Path, images: Path) -> None:
    system = api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images]).system
    for domain in system.domains:
        held = [one for one in domain.capabilities if system.objects[one.object].type == abi().type("sched")]
        named = [one for one in domain.resources if one.kind == abi().kind("sched")]
        assert [one.slot for one in held] == [one.slot for one in named]
        assert len(held) == (1 if domain.guest else 0)
        assert all(one.object == domain.threads[0].sched and one.rights == abi().rights("read") for one in held)


def test_compile__faults_go_to_management_and_its_own_to_builder(root: Path, images: Path) -> None:
    system = api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images]).system
    handlers = [system.objects[domain.threads[0].fault].name for domain in system.domains]
    assert handlers == ["builder.endpoint", "mgmt.endpoint", "mgmt.endpoint"]
    assert [domain.threads[0].fault_badge for domain in system.domains] == [0, 1, 2]


def test_compile__boot_images_are_shared_and_read_only(root: Path, images: Path) -> None:
    system = api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images]).system
    contents = [one for one in system.objects if one.content]
    assert [one.name for one in contents] == ["linux-cloud.bzimage", "busybox.cpio.gz"]
    assert [one.size for one in contents] == [2 << 20, 4096] and contents[0].count == 2
    for domain in system.domains:
        for mapping in domain.mappings:
            if system.objects[mapping.object].content:
                assert mapping.access == 1


def test_compile__a_laboratory_domain_holds_what_objects_are_made_of(root: Path, images: Path) -> None:
    """Each resource names the slot of a capability on the object it should; the free slots are free."""
    system = api.check_system(root / "capdl" / "system" / "bench.toml", [images]).system
    mgmt, bench = system.domains
    held = {one.slot: system.objects[one.object] for one in bench.capabilities}
    resources = {one.name: one for one in bench.resources}
    for name, expected in (("untyped", "bench.untyped"), ("space", "bench.space"), ("captab", "bench.captab"), ("control", "control")):
        assert held[resources[name].slot].name == expected
    free = range(resources["captab"].extra, resources["captab"].extra + resources["captab"].count)
    assert len(free) == 4000 and not held.keys() & set(free) and free[-1] < system.objects[bench.captab].size // 64
    authority = {abi().type(name) for name in ("untyped", "captab", "control")}
    assert not any(system.objects[one.object].type in authority for one in mgmt.capabilities)


def test_compile__module_order_is_the_images_order(root: Path, images: Path) -> None:
    checked = api.check_system(root / "tests" / "unit" / "capdl" / "tenants.toml", [images])
    names = ["mgmt.elf", "vmm.elf", "linux-cloud.bzimage", "busybox.cpio.gz"]
    assert [name for name, _ in checked.modules] == names == [one.name for one in checked.system.images]
    assert [path.name for _, path in checked.modules] == names


def test_compile__an_image_change_changes_only_its_hash(root: Path, images: Path, tmp_path: Path) -> None:
    for path in images.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    kernel = tmp_path / "busybox.cpio.gz"
    kernel.write_bytes(kernel.read_bytes()[:-1] + b"!")
    file = root / "tests" / "unit" / "capdl" / "tenants.toml"
    before, after = (api.check_system(file, [folder]).system for folder in (images, tmp_path))
    assert before.images[3].sha256 != after.images[3].sha256
    assert before.images[:3] == after.images[:3] and before.objects == after.objects and before.domains == after.domains


def test_layout__counts_tables_once() -> None:
    assert layout.tables_for([(0x400000, 4096, 1)]) == 3
    assert layout.tables_for([(0x400000, 4096, 1), (0x401000, 4096, 5)]) == 3
    assert layout.tables_for([(0x3FF000, 4096, 2)]) == 4
    assert layout.tables_for([(0, 2 << 20, 512), (1 << 30, 2 << 20, 1)]) == 3
    assert layout.tables_for([((1 << 39) - 4096, 4096, 2)]) == 6
