"""The second opinion: proves every claim of a system from its CBOR alone.

It shares nothing with the compiler but docs/system.cddl and the numbers of idl/kernel.idl, repeated below. The CBOR
becomes a graph whose edges say "information can go from here to there by an explicit channel" (docs/claims.md).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

import cbor2

from .provedata import (
    BUILDER,
    CALL,
    CAPTAB,
    CONTROL,
    COPY,
    DEVICE_MEMORY,
    ENDPOINT,
    EXEC,
    FRAME,
    MANAGE,
    MAP_EXEC,
    MAP_WRITE,
    NONE,
    NOTIF,
    READ,
    SCHED,
    SEALED,
    SHARED,
    SIGNAL,
    TERMINAL,
    TYPES,
    UNTYPED,
    WAIT,
    WRITE,
    Broken,
    System,
)
from .provedevices import (
    check_devices,
    device_edges,
    prove_device_reaches,
    prove_no_memory,
    prove_only_maps,
    sealed_pools,
)

ODD = (cbor2.CBORError, ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


def load(data: bytes) -> System:
    """Read the CBOR; Broken says why it is not a system."""
    try:
        top = cbor2.loads(data)
        if top[0] != 2 or len(top) != 13 or cbor2.dumps(top, canonical=True) != data:
            raise Broken(f"version {top[0]}, {len(top)} fields; expected version 2, 13, encoded as RFC 8949 4.2.1")
        system = System(dict(enumerate(top[5])), top[8], top[9], top[10], top[7], top[12], top[11])
        check_rules(system)
        check_devices(system)
        make_edges(system)
    except ODD as error:
        raise Broken(f"not a system as in docs/system.cddl: {error}") from error
    return system


def check_rules(system: System) -> None:
    """What holds in every system without being claimed."""
    names = [name for name, _ in system.holders()] + [BUILDER]
    if len(set(names)) != len(names):
        raise Broken("two domains or guests share a name")
    for number, domain in enumerate(system.domains):
        if domain[0] != number:
            raise Broken(f"domain '{domain[1]}' has id {domain[0]} in place {number}")
        for part in (*domain[5:9], *(thread[0] for thread in domain[15])):
            if system.objects[part][0] != number:
                raise Broken(f"'{system.name(part)}' is part of '{domain[1]}', but another owns it")
        if any(not 0 <= first <= last <= 65535 for _, first, last in domain[13]):
            raise Broken(f"'{domain[1]}' has I/O ports that do not exist")
        for reference, _, _, _, access in domain[11]:
            one = system.objects[reference]
            if one[0] not in (number, SHARED, DEVICE_MEMORY):
                raise Broken(f"'{domain[1]}' maps '{one[6]}', which another domain owns")
            if access & MAP_WRITE and access & MAP_EXEC:
                raise Broken(f"'{domain[1]}' maps '{one[6]}' writable and executable")
            if access & (MAP_WRITE | MAP_EXEC) and one[5]:
                raise Broken(f"'{domain[1]}' maps the image '{one[6]}' with more than read access")
        if domain[16]:
            check_guest(system, number, domain[16])
    for kind in (UNTYPED, CAPTAB, CONTROL):  # authority over memory, tables, devices: only where a claim says who
        named = [name for claim in system.claims if claim[0] == 5 and claim[3] >> kind & 1 for name in claim[2]]
        prove_only_holds(system, named, 1 << kind)


def check_guest(system: System, number: int, guest: list[Any]) -> None:
    """A guest's table is terminal and holds nothing but sealed endpoint and notification capabilities."""
    name, vcpu, space, captab, capabilities = guest
    for part in (vcpu, space, captab):
        if system.objects[part][0] != number:
            raise Broken(f"'{system.name(part)}' of guest '{name}' is not its VMM's own")
    if system.objects[captab][1] != CAPTAB or not system.objects[captab][2] & TERMINAL:
        raise Broken(f"the table of guest '{name}' is not terminal")
    for capability in capabilities:
        kind = system.objects[capability[1]][1]
        if kind not in (ENDPOINT, NOTIF) or not capability[5] & SEALED or capability[4] & COPY:
            what = f"{TYPES[kind]} '{system.name(capability[1])}' in slot {capability[0]}"
            raise Broken(f"guest '{name}' holds {what}; it may hold sealed endpoints and notifications only")


def make_edges(system: System) -> None:
    waiter(system, BUILDER, system.builder)
    for number, domain in enumerate(system.domains):
        name = domain[1]
        system.edge(BUILDER, name)
        for index, one in system.objects.items():
            if one[0] == number:
                system.both(name, f"#{index}")
        sealed = sealed_pools(domain)
        for reference, _, _, vaddr, access in domain[11]:
            if vaddr in sealed:
                continue  # what goes in and out there is encrypted and authenticated
            system.edge(f"#{reference}", name)
            if access & MAP_WRITE:
                system.edge(name, f"#{reference}")
        for _, first, last in domain[13]:
            for port in range(first, last + 1):
                system.both(name, f"port {port:#x}")
        for _, gsi, _, notif, _ in domain[14]:
            system.edge(f"interrupt {gsi}", f"#{notif}")
        for thread in domain[15]:
            if thread[8] != NONE:
                system.edge(f"#{thread[8]}", name)
            if thread[9] != NONE:
                caller(system, name, thread[9])
        if domain[16]:
            system.both(name, domain[16][0])
    device_edges(system)
    for who, capability in system.capabilities([]):
        capability_edges(system, who, capability[1], capability[4])
    for domain in system.domains:
        if domain[20]:  # it is gone before another runs: nobody but builder can tell it anything
            for source, targets in system.edges.items():
                if source != BUILDER:
                    targets.discard(domain[1])


