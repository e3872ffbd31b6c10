"""Bits of a domain's bell: fixed by what rings, so that a domain can name them in its source."""

COM1, COM2, CONSOLE, LOG = 1 << 0, 1 << 1, 1 << 2, 1 << 3
BLOCK, BLOCKDEV, NET, NETDEV = 1 << 4, 1 << 5, 1 << 6, 1 << 7
IRQ = 1 << 8  # the device of a driver
FAULT = 1 << 9  # management: an iospace recorded a fault
ATTENTION = 1 << 10  # management: a virtualiser wants to be asked how its driver does
CALL = 1 << 11  # a virtualiser: management is about to call

BY_PORT = {"com1": COM1, "com2": COM2}
BY_CHANNEL = {"console": CONSOLE, "log": LOG, "block": BLOCK, "blockdev": BLOCKDEV, "net": NET, "netdev": NETDEV}
