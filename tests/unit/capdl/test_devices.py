"""Devices, disks and networks: what the compiled system gives to whom, and what the checker sees of it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capdl import api, graph, layout, matrix, prove, provedata, spec
from capdl.platforms import E1000E, NVME, Q35

MIB, PAGE = 1 << 20, 4096
SYSTEM = "two-tenants.toml"
FREE = "no flow between a and b except through mgmt, blkvirt, netvirt"
MSI = range(0xFEE00000, 0xFEF00000)
UNCACHED = 8


def compiled(root: Path, images: Path, machine: str = "q35", encrypt: str = "false") -> api.Checked:
    return api.check_system(root / "capdl" / "system" / SYSTEM, [images], {"encrypt": encrypt}, machine=machine)


@pytest.fixture(scope="module")
def checked(root: Path, images: Path) -> api.Checked:
    return compiled(root, images)


def domain(system: spec.System, name: str) -> spec.Domain:
    return next(one for one in system.domains if one.name == name)


def resource(system: spec.System, of: str, name: str) -> spec.Resource:
    return next(one for one in domain(system, of).resources if one.name == name)


def names(system: spec.System, of: str) -> set[str]:
    return {one.name for one in domain(system, of).resources}


def text(system: spec.System, of: str, name: str) -> str:
    one = resource(system, of, name)
    return domain(system, of).text[one.address : one.address + one.bytes]


def reach(system: spec.System, of: str) -> dict[str, spec.Mapping]:
    """What the device of a driver reaches, by the object's name."""
    (device,) = domain(system, of).devices
    return {system.objects[one.object].name: one for one in device.mappings}


# --- what domains are told (contracts with domains/, idl/domain.idl) ---


def test_compile__a_driver_has_its_registers_its_memory_and_its_message(checked: api.Checked) -> None:
    system = checked.system
    for driver, kind, channel in (("blkdrv", NVME, "blockdev"), ("netdrv", E1000E, "netdev")):
        expected = {"bell", channel, f"{channel}-bell", "log", "log-bell", "device", "bar", "dma", "irq"}
        assert names(system, driver) == expected | ({"netdev-pool"} if channel == "netdev" else set())
        assert kind.pci and resource(system, driver, "device").extra == kind.number
        assert resource(system, driver, "bar").bytes == kind.pci.bar_bytes
        dma = resource(system, driver, "dma")
        assert dma.bytes == 128 << 10 and dma.extra == reach(system, driver)[f"{driver}.dma"].vaddr
        (device,) = domain(system, driver).devices
        irq = resource(system, driver, "irq")
        assert [(one.slot, one.source, one.bits) for one in device.msis] == [(irq.slot, device.source, 0x100)] and irq.extra == 0x100
        bell = next(number for number, one in enumerate(system.objects) if one.name == "mgmt.bell")
        assert device.fault == spec.FaultEvent(bell, 0x200)


def test_compile__a_vmm_is_told_of_a_virtio_console_where_there_is_one(checked: api.Checked) -> None:
    assert resource(checked.system, "vmm-b", "console-device").extra == 3
    assert "console-device" not in names(checked.system, "vmm-a") | names(checked.system, "mgmt")


def test_compile__pools_are_where_the_other_end_says(checked: api.Checked) -> None:
    system = checked.system
    disk, nic = reach(system, "blkdrv"), reach(system, "netdrv")
    assert set(disk) == {"blkdrv.dma", "block-pool-a", "block-pool-b"}
    assert set(nic) == {"netdrv.dma", "netdev-pool-netdrv", "net-pool-a", "net-pool-b"}
    for tenant in "ab":
        assert resource(system, "blkvirt", f"block-info-{tenant}").extra == disk[f"block-pool-{tenant}"].vaddr
        assert resource(system, "netvirt", f"net-pool-{tenant}").extra == nic[f"net-pool-{tenant}"].vaddr
        assert disk[f"block-pool-{tenant}"].access == 3
        assert nic[f"net-pool-{tenant}"].access == 1, "the device only sends from a tenant's pool"
    pools = [resource(system, name, "netdev-pool") for name in ("netvirt", "netdrv")]
    assert [one.extra for one in pools] == [nic["netdev-pool-netdrv"].vaddr] * 2
    assert not any(name.startswith("block-pool") for name in names(system, "blkvirt") | names(system, "blkdrv"))


