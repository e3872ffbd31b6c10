"""The host side of Bulkhead: sets the machine up, builds, runs, tests and measures."""
