"""The checker's part on devices: what a bus master reaches, who maps device memory, and how data flows through both."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .provedata import (
    BUILDER,
    DEVICE_MEMORY,
    FRAME,
    IOSPACE,
    MAP_EXEC,
    MAP_READ,
    MAP_UNCACHED,
    MAP_WRITE,
    NONE,
    NOTIF,
    SHARED,
    Broken,
    System,
)

COUNT_MOST = 32768  # frames of one object
ENCRYPT = 2  # of the flags in a VMM's block-info
ADDRESS_TOLD = 2  # of a resource's flags
MSI_FIRST, MSI_LAST = 0xFEE00000, 0xFEEFFFFF  # a write there is an interrupt, whatever the tables say


def devices(system: System) -> Iterator[tuple[list[Any], list[Any]]]:
    """Every bus master with its driver's domain."""
    for domain in system.domains:
        for device in domain[21]:
            yield domain, device


def node(device: list[Any]) -> str:
    source = device[1]
    return f"device {source >> 8:02x}:{source >> 3 & 31:02x}.{source & 7}"


def span(system: System, mapping: list[Any]) -> tuple[int, int]:
    """First address of a mapping, and the first behind it."""
    return mapping[3], mapping[3] + system.objects[mapping[0]][3] * mapping[2]


# --- what holds in every system ---


def check_devices(system: System) -> None:
    listed = [one[0] for one in system.channels]
    if len(set(listed)) != len(listed):
        raise Broken("a channel is listed twice, so it has ends that it does not show")
    check_keys(system)
    check_windows(system)
    check_device_mappings(system)
    sources: dict[int, str] = {}
    handles: dict[int, str] = {}
    for domain, device in devices(system):
        iospace, source, mappings, msis, (fault, _) = device
        name = node(device)
        if system.objects[iospace][0] != domain[0] or system.objects[iospace][1] != IOSPACE:
            raise Broken(f"'{system.name(iospace)}' is no iospace of '{domain[1]}'")
        if source in sources:
            raise Broken(f"{name} is driven by '{sources[source]}' and '{domain[1]}'")
        sources[source] = domain[1]
        for _, handle, sender, notif, _ in msis:
            if handle in handles:
                raise Broken(f"message {handle} is of '{handles[handle]}' and '{domain[1]}'")
            handles[handle] = domain[1]
            if sender != source or system.objects[notif][1] != NOTIF:
                raise Broken(f"message {handle} of {name} is not that device's, or rings no notification")
        if fault != NONE and system.objects[fault][1] != NOTIF:
            raise Broken(f"faults of {name} ring no notification")
        check_iospace(system, domain, name, mappings)
    check_told(system)
    for who, capability in system.capabilities([]):
        one = system.objects[capability[1]]
        if one[1] == IOSPACE or one[0] == DEVICE_MEMORY:
            raise Broken(f"{who} → slot {capability[0]} → [{one[6]}]; only builder holds iospaces and device memory")


def check_windows(system: System) -> None:
    """Device memory lies in one window each, and no two windows share a page."""
    bases: dict[int, int] = {}
    for number, base in system.windows:
        if number in bases:
            raise Broken(f"'{system.name(number)}' has two windows")
        bases[number] = base
    for number, one in system.objects.items():
        if (one[0] == DEVICE_MEMORY) != (number in bases):
            raise Broken(f"'{one[6]}' is device memory without a window, or has a window and is none")
    for number in bases:
        _, kind, _, size, count, content, _ = system.objects[number]
        if kind != FRAME or size != 4096 or content or not 1 <= count <= COUNT_MOST:
            raise Broken(f"'{system.name(number)}' is device memory, but not of plain 4 KiB frames")
        if bases[number] % 4096:
            raise Broken(f"the window of '{system.name(number)}' is misaligned")
    ordered = sorted((base, base + 4096 * system.objects[number][4], number) for number, base in bases.items())
    for before, after in zip(ordered, ordered[1:], strict=False):
        if before[1] > after[0]:
            raise Broken(f"the windows of '{system.name(before[2])}' and '{system.name(after[2])}' overlap")


def check_device_mappings(system: System) -> None:
    """Device memory is mapped uncached, never to be executed; and nothing else is uncached. A page has one lasting holder."""
    holders: dict[tuple[int, int], str] = {}
    for domain in system.domains:
        for reference, first, count, _, access in domain[11]:
            one = system.objects[reference]
            of_device = one[0] == DEVICE_MEMORY
            if of_device != bool(access & MAP_UNCACHED) or (of_device and access & MAP_EXEC):
                raise Broken(f"'{domain[1]}' maps '{one[6]}' with access {access:#x}")
            if of_device and not 0 <= first < first + count <= one[4]:
                raise Broken(f"'{domain[1]}' maps '{one[6]}' beyond its end")
            for page in range(first, first + count) if of_device and not domain[20] else ():
                if holders.setdefault((reference, page), domain[1]) != domain[1]:
                    raise Broken(f"'{holders[reference, page]}' and '{domain[1]}' map '{one[6]}'")


def check_iospace(system: System, domain: list[Any], name: str, mappings: list[list[Any]]) -> None:
    """A device reaches its driver's memory and channels, never another domain's, never another device, nothing twice."""
    for reference, first, count, _, access in mappings:
        one = system.objects[reference]
        if one[0] not in (domain[0], SHARED):
            raise Broken(f"{name} of '{domain[1]}' reaches '{one[6]}' of {system.owner(one)}")
        if reference in (domain[7], domain[8]):
            raise Broken(f"{name} of '{domain[1]}' reaches '{one[6]}', what it was loaded from")
        inside = 0 <= first < first + count <= one[4]
        if one[1] != FRAME or one[5] or access & ~(MAP_READ | MAP_WRITE) or not access or not inside:
            raise Broken(f"{name} of '{domain[1]}' reaches '{one[6]}' with access {access:#x}")
    ordered = sorted((*span(system, mapping), mapping[0]) for mapping in mappings)
    for before, after in zip(ordered, ordered[1:], strict=False):
        if before[1] > after[0]:
            raise Broken(f"'{system.name(before[2])}' and '{system.name(after[2])}' overlap for {name}")
    for start, end, reference in ordered:
        if start <= MSI_LAST and end > MSI_FIRST:
            raise Broken(f"'{system.name(reference)}' lies where {name} sends interrupts")


