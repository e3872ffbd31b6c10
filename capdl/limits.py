"""Fixed limits of the kernel, builder and the machine that only the compiled system can be held against."""

from __future__ import annotations

from . import spec
from .abi import Abi
from .description import Description
from .errors import Faults

IMAGES_MOST = 22  # boot_info names 24 modules; two are builder and the description
SEGMENTS_MOST = 8
BUILDER_SLOTS = 3900
CORE_MIB = 16  # what kernel, builder and firmware take, generously
# capdl/builder/spec.h: how much of each builder has room for.
POOLS = {
    "objects": 1536,
    "channels": 128,
    "mappings": 1536,
    "capabilities": 2560,
    "ioports": 128,
    "irqs": 64,
    "threads": 192,
    "resources": 1280,
}


def builder_slots(system: spec.System) -> int:
    """Slots of builder's own table: originals, copies for mappings, fault capabilities, interrupts, device memory."""
    originals = sum(one.count for one in system.objects)
    copies = sum(
        mapping.count
        for domain in system.domains
        for mapping in domain.mappings
        if system.objects[mapping.object].owner in (spec.SHARED, spec.DEVICE_MEMORY)
    )
    devices = [device for domain in system.domains for device in domain.devices]
    copies += sum(mapping.count for device in devices for mapping in device.mappings)
    copies += len(system.windows) + sum(len(device.msis) for device in devices)
    return originals + copies + sum(len(domain.threads) + len(domain.irqs) for domain in system.domains)


def memory_kib(system: spec.System) -> int:
    """What the system takes of the machine's memory, its boot modules included."""
    carved = system.shared.bytes + sum(domain.memory.bytes for domain in system.domains)
    return (carved + sum(image.size_bytes for image in system.images)) // 1024 + CORE_MIB * 1024


def pool_sizes(system: spec.System) -> dict[str, int]:
    sizes = {"objects": len(system.objects), "channels": len(system.channels)}
    for name in ("mappings", "ioports", "irqs", "threads", "resources"):
        sizes[name] = sum(len(getattr(domain, name)) for domain in system.domains)
    sizes["capabilities"] = sum(
        len(domain.capabilities) + (len(domain.guest.capabilities) if domain.guest else 0) for domain in system.domains
    )
    return sizes


def check_limits(system: spec.System, abi: Abi, written: Description, faults: Faults) -> None:
    """Add a fault for every limit that @system passes."""
    name, memory = written.system.at("name"), written.platform.at("memory_mib")
    slots = builder_slots(system)
    if slots > BUILDER_SLOTS:
        frames = sum(one.count for one in system.objects if one.type == abi.type("frame"))
        faults.add(
            name,
            f"builder would need {slots} slots ({frames} for frames)",
            f"at most {BUILDER_SLOTS}, so smaller guests",
        )
    needed = -(-memory_kib(system) // 1024)
    if needed > system.platform.memory_mib:
        faults.add(
            memory,
            f"the system needs {needed} MiB of the machine's {system.platform.memory_mib}",
            f"'memory_mib' of at least {needed}, or smaller guests",
        )
    if len(system.images) > IMAGES_MOST:
        faults.add(name, f"{len(system.images)} images", f"at most {IMAGES_MOST}")
    for image in system.images:
        if len(image.segments) > SEGMENTS_MOST:
            faults.add(name, f"the image '{image.name}' has {len(image.segments)} segments", f"at most {SEGMENTS_MOST}")
    for kind, size in pool_sizes(system).items():
        if size > POOLS[kind]:
            faults.add(name, f"{size} {kind}", f"at most {POOLS[kind]}")
