"""A disk driver that keeps every rule of its channel and lies about what is on the disk (lying_blkdrv/lies.c): with
`encrypt = true` the tenant's VMM turns wrong, missing and stale sectors into I/O errors; without, the guest gets them,
which shows that the driver does lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from bulkhead import paths, systems
from bulkhead.session import Session
from bulkhead.shell import GuestShell
from tests.system.network import BOOT_S, Running

# A piece in each MiB of these; the driver lies in 96 to 112, 128 to 144, 160 to 176 of the window. An encrypted window has
# a few MiB of its own in front.
PLACES = range(90, 182, 2)
LIES = ((100, 110), (132, 142), (164, 174))
TRUTH = ((90, 94), (114, 124), (146, 156), (178, 180))

# Prints for each place: g(ood), w(rong) or e(rror).
COMMAND = """
piece() { yes "piece-$1-$2" | head -c 131072; }
for version in 1 2; do
    for m in PLACES; do piece $m $version | dd of=/dev/vda bs=64k seek=$((m * 16)) conv=fsync 2>/dev/null; done
done
echo 3 > /proc/sys/vm/drop_caches
for m in PLACES; do
    if ! dd if=/dev/vda bs=64k skip=$((m * 16)) count=2 2>/dev/null > /tmp/got; then echo -n e
    elif piece $m 2 | cmp -s - /tmp/got; then echo -n g
    else echo -n w; fi
done
"""


@contextmanager
def running(folder: Path, name: str) -> Iterator[Running]:
    """System @name with the lying driver in the place of the shipped one."""
    text, images = re.subn(r'image = "blkdrv"', 'image = "lying-blkdrv"', (paths.SYSTEM_SOURCES / f"{name}.toml").read_text())
    assert images == 1
    description = folder / f"lying-{name}.toml"
    description.write_text(text)
    disk = folder / "disk.img"
    with disk.open("wb") as file:
        file.truncate(600 << 20)
    system = systems.assemble(description).with_disk(disk)
    with Session(system.machine(), system.boot()) as session:
        session.wait_ready(BOOT_S)
        for tenant in system.tenants:
            GuestShell(session, tenant).wait_ready(BOOT_S)
        yield Running(session, None)  # type: ignore[arg-type]
        session.end()


def verdicts(machine: Running, tenant: str) -> dict[int, str]:
    """What @tenant read, by place."""
    status, output = machine.execute(tenant, COMMAND.replace("PLACES", " ".join(map(str, PLACES))))
    assert status == 0 and len(output) == len(PLACES), output
    return dict(zip(PLACES, output, strict=True))


def seen(read: dict[int, str], parts: tuple[tuple[int, int], ...]) -> list[str]:
    """The letters of each part, without repetition."""
    return ["".join(sorted({letter for place, letter in read.items() if first <= place < last})) for first, last in parts]


@pytest.mark.parametrize(("name", "lies"), [("two-tenants", "e"), ("two-tenants-plain", "w")])
def test_lying_disk__lies_are_errors_where_a_window_is_encrypted(tmp_path: Path, name: str, lies: str) -> None:
    with running(tmp_path, name) as machine:
        read = verdicts(machine, "a")
        assert seen(read, LIES) == [lies] * len(LIES), read
        assert seen(read, TRUTH) == ["g"] * len(TRUTH), read
        if lies == "e":
            assert "w" not in read.values(), read
        assert set(verdicts(machine, "b").values()) == {"g"}
        assert machine.rows()["blkdrv"]["restarts"] == 0