def test_compile__windows_and_addresses_of_tenants(checked: api.Checked) -> None:
    system = checked.system
    infos = [resource(system, "blkvirt", f"block-info-{tenant}") for tenant in "ab"]
    assert [(one.address, one.bytes, one.count) for one in infos] == [(2048, 524288, 0), (526336, 524288, 0)]
    for number, tenant in enumerate("ab"):
        own = resource(system, f"vmm-{tenant}", "block-info")
        assert (own.bytes, own.count, own.address, own.extra) == (524288, 0, 0, 0)
        mac = resource(system, f"vmm-{tenant}", "net-info").extra
        assert mac.to_bytes(6, "little") == bytes((2, 0x42, 0x48, 0, 0, number + 1))
        assert mac == resource(system, "netvirt", f"net-info-{tenant}").extra
    assert text(system, "netvirt", "peers") == ""


def test_compile__those_who_handle_configuration_space(checked: api.Checked) -> None:
    system = checked.system
    for name in ("pci", "pciscan"):
        assert text(system, name, "devices") == "disk nvme 20 100 e0000000 0\nnic e1000e 28 200 e0200000 1\n"
        assert resource(system, name, "msi").flags == spec.FILLED_BY_BUILDER
        assert {f"{part}-{index}" for part in ("config", "port", "msix") for index in (0, 1)} <= names(system, name)
    assert "config-ports" in names(system, "pciscan") - names(system, "pci")
    assert domain(system, "pciscan").once and not domain(system, "pci").once
    assert text(system, "mgmt", "devices") == "blkdrv blkvirt 0\nnetdrv netvirt 1\n"
    assert {"pci", "blkvirt", "netvirt"} <= names(system, "mgmt")


def test_compile__a_tenant_that_encrypts_has_a_thread_and_a_key_of_its_own(root: Path, images: Path) -> None:
    system = compiled(root, images, encrypt="true").system
    for tenant in "ab":
        vmm = domain(system, f"vmm-{tenant}")
        first, second = vmm.threads
        assert first.flags == second.flags == 0, "neither uses the FPU"
        assert first.sched != second.sched and first.stack_top - second.stack_top == layout.STACK_STRIDE
        bell = system.objects[second.notif].name
        assert bell == f"vmm-{tenant}.cipher-bell"
        rung = resource(system, "blkvirt", f"block-bell-{tenant}").slot
        held = next(one for one in domain(system, "blkvirt").capabilities if one.slot == rung)
        assert held.object == second.notif, "the disk rings the thread that encrypts"
        key = resource(system, vmm.name, "key")
        mapping = next(one for one in vmm.mappings if one.vaddr == key.address)
        assert (key.bytes, mapping.access, system.objects[mapping.object].name) == (32, 1, f"{tenant}.key")
        assert resource(system, "blkvirt", f"block-info-{tenant}").count == resource(system, vmm.name, "block-info").count == 2
    assert not {"key", "cipher-bell", "own-bell"} & names(compiled(root, images).system, "vmm-a")


def test_compile__bells_and_who_is_told_what(checked: api.Checked) -> None:
    system = checked.system
    expected = {
        ("vmm-a", "block-bell"): ("blkvirt", 0x10), ("blkvirt", "block-bell-a"): ("vmm-a", 0x10),
        ("blkvirt", "blockdev-bell"): ("blkdrv", 0x20), ("blkdrv", "blockdev-bell"): ("blkvirt", 0x20),
        ("vmm-b", "net-bell"): ("netvirt", 0x40), ("netvirt", "net-bell-b"): ("vmm-b", 0x40),
        ("netvirt", "netdev-bell"): ("netdrv", 0x80), ("netdrv", "netdev-bell"): ("netvirt", 0x80),
        ("blkvirt", "attention"): ("mgmt", 0x400), ("netvirt", "attention"): ("mgmt", 0x400),
        ("mgmt", "call-blkvirt"): ("blkvirt", 0x800), ("mgmt", "call-netvirt"): ("netvirt", 0x800),
    }  # fmt: skip
    for (of, name), (target, bits) in expected.items():
        one = resource(system, of, name)
        held = next(capability for capability in domain(system, of).capabilities if capability.slot == one.slot)
        assert (one.extra, held.mask, system.objects[held.object].name) == (bits, bits, f"{target}.bell"), name


