"""System descriptions: reading, checking, compiling and proving them. docs/capdl.md is the manual."""
