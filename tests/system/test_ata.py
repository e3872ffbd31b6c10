"""Bochs has no IOMMU: there the disk's driver moves every sector itself."""

from __future__ import annotations

import pytest
from tests.system.test_run import Bulkhead

ROUNDS = 6
# Each round writes other bytes, drops what the guest has cached, and compares; one of them meets a driver that is killed.
COMMAND = f"""
for i in $(seq {ROUNDS}); do
    dd if=/dev/urandom of=/tmp/x bs=65536 count=2 2>/dev/null
    dd if=/tmp/x of=/dev/vda bs=65536 seek=$i conv=fsync 2>/dev/null
    echo 3 > /proc/sys/vm/drop_caches
    dd if=/dev/vda bs=65536 skip=$i count=2 2>/dev/null | cmp - /tmp/x && echo same
    sleep 0.3
done
"""


@pytest.mark.long
def test_ata__a_guest_keeps_its_data_while_the_driver_is_rebuilt(bulkhead: Bulkhead) -> None:
    done = bulkhead("run", "two-tenants", "--on", "bochs", "--tenant", "a", "--kill", "blkdrv@1s",
                    "--exec", COMMAND, timeout_s=900)  # fmt: skip
    assert done.returncode == 0, done.stderr.decode()
    assert done.stdout.decode().split() == ["same"] * ROUNDS