def test_compile__pools_are_emptied_with_their_owner_only(checked: api.Checked) -> None:
    system = checked.system
    ends = {system.objects[one.object].name: (system.domains[one.end_a].name, system.domains[one.end_b].name) for one in system.channels}
    assert ends["block-a"] == ("vmm-a", "blkvirt") and ends["block-pool-a"] == ("vmm-a", "vmm-a")
    assert ends["blockdev-blkdrv"] == ("blkvirt", "blkdrv") and ends["netdev-netdrv"] == ("netvirt", "netdrv")
    assert ends["net-pool-b"] == ("vmm-b", "vmm-b") and ends["netdev-pool-netdrv"] == ("netvirt", "netvirt")
    sizes = {one.name: one.size * one.count for one in system.objects}
    assert [sizes[name] for name in ("block-a", "block-pool-a", "blockdev-blkdrv")] == [16384, 4 * MIB, 16384]
    assert [sizes[name] for name in ("net-a", "net-pool-a", "netdev-netdrv", "netdev-pool-netdrv")] == [8192, 2 * MIB, 16384, 2 * MIB]


def test_compile__bochs_has_a_disk_at_ports_and_no_network(root: Path, images: Path) -> None:
    system = compiled(root, images, "bochs").system
    present = {one.name for one in system.domains}
    assert present == {"mgmt", "blkdrv", "blkvirt", "vmm-a", "vmm-b"}
    assert not system.windows and not any(one.devices for one in system.domains)
    driver = domain(system, "blkdrv")
    assert [(port.first, port.last) for port in driver.ioports] == [(0x1F0, 0x1F7), (0x3F6, 0x3F6)]
    assert [(irq.gsi, irq.bits) for irq in driver.irqs] == [(14, 0x100)]
    assert resource(system, "blkdrv", "device").extra == 3 and resource(system, "blkdrv", "irq").kind == 8
    for number, tenant in enumerate("ab"):
        pool = resource(system, "blkdrv", f"pool-{number}")
        assert pool.address == resource(system, "blkvirt", f"block-info-{tenant}").extra and pool.bytes == 4 * MIB
        assert any(one.vaddr == pool.address and one.access == 3 for one in driver.mappings)
    assert text(system, "mgmt", "devices") == "blkdrv blkvirt -\n"


def test_summary__lists_devices_for_the_emulator(root: Path, images: Path, tmp_path: Path) -> None:
    source = root / "capdl" / "system" / SYSTEM
    api.compile_system(source, [images], {}, tmp_path)
    disk, nic = json.loads((tmp_path / "summary.json").read_text())["devices"]
    assert (disk["name"], disk["kind"], disk["index"], disk["bytes"]) == ("disk", "nvme", 0, 513 * MIB)
    assert [(one["tenant"], one["first_sector"], one["sectors"]) for one in disk["windows"]] == [("a", 2048, 524288), ("b", 526336, 524288)]
    assert (nic["name"], nic["kind"], nic["index"], nic["bytes"]) == ("nic", "e1000e", 1, 0)
    assert [one["mac"] for one in nic["nets"]] == ["02:42:48:00:00:01", "02:42:48:00:00:02"]
    api.compile_system(source, [images], {}, tmp_path, machine="bochs")
    (disk,) = json.loads((tmp_path / "summary.json").read_text())["devices"]
    assert (disk["kind"], disk["index"]) == ("ata", 0)


def test_compile__a_single_guest_has_what_is_asked_for(root: Path, images: Path) -> None:
    file = root / "capdl" / "system" / "guest.toml"
    for disk, net in ((False, False), (True, False), (False, True), (True, True)):
        given = {"disk": str(disk).lower(), "net": str(net).lower(), "disk_mib": "77"}
        system = api.check_system(file, [images], given).system
        present = {one.name for one in system.domains}
        assert ("blkdrv" in present, "blkvirt" in present, "netdrv" in present, "netvirt" in present) == (disk, disk, net, net)
        assert ("pci" in present) == ("pciscan" in present) == (disk or net)
        if disk:
            window = resource(system, "blkvirt", "block-info-guest")
            assert (window.address, window.bytes) == (0, 77 * 2048), "the whole of a file that somebody gave"


