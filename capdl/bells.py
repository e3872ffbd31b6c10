"""Bits of a domain's bell: fixed by what rings, so that a domain can name them in its source."""

COM1, COM2, CONSOLE, LOG = 1 << 0, 1 << 1, 1 << 2, 1 << 3

BY_PORT = {"com1": COM1, "com2": COM2}
BY_CHANNEL = {"console": CONSOLE, "log": LOG}
