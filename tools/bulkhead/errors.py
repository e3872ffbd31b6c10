"""The expected failures and the exit status each one stands for.

Nothing else in the package decides on an exit status of its own: code raises one of these, and
`cli.main` maps it in one place.
"""

from __future__ import annotations

EXIT_OK = 0
EXIT_TESTS_FAILED = 1
EXIT_USAGE = 2
EXIT_GUEST_MODE_FAILED = 4  # `run --guest`: odd values belong to the guest, so 125 cannot be ours
EXIT_TIMEOUT = 124
EXIT_BULKHEAD_FAILED = 125
EXIT_GUEST_DIED = 126


class BulkheadError(Exception):
    """An expected failure: one line for a person, and an exit status."""

    exit_status = EXIT_BULKHEAD_FAILED


class UsageProblem(BulkheadError):
    """The person asked for something that cannot be: a missing file, an unknown name."""

    exit_status = EXIT_USAGE


class TimeOut(BulkheadError):
    """Something did not happen in the time it was given."""

    exit_status = EXIT_TIMEOUT


class GuestDied(BulkheadError):
    """The guest ended in a way that is not a clean power-off."""

    exit_status = EXIT_GUEST_DIED


class BulkheadFailed(BulkheadError):
    """Bulkhead itself, or a tool it relies on, failed."""

    exit_status = EXIT_BULKHEAD_FAILED