def test_compile__peers_are_told_both_ways(tmp_path: Path, root: Path, images: Path) -> None:
    source = (root / "capdl" / "system" / SYSTEM).read_text()
    for one, other in ("ab", "ba"):
        source = source.replace(f'kind = "net"\nfrom = "{one}"\n', f'kind = "net"\npeers = ["{other}"]\nvlan = 7\nrate_kbit = 5\nmerge = {str(one == "a").lower()}\nfrom = "{one}"\n')
    file = tmp_path / "peers.toml"
    file.write_text(source)
    system = api.check_system(file, [images]).system
    assert text(system, "netvirt", "peers") == "a b\nb a\n"
    info = resource(system, "netvirt", "net-info-a")
    assert (info.count, info.address) == (7, 5)
    assert [resource(system, f"vmm-{tenant}", "net-info").address for tenant in "ab"] == [1, 0]


# --- any machine ---


def physical(system: spec.System) -> dict[int, int]:
    return {one.object: one.base for one in system.windows}


def device_pages(system: spec.System) -> Iterator[tuple[str, int]]:
    """(who, physical page) of every mapping of device memory."""
    bases = physical(system)
    for one in system.domains:
        for mapping in one.mappings:
            if mapping.object in bases:
                assert mapping.access == 3 | UNCACHED
                for page in range(mapping.first, mapping.first + mapping.count):
                    yield one.name, bases[mapping.object] + page * PAGE


def check_iospaces(system: spec.System) -> None:
    for one in system.domains:
        for device in one.devices:
            spans = sorted((m.vaddr, m.vaddr + system.objects[m.object].size * m.count) for m in device.mappings)
            assert all(start % (2 * MIB) == 0 and start >= 0x10_0000_0000 for start, _ in spans)
            assert all(before[1] < after[0] for before, after in pairwise(spans)), "a gap that faults between any two"
            assert not any(start < MSI.stop and end > MSI.start for start, end in spans)
            leaves = [(m.vaddr, system.objects[m.object].size, m.count) for m in device.mappings]
            reached = {address + size * n for address, size, count in leaves for n in range(count)}
            small = {address for address, size, _ in leaves if size == PAGE}
            tables = {(shift, page >> shift) for page in reached for shift in (39, 30)} | {(21, page >> 21) for page in small}
            assert system.objects[device.iospace].size == layout.space_bytes(len(tables))
            assert system.objects[device.iospace].owner == one.id
            for mapping in device.mappings:
                owner = system.objects[mapping.object].owner
                assert owner in (one.id, spec.SHARED)


def check_device_memory(system: spec.System) -> None:
    bases = physical(system)
    spans = sorted((base, base + PAGE * system.objects[number].count) for number, base in bases.items())
    assert all(before[1] <= after[0] for before, after in pairwise(spans)), "no page has two objects"
    tables = {base for number, base in bases.items() if system.objects[number].name.endswith(".msix")}
    assert Q35.pci
    for who, page in device_pages(system):
        is_config = Q35.pci.ecam <= page < Q35.pci.ecam + Q35.pci.ecam_bytes
        if who in ("pci", "scan"):
            assert is_config or page in tables
        else:
            number = next(number for number, base in bases.items() if base <= page < base + PAGE * system.objects[number].count)
            assert system.objects[number].name == f"{who.removeprefix('d-')}.bar" and who.startswith("d-")
            assert page not in tables and not is_config
    for one in system.domains:
        for device in one.devices:
            assert not any(mapping.object in bases for mapping in device.mappings), "no device reaches another"
    devices = [device for one in system.domains for device in one.devices]
    assert len({device.source for device in devices}) == len(devices)
    assert len({msi.handle for device in devices for msi in device.msis}) == len(devices)


def check_shares(one: api.Checked) -> None:
    for device in one.devices:
        spans = sorted((window.first_sector, window.first_sector + window.sectors) for window in device.windows)
        assert all(start % 2048 == 0 for start, _ in spans)
        assert all(before[1] <= after[0] for before, after in pairwise(spans)), "no sector has two tenants"
        assert all(end * 512 <= device.bytes for _, end in spans) and all(start >= 2048 for start, _ in spans)
    macs = [net.mac for device in one.devices for net in device.nets]
    assert len(set(macs)) == len(macs)


def test_compile__any_machine(images: Path, strategies: Any, schema: Any, tmp_path: Path) -> None:
    file = tmp_path / "machine.toml"

    @given(strategies.machines())
    @settings(max_examples=60)
    def holds(description: str) -> None:
        file.write_text(description)
        one = api.check_system(file, [images])
        assert schema.valid(cbor2.loads(one.cbor))
        assert spec.decode(one.cbor) == one.system
        check_iospaces(one.system)
        check_device_memory(one.system)
        check_shares(one)

    holds()