def caller(system: System, who: str, endpoint: int) -> None:
    """A call carries words to the server and the reply back: two nodes, so that callers do not meet in the endpoint."""
    system.edge(who, f"#{endpoint} in")
    system.edge(f"#{endpoint} out", who)


def waiter(system: System, who: str, endpoint: int) -> None:
    system.edge(f"#{endpoint} in", who)
    system.edge(who, f"#{endpoint} out")


def capability_edges(system: System, who: str, number: int, rights: int) -> None:
    kind, node = system.objects[number][1], f"#{number}"
    if kind == ENDPOINT:
        if rights & CALL:
            caller(system, who, number)
        if rights & WAIT:
            waiter(system, who, number)
    elif kind == CONTROL:
        system.both(who, BUILDER)  # it could make any port or interrupt
    else:
        if rights & {NOTIF: WAIT, FRAME: READ | EXEC | MANAGE}.get(kind, 255):
            system.edge(node, who)
        if rights & {NOTIF: SIGNAL, FRAME: WRITE | MANAGE, SCHED: 255 & ~READ}.get(kind, 255):
            system.edge(who, node)


def shown(system: System, node: str) -> str:
    return f"[{system.name(int(node[1:].partition(' ')[0]))}]" if node.startswith("#") else node


def find_path(system: System, source: str, target: str, without: set[str]) -> list[str]:
    """The shortest way from @source to @target around @without, or nothing."""
    queue, came = deque([source]), {source: ""}
    while queue:
        node = queue.popleft()
        if node == target:
            path = [node]
            while came[path[-1]]:
                path.append(came[path[-1]])
            return path[::-1]
        for after in sorted(system.edges.get(node, ())):
            if after not in came and after not in without:
                came[after] = node
                queue.append(after)
    return []


def prove_no_flow(system: System, source: str, target: str, through: list[str]) -> None:
    unknown = {source, target, *through} - {name for name, _ in system.holders()} - {BUILDER}
    if unknown:
        raise Broken(f"no domain or guest is called {', '.join(sorted(unknown))}")
    path = find_path(system, source, target, set(through) - {source, target})
    if path:
        raise Broken(" → ".join(shown(system, node) for node in path))


def prove_holds_no(system: System, who: str, types: int, foreign: bool) -> None:
    domain = system.find(who)
    held = [(one[1], f"slot {one[0]}") for one in (domain[12] if who == domain[1] else domain[16][4])]
    if who == domain[1]:
        held += [(one[0], f"mapping at {one[3]:#x}") for one in domain[11]]
    for reference, where in held:
        one = system.objects[reference]
        of_another = one[0] not in (domain[0], SHARED, DEVICE_MEMORY)
        if types >> one[1] & 1 and (of_another or not foreign):
            raise Broken(f"{who} → {where} → [{one[6]}], a {TYPES[one[1]]} of {system.owner(one)}")


def prove_only_calls(system: System, who: list[str], interface: int, mask: int) -> None:
    for name, one in system.capabilities(who):
        if one[4] & CALL and one[6] == interface and one[7] & mask:
            raise Broken(f"{name} → slot {one[0]} → [{system.name(one[1])}], methods {one[7]:#x}")


def prove_only_holds(system: System, who: list[str], types: int) -> None:
    for name, one in system.capabilities(who):
        if types >> system.objects[one[1]][1] & 1:
            raise Broken(f"{name} → slot {one[0]} → [{system.name(one[1])}], {TYPES[system.objects[one[1]][1]]}")


def prove_only_port(system: System, who: list[str], first: int, last: int) -> None:
    for domain in system.domains:
        for slot, low, high in domain[13]:
            if domain[1] not in who and low <= last and first <= high:
                raise Broken(f"{domain[1]} → slot {slot} → ports {low:#x} to {high:#x}")


PROOFS: list[Callable[..., None]] = [
    prove_no_flow,
    prove_holds_no,
    prove_only_calls,
    prove_only_port,
    prove_only_holds,
    prove_only_maps,
    prove_no_memory,
    prove_device_reaches,
]


def prove(data: bytes) -> list[tuple[str, str]]:
    """Each claim's text with what breaks it, or with "" if it is proved; Broken if no claim can be trusted."""
    system = load(data)
    verdicts: list[tuple[str, str]] = []
    for kind, text, *arguments in system.claims:
        try:
            PROOFS[kind - 1](system, *arguments)
            path = ""
        except (Broken, *ODD) as problem:
            path = str(problem) if isinstance(problem, Broken) else f"malformed claim: {problem}"
        verdicts.append((text, path))
    return verdicts
