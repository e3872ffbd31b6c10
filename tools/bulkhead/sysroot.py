"""The C libraries of the domains: newlib, libcbor and a cipher, built once from pinned sources.

All end in build/sysroot. Each has a stamp that names its pin and its recipe, so a change of either
rebuilds it and a second call does nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from bulkhead import debian, paths, proc, report
from bulkhead.errors import BulkheadFailed

_NEWLIB_TARBALL = Path("/usr/src/newlib/newlib-3.3.0.tar.xz")  # Debian's newlib-source
_NEWLIB_SHA256 = "c6f3a88b9d93420904241b231ca8647303be3bfb3cfef6adc8d1ea9207291033"

_CBOR_VERSION = "0.10.2"
_CBOR_SHA256 = "e75f712215d7b7e5c89ef322a09b701f7159f028b8b48978865725f00f79875b"
_CBOR_CONFIG = paths.ROOT / "tools" / "libcbor"

_CIPHER_VERSION = "2.28.3"
_CIPHER_SHA256 = "3b4953aa55a681e084d31892d9904cc5328d6b4958ea57b90ae4b4f94ae69a8d"
_CIPHER_CONFIG = paths.ROOT / "tools" / "mbedtls" / "mbedtls_config.h"
_CIPHER_UNITS = ("chacha20", "poly1305", "chachapoly", "platform_util", "constant_time")
_CIPHER_HEADERS = ("config", "platform_util", "platform", "chacha20", "poly1305", "chachapoly")

# A domain is a static program without relocation, red zone, stack protector or CET.
_FLAGS = [
    "-O2", "-ffreestanding", "-mno-red-zone", "-fno-stack-protector", "-fcf-protection=none",
    "-fno-pic", "-fno-pie", "-ffunction-sections", "-fdata-sections",
    "-fno-asynchronous-unwind-tables",
]  # fmt: skip

# Configured for x86_64-elf, newlib takes exactly what the domains' lib offers.
_NEWLIB_CONFIGURE = [
    "--host=x86_64-elf", "--disable-newlib-supplied-syscalls", "--disable-multilib",
    "--enable-newlib-reent-small=no", "--disable-newlib-io-float", "--disable-shared",
]  # fmt: skip


def _jobs() -> str:
    return f"-j{min(2, os.cpu_count() or 1)}"


def _stamp(name: str, recipe: str) -> Path:
    key = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    return paths.SYSROOT / f".{name}-{key}"


def _once(name: str, recipe: str, build: Callable[[], None]) -> None:
    stamp = _stamp(name, recipe)
    if stamp.exists():
        return
    with report.step(f"building {name} (once)"):
        build()
    for old in paths.SYSROOT.glob(f".{name}-*"):
        old.unlink()
    stamp.touch()


def _flags_for(source: Path) -> str:
    return " ".join([*_FLAGS, f"-ffile-prefix-map={source}=."])


def _build_newlib() -> None:
    if not _NEWLIB_TARBALL.exists():
        raise BulkheadFailed(f"{_NEWLIB_TARBALL} is missing: install the package newlib-source")
    debian.check_pin(_NEWLIB_TARBALL, _NEWLIB_SHA256)
    work = paths.WORK / "newlib"
    shutil.rmtree(work, ignore_errors=True)
    (work / "obj").mkdir(parents=True)
    log = paths.WORK / "newlib.log"
    proc.run(["tar", "-xf", _NEWLIB_TARBALL, "-C", work], what="unpacking newlib")
    env = {
        "CC": "gcc", "AR": "ar", "RANLIB": "ranlib", "AS": "as", "MAKEINFO": "true",
        "CFLAGS": _flags_for(work), "CC_FOR_BUILD": "gcc",
    }  # fmt: skip
    proc.run(
        [work / "newlib-salsa" / "newlib" / "configure", f"--prefix={work / 'install'}",
         *_NEWLIB_CONFIGURE],
        what="configuring newlib", cwd=work / "obj", env=env, log=log,
    )  # fmt: skip
    proc.run(["make", _jobs(), "all"], what="building newlib", cwd=work / "obj", env=env, log=log)
    proc.run(["make", "install"], what="installing newlib", cwd=work / "obj", env=env, log=log)
    installed = work / "install" / "x86_64-elf"
    for part in ("include", "lib"):
        shutil.copytree(installed / part, paths.SYSROOT / part, dirs_exist_ok=True)
    shutil.rmtree(work)


def _build_libcbor() -> None:
    tarball = debian.fetch_source(
        "libcbor", f"{_CBOR_VERSION}-2", "trixie", f"libcbor_{_CBOR_VERSION}.orig.tar.gz", _CBOR_SHA256
    )
    work = paths.WORK / "libcbor"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    proc.run(["tar", "-xf", tarball, "-C", work, "--strip-components=1"], what="unpacking libcbor")
    source = work / "src"
    shutil.copytree(_CBOR_CONFIG / "cbor", source / "cbor", dirs_exist_ok=True)
    objects = []
    for unit in sorted(source.rglob("*.c")):
        made = work / (unit.relative_to(source).as_posix().replace("/", "_") + ".o")
        proc.run(
            ["gcc", "-std=c99", *_flags_for(work).split(), "-DEIGHT_BYTE_SIZE_T",
             "-isystem", paths.SYSROOT / "include", "-I", source, "-c", unit, "-o", made],
            what=f"compiling libcbor's {unit.name}",
        )  # fmt: skip
        objects.append(made)
    archive = paths.SYSROOT / "lib" / "libcbor.a"
    archive.unlink(missing_ok=True)
    proc.run(["ar", "rcsD", archive, *objects], what="archiving libcbor")
    for header in [source / "cbor.h", *sorted((source / "cbor").rglob("*.h"))]:
        to = paths.SYSROOT / "include" / header.relative_to(source)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(header, to)
    shutil.rmtree(work)


def _build_cipher() -> None:
    tarball = debian.fetch_source(
        "mbedtls", f"{_CIPHER_VERSION}-1", "bookworm",
        f"mbedtls_{_CIPHER_VERSION}.orig.tar.gz", _CIPHER_SHA256,
    )  # fmt: skip
    work = paths.WORK / "mbedtls"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    proc.run(["tar", "-xf", tarball, "-C", work, "--strip-components=1"], what="unpacking Mbed TLS")
    include = work / "include"
    shutil.copy(_CIPHER_CONFIG, include / "mbedtls" / "config.h")
    objects = []
    for unit in _CIPHER_UNITS:
        made = work / f"{unit}.o"
        proc.run(
            ["gcc", "-std=c99", *_flags_for(work).split(), "-mgeneral-regs-only",
             "-isystem", paths.SYSROOT / "include", "-I", include,
             "-c", work / "library" / f"{unit}.c", "-o", made],
            what=f"compiling Mbed TLS's {unit}.c",
        )  # fmt: skip
        objects.append(made)
    archive = paths.SYSROOT / "lib" / "libmbedcrypto.a"
    archive.unlink(missing_ok=True)
    proc.run(["ar", "rcsD", archive, *objects], what="archiving Mbed TLS")
    (paths.SYSROOT / "include" / "mbedtls").mkdir(parents=True, exist_ok=True)
    for header in _CIPHER_HEADERS:
        if (include / "mbedtls" / f"{header}.h").exists():
            shutil.copy(include / "mbedtls" / f"{header}.h", paths.SYSROOT / "include" / "mbedtls")
    shutil.rmtree(work)


def ensure() -> None:
    """Makes build/sysroot complete; returns at once when it is."""
    paths.SYSROOT.mkdir(parents=True, exist_ok=True)
    flags = " ".join(_FLAGS)
    _once("newlib", f"{_NEWLIB_SHA256} {flags} {' '.join(_NEWLIB_CONFIGURE)}", _build_newlib)
    config = "".join(path.read_text() for path in sorted(_CBOR_CONFIG.rglob("*.h")))
    _once("libcbor", f"{_CBOR_SHA256} {flags} {config} {_NEWLIB_SHA256}", _build_libcbor)
    cipher = f"{_CIPHER_SHA256} {flags} general-regs-only {_CIPHER_CONFIG.read_text()} {_CIPHER_UNITS} {_NEWLIB_SHA256}"
    _once("mbedtls", cipher, _build_cipher)