# --- the checker ---


def test_prove__a_shared_disk_carries_a_flow_unless_encrypted(root: Path, images: Path, tmp_path: Path) -> None:
    for machine in ("q35", "bochs"):
        assert FREE in compiled(root, images, machine, encrypt="true").claims
        assert FREE not in compiled(root, images, machine).claims
    plain = root / "capdl" / "system" / "two-tenants-plain.toml"
    assert FREE not in api.check_system(plain, [images]).claims
    file = tmp_path / "plain.toml"
    file.write_text(f'{plain.read_text()}\n[[claim]]\ntext = "{FREE}"\n')
    for machine, way in (("q35", r"\[block-pool-a\] → device 01:00.0 → \[block-pool-b\]"), ("bochs", r"\[block-pool-a\] → blkdrv → \[block-pool-b\]")):
        with pytest.raises(api.DescriptionError, match=way):
            api.check_system(file, [images], machine=machine)


def test_systems__plain_is_the_same_without_encryption(root: Path, images: Path) -> None:
    """Beside its name, two-tenants-plain differs from the other one unencrypted in nothing."""
    other = compiled(root, images).system
    plain = api.check_system(root / "capdl" / "system" / "two-tenants-plain.toml", [images]).system
    for one, same in zip(other.domains, plain.domains, strict=True):
        if one.name != "mgmt":  # it is told the system's name
            assert one == same
    assert (other.objects, other.channels, other.windows) == (plain.objects, plain.channels, plain.windows)


@pytest.fixture(scope="module")
def raw(root: Path, images: Path) -> Any:
    return cbor2.loads(compiled(root, images, encrypt="true").cbor)


def at(system: Any, name: str) -> Any:
    return next(one for one in system[9] if one[1] == name)


def number(system: Any, name: str) -> int:
    return next(index for index, one in enumerate(system[5]) if one[6] == name)


def proved(system: Any) -> dict[str, str]:
    found: dict[str, str] = {}
    for claim, path in prove.prove(cbor2.dumps(system, canonical=True)):
        found[claim] = found.get(claim) or path
    return found


def iospace_of_tenant(system: Any) -> None:
    at(system, "blkdrv")[21][0][2].append([number(system, "vmm-a.ram"), 0, 1, 1 << 41, 3])


def iospace_of_device(system: Any) -> None:
    at(system, "blkdrv")[21][0][2].append([number(system, "nic.bar"), 0, 1, 1 << 41, 3])


def iospace_code(system: Any) -> None:
    at(system, "blkdrv")[21][0][2].append([number(system, "blkdrv.image"), 0, 1, 1 << 41, 3])


def iospace_executes(system: Any) -> None:
    at(system, "blkdrv")[21][0][2][0][4] = 7


def iospace_beyond(system: Any) -> None:
    at(system, "blkdrv")[21][0][2][0][1] = 1


def iospace_overlaps(system: Any) -> None:
    mappings = at(system, "blkdrv")[21][0][2]
    mappings[2][3] = mappings[1][3] + 2 * MIB


def iospace_at_messages(system: Any) -> None:
    at(system, "blkdrv")[21][0][2][1][3] = 0xFEE00000


def iospace_image(system: Any) -> None:
    at(system, "blkdrv")[21][0][2].append([number(system, "linux-cloud.bzimage"), 0, 1, 1 << 41, 1])


def iospace_of_another(system: Any) -> None:
    at(system, "blkdrv")[21][0][0] = at(system, "netdrv")[21][0][0]


def source_twice(system: Any) -> None:
    device = at(system, "blkdrv")[21][0]
    device[1] = device[3][0][2] = at(system, "netdrv")[21][0][1]


def message_twice(system: Any) -> None:
    at(system, "blkdrv")[21][0][3][0][1] = 1


def message_of_another(system: Any) -> None:
    at(system, "blkdrv")[21][0][3][0][2] = 0x200


def message_rings_frame(system: Any) -> None:
    at(system, "blkdrv")[21][0][3][0][3] = number(system, "blkdrv.dma")


def fault_rings_frame(system: Any) -> None:
    at(system, "blkdrv")[21][0][4][0] = number(system, "blkdrv.dma")


def holds_device_memory(system: Any) -> None:
    at(system, "netvirt")[12].append([99, number(system, "nic.msix"), 0, 1, provedata.READ, 1, 0, 0, 0])


