"""The command: python3 -m capdl."""

import sys

from .cli import main

sys.exit(main())
