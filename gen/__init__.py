"""The IDL compiler: idl/*.idl is the only source of every ABI. See docs/idl.md."""