def holds_iospace(system: Any) -> None:
    at(system, "blkdrv")[12].append([99, number(system, "blkdrv.iospace"), 0, 1, provedata.MANAGE, 1, 0, 0, 0])


def window_twice(system: Any) -> None:
    system[12].append(list(system[12][0]))


def window_missing(system: Any) -> None:
    system[12].pop()


def window_of_memory(system: Any) -> None:
    system[12][0][0] = number(system, "blkdrv.dma")


def windows_overlap(system: Any) -> None:
    next(one for one in system[12] if one[0] == number(system, "disk.msix"))[1] = 0xE0001000


def window_misaligned(system: Any) -> None:
    system[12][0][1] += 512


def device_memory_cached(system: Any) -> None:
    next(one for one in at(system, "blkdrv")[11] if one[0] == number(system, "disk.bar"))[4] = 3


def device_memory_executed(system: Any) -> None:
    next(one for one in at(system, "blkdrv")[11] if one[0] == number(system, "disk.bar"))[4] = 13


def memory_uncached(system: Any) -> None:
    at(system, "blkdrv")[11][0][4] |= UNCACHED


def device_memory_shared(system: Any) -> None:
    mapping = next(one for one in at(system, "blkdrv")[11] if one[0] == number(system, "disk.bar"))
    at(system, "netdrv")[11].append([mapping[0], 1, 1, 1 << 41, 11])


def scan_stays(system: Any) -> None:
    at(system, "pciscan")[20] = False


def key_shared(system: Any) -> None:
    at(system, "vmm-b")[11].append([number(system, "a.key"), 0, 1, 1 << 41, 1])


def key_held(system: Any) -> None:
    at(system, "mgmt")[12].append([99, number(system, "a.key"), 0, 1, provedata.READ, 1, 0, 0, 0])


def key_missing(system: Any) -> None:
    resources = at(system, "vmm-a")[17]
    resources.remove(next(one for one in resources if one[0] == "key"))


def device_memory_beyond(system: Any) -> None:
    next(one for one in at(system, "blkdrv")[11] if one[0] == number(system, "disk.bar"))[2] = 1 << 60


def device_memory_endless(system: Any) -> None:
    system[5][number(system, "disk.bar")][4] = 1 << 60


def channel_twice(system: Any) -> None:
    system[7].append([number(system, "console-a"), 0, 0])


def device_memory_large(system: Any) -> None:
    system[5][number(system, "disk.msix")][3] = 2 * MIB


RULES = {
    iospace_of_tenant: "device 01:00.0 of 'blkdrv' reaches 'vmm-a.ram' of 'vmm-a'",
    iospace_of_device: "device 01:00.0 of 'blkdrv' reaches 'nic.bar' of the machine",
    iospace_code: "reaches 'blkdrv.image', what it was loaded from",
    iospace_executes: "reaches 'blkdrv.dma' with access 0x7", iospace_beyond: "reaches 'blkdrv.dma'",
    iospace_overlaps: "'block-pool-a' and 'block-pool-b' overlap for device 01:00.0", iospace_at_messages: "where device 01:00.0 sends interrupts",
    iospace_image: "reaches 'linux-cloud.bzimage'", iospace_of_another: "'netdrv.iospace' is no iospace of 'blkdrv'",
    source_twice: "device 02:00.0 is driven by 'blkdrv' and 'netdrv'", message_twice: "message 1 is of 'blkdrv' and 'netdrv'",
    message_of_another: "message 0 of device 01:00.0 is not that device's", message_rings_frame: "rings no notification",
    fault_rings_frame: "faults of device 01:00.0 ring no notification",
    holds_device_memory: "netvirt → slot 99 → [nic.msix]", holds_iospace: "blkdrv → slot 99 → [blkdrv.iospace]",
    window_twice: "has two windows", window_missing: "device memory without a window", window_of_memory: "has a window and is none",
    windows_overlap: "the windows of 'disk.bar' and 'disk.msix' overlap", window_misaligned: "is misaligned",
    device_memory_cached: "'blkdrv' maps 'disk.bar' with access 0x3", device_memory_executed: "'blkdrv' maps 'disk.bar' with access 0xd",
    device_memory_shared: "'blkdrv' and 'netdrv' map 'disk.bar'", scan_stays: "'pciscan' and 'pci' map 'disk.config'",
    device_memory_beyond: "'blkdrv' maps 'disk.bar' beyond its end", device_memory_endless: "not of plain 4 KiB frames",
    key_shared: "'vmm-b' maps 'a.key', the key of 'vmm-a'", key_held: "mgmt → slot 99 → [a.key], a key", key_missing: "not a system",
    channel_twice: "a channel is listed twice",
    memory_uncached: "'blkdrv' maps", device_memory_large: "not of plain 4 KiB frames",
}  # fmt: skip


