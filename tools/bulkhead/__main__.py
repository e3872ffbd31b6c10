"""Entry point: `python3 -m bulkhead`, called by the `bulkhead` script."""

import sys

from bulkhead.cli import main

sys.exit(main())