def check_told(system: System) -> None:
    """Nobody is told where memory lies, but of what a device reaches that may have no IOMMU."""
    reached = {mapping[0] for _, device in devices(system) for mapping in device[2]} if system.unsafe_dma else set()
    for domain in system.domains:
        for resource in domain[17]:
            number = resource[3]
            if resource[2] & ADDRESS_TOLD and not (number in reached and system.objects[number][0] in (domain[0], SHARED)):
                raise Broken(f"'{domain[1]}' is told where '{system.name(number)}' lies in memory, by '{resource[0]}'")


def check_keys(system: System) -> None:
    """What a VMM encrypts with is mapped by it alone, and nobody holds it."""
    keys: dict[int, int] = {}
    for domain in system.domains:
        told = {one[0]: one for one in domain[17]}
        if sealed_pools(domain):
            where = told["key"][5]  # a VMM that encrypts without a key is no system
            keys |= {mapping[0]: domain[0] for mapping in domain[11] if mapping[3] == where}
    for number, owner in keys.items():
        for domain in system.domains:
            if domain[0] != owner and any(mapping[0] == number for mapping in domain[11]):
                raise Broken(f"'{domain[1]}' maps '{system.name(number)}', the key of '{system.domains[owner][1]}'")
        for who, capability in system.capabilities([]):
            if capability[1] == number:
                raise Broken(f"{who} → slot {capability[0]} → [{system.name(number)}], a key")


# --- flow ---


def sealed_pools(domain: list[Any]) -> set[int]:
    """Addresses where a VMM maps a pool through which it passes nothing but what it encrypts and authenticates."""
    told = {one[0]: one for one in domain[17]}
    encrypts = "block-info" in told and told["block-info"][4] & ENCRYPT
    return {told["block-pool"][5]} if domain[16] and encrypts and "block-pool" in told else set()


def device_edges(system: System) -> None:
    """A device passes on whatever it reaches; it is no domain, so no claim can trust it."""
    by_driver = {reference for domain, _ in devices(system) for reference, *_ in domain[11]}
    for domain, device in devices(system):
        name = node(device)
        system.both(domain[1], name)
        system.edge(BUILDER, name)
        for reference, _, _, _, access in device[2]:
            if access & MAP_READ:
                system.edge(f"#{reference}", name)
            if access & MAP_WRITE:
                system.edge(name, f"#{reference}")
        for _, _, _, notif, _ in device[3]:
            system.edge(name, f"#{notif}")
        for number, one in system.objects.items() if system.unsafe_dma else ():
            if one[0] != DEVICE_MEMORY:
                system.both(name, f"#{number}")
        if device[4][0] != NONE:
            system.edge(name, f"#{device[4][0]}")
        mapped = {reference for reference, *_ in domain[11]}
        for number, _ in system.windows:
            if number in mapped or number not in by_driver:
                system.both(name, f"#{number}")
    pools = system.pools()
    for number, domain in enumerate(system.domains):
        for reference, *_ in domain[11]:
            for _, first, _ in domain[13]:
                if pools.get(reference, number) != number:
                    system.both(f"#{reference}", f"port {first:#x}")  # what a driver moves by its ports


# --- claims ---


def prove_only_maps(system: System, who: list[str], ranges: list[list[int]]) -> None:
    """No one else's space has a page of device memory that lies in @ranges."""
    for domain in system.domains:
        for reference, first, count, vaddr, _ in domain[11]:
            for number, base in system.windows:
                start, end = base + 4096 * first, base + 4096 * (first + count)
                inside = any(start < low + size and low < end for low, size in ranges)
                if number == reference and inside and domain[1] not in who:
                    raise Broken(f"{domain[1]} → mapping at {vaddr:#x} → [{system.name(number)}] at {start:#x}")


def check_confined(system: System, domain: list[Any]) -> None:
    for device in domain[21] if system.unsafe_dma else ():
        raise Broken(f"{domain[1]} → {node(device)} → all memory, for it may work without an IOMMU")


def prove_no_memory(system: System, who: str, of: list[str]) -> None:
    """Neither the table of @who, nor its space, nor its devices name what belongs to one of @of."""
    domain, owners = system.find(who), {system.find(name)[0]: name for name in of}
    check_confined(system, domain)
    held = [(one[1], f"slot {one[0]}") for one in domain[12]]
    held += [(one[0], f"mapping at {one[3]:#x}") for one in domain[11]]
    for device in domain[21]:
        held += [(one[0], f"{node(device)} at {one[3]:#x}") for one in device[2]]
    for reference, where in held:
        one = system.objects[reference]
        if one[0] in owners:
            raise Broken(f"{who} → {where} → [{one[6]}], of '{owners[one[0]]}'")


def prove_device_reaches(system: System, who: str) -> None:
    """The devices of @who reach its own memory and pools, and nothing else."""
    domain, pools = system.find(who), system.pools()
    check_confined(system, domain)
    for device in domain[21]:
        for reference, _, _, iova, _ in device[2]:
            if system.objects[reference][0] != domain[0] and reference not in pools:
                raise Broken(f"{who} → {node(device)} at {iova:#x} → [{system.name(reference)}], which is no pool")