@pytest.mark.parametrize("mutate", RULES, ids=[mutate.__name__ for mutate in RULES])
def test_prove__refuses_devices_that_break_a_rule(mutate: Callable[[Any], None], raw: Any) -> None:
    system = copy.deepcopy(raw)
    mutate(system)
    with pytest.raises(provedata.Broken, match=re.escape(RULES[mutate])):
        prove.prove(cbor2.dumps(system, canonical=True))


def test_prove__survives_hostile_bytes_of_devices(raw: Any) -> None:
    good = cbor2.dumps(raw, canonical=True)

    @settings(max_examples=200)
    @given(st.integers(0, len(good) - 1), st.binary(max_size=9), st.booleans())
    def run(where: int, patch: bytes, cut: bool) -> None:
        try:
            prove.prove(good[:where] + patch + (b"" if cut else good[where + len(patch) :]))
        except provedata.Broken:
            pass

    run()


def map_for(who: str, name: str, access: int) -> Callable[[Any], None]:
    def mutate(system: Any) -> None:
        at(system, who)[11].append([number(system, name), 0, 1, 1 << 41, access])

    mutate.__name__ = f"{who}-maps-{name}"
    return mutate


def give_to(who: str, name: str) -> Callable[[Any], None]:
    """The same page of device memory in other hands than the keeper's."""

    def mutate(system: Any) -> None:
        mappings = at(system, "pci")[11]
        mappings.remove(next(one for one in mappings if one[0] == number(system, name)))
        map_for(who, name, 11)(system)

    mutate.__name__ = f"{who}-has-{name}"
    return mutate


def reach_control(system: Any) -> None:
    at(system, "blkdrv")[21][0][2].append([number(system, "block-a"), 0, 4, 1 << 41, 3])


def reach_console(system: Any) -> None:
    at(system, "netdrv")[21][0][2].append([number(system, "console-a"), 0, 4, 1 << 41, 1])


def without_iommu(system: Any) -> None:
    system[11] = True


def told_where_memory_lies(system: Any) -> None:
    at(system, "blkvirt")[17][0][2:4] = 2, number(system, "block-pool-a")


def take_ports(system: Any) -> None:
    at(system, "pci")[13].append([99, 0xCFC, 0xCFC])


def plain_disk(system: Any) -> None:
    next(one for one in at(system, "vmm-a")[17] if one[0] == "block-info")[4] = 0


def second_way_to_the_pool(system: Any) -> None:
    """A pool mapped once more, where nothing is encrypted."""
    mapping = next(one for one in at(system, "vmm-a")[11] if one[0] == number(system, "block-pool-a"))
    at(system, "vmm-a")[11].append([*mapping[:3], 1 << 41, 3])


CONFIG, MSIX = "only pci, pciscan may map configuration space", "only pci, pciscan may map MSI-X tables"
DISK, NETWORK = "the device of blkdrv reaches only pools", "the device of netdrv reaches only pools"
MEMORY = "blkdrv holds no memory of a, b, mgmt, pci, blkvirt, netvirt or netdrv"
PORTS = "only pciscan may use config-ports"
BREAKS: list[tuple[Callable[[Any], None], str, str]] = [
    (give_to("blkdrv", "disk.config"), CONFIG, "[disk.config] at 0xb0100000"),
    (give_to("netdrv", "nic.port"), CONFIG, "[nic.port] at 0xb0028000"),
    (give_to("blkdrv", "disk.msix"), MSIX, "[disk.msix] at 0xe0002000"),
    (give_to("blkvirt", "nic.msix"), MSIX, "blkvirt → mapping at 0x20000000000 → [nic.msix] at 0xe0240000"),
    (reach_control, DISK, "device 01:00.0 at 0x20000000000 → [block-a], which is no pool"),
    (reach_console, NETWORK, "device 02:00.0 at 0x20000000000 → [console-a], which is no pool"),
    (without_iommu, DISK, "blkdrv → device 01:00.0 → all memory"), (without_iommu, MEMORY, "device 01:00.0 → all memory"),
    (without_iommu, FREE, "→ device 01:00.0 →"),
    (take_ports, PORTS, "pci → slot 99 → ports 0xcfc to 0xcfc"),
    (plain_disk, FREE, "device 01:00.0 → [block-pool-a] → vmm-a → a"),
    (second_way_to_the_pool, FREE, "device 01:00.0 → [block-pool-a] → vmm-a → a"),
    (map_for("netdrv", "net-pool-a", 3), FREE, "device 02:00.0 → netdrv → [net-pool-a] → vmm-a → a"),
]  # fmt: skip


@pytest.mark.parametrize("mutate, claim, path", BREAKS, ids=[f"{mutate.__name__}-{claim[:8].strip()}" if mutate is without_iommu else mutate.__name__ for mutate, claim, _ in BREAKS])
def test_prove__breaks_what_it_should(mutate: Callable[[Any], None], claim: str, path: str, raw: Any) -> None:
    system = copy.deepcopy(raw)
    assert proved(system)[claim] == ""
    mutate(system)
    assert path in proved(system)[claim]


def test_prove__memory_of_another_in_a_drivers_hands(raw: Any) -> None:
    system = copy.deepcopy(raw)
    at(system, "blkdrv")[12].append([99, number(system, "netvirt.stack"), 0, 1, provedata.READ, 1, 0, 0, 0])
    assert proved(system)[MEMORY] == "blkdrv → slot 99 → [netvirt.stack], of 'netvirt'"


# --- without an IOMMU ---


@pytest.fixture(scope="module")
def unsafe(root: Path, images: Path) -> api.Checked:
    return api.check_system(root / "tests" / "system" / "disk-net-unsafe.toml", [images], {})


def told(system: spec.System) -> dict[tuple[str, str], str]:
    return {
        (domain.name, one.name): system.objects[one.slot].name
        for domain in system.domains for one in domain.resources if one.flags == spec.ADDRESS_BY_BUILDER
    }  # fmt: skip


def test_unsafe__builder_tells_what_a_device_calls_its_memory(checked: api.Checked, unsafe: api.Checked) -> None:
    assert told(unsafe.system) == {
        ("blkdrv", "dma"): "blkdrv.dma", ("netdrv", "dma"): "netdrv.dma", ("blkvirt", "block-info-a"): "block-pool-a",
        ("netdrv", "netdev-pool"): "netdev-pool-netdrv", ("netvirt", "netdev-pool"): "netdev-pool-netdrv",
        ("netvirt", "net-pool-a"): "net-pool-a",
    }  # fmt: skip
    assert not told(checked.system), "and nobody where an IOMMU is there for sure"


@given(st.lists(st.tuples(st.sampled_from([PAGE, 2 * MIB]), st.integers(1, 2000), st.integers(0, 1 << 27)), min_size=1, max_size=6))
@settings(max_examples=200)
def test_unsafe__tables_suffice_wherever_memory_lies(regions: list[tuple[int, int, int]]) -> None:
    leaves = [(at * PAGE // each * each % (500 << 30), each, count) for each, count, at in regions]
    assert layout.tables_for(leaves) <= layout.tables_anywhere(leaves)


def broken(content: Any) -> str:
    with pytest.raises(provedata.Broken) as why:
        prove.load(cbor2.dumps(content, canonical=True))
    return str(why.value)


def test_unsafe__nobody_else_is_told_where_memory_lies(raw: Any, unsafe: api.Checked) -> None:
    system = copy.deepcopy(raw)
    told_where_memory_lies(system)
    assert broken(system) == "'blkvirt' is told where 'block-pool-a' lies in memory, by 'bell'"
    system[11] = True
    prove.load(cbor2.dumps(system, canonical=True))
    at(system, "blkvirt")[17][0][3] = number(system, "vmm-a.ram")
    assert "is told where 'vmm-a.ram' lies in memory" in broken(system)


def test_unsafe__matrix_and_graph_show_it(checked: api.Checked, unsafe: api.Checked) -> None:
    for one, there in ((unsafe, True), (checked, False)):
        rows = matrix.matrix_csv(one.view).splitlines()
        device = next(row for row in rows if row.startswith("device 01:00.0"))
        assert ("!" in device) == there
        assert ("all memory, without IOMMU" in graph.graph_dot(one.view)) == there
        assert ('class="bad" title' in matrix.matrix_html(one.view, [])) == there
