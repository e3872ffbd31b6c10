"""The commands people type, and the one place where a failure becomes an exit status."""

from __future__ import annotations

import json
import shutil
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console

from capdl import cli as capdl_cli

from bulkhead import (
    attach, bench, control, debiandisk, devices, errors, grub, guests, paths, platforms, pstables, report, run, singleguest, sources,
    sysroot, systems, testrun,
)  # fmt: skip
from bulkhead import build as building
from bulkhead.errors import BulkheadError, BulkheadFailed, UsageProblem

_EPILOG = (
    "Exit status: 2 usage, 124 time-out, 125 Bulkhead itself failed; "
    "`run --exec` gives the command's own status, or 126 if the guest died."
)


class _Command(click.Command):
    """A command that also takes --yes, which the shell wrapper has acted on already."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self.params.append(
            click.Option(
                ["--yes"], is_flag=True, expose_value=False, help="Ask nothing before installing packages."
            )
        )


class _Group(click.Group):
    command_class = _Command


@click.group(cls=_Group, epilog=_EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--yes", is_flag=True, expose_value=False, help="Ask nothing before installing packages.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, only results and errors.")
@click.option("--no-build", is_flag=True, help="Use what is built already.")
def cli(quiet: bool, no_build: bool) -> None:
    """Bulkhead, a separation hypervisor: build it, run it, test it, measure it."""
    report.set_quiet(quiet)
    building.skip(no_build)


@cli.command()
def setup() -> None:
    """Install packages, build newlib and libcbor, fetch the guest kernels."""
    sysroot.ensure()
    versions = guests.ensure()
    report.say(f"ready; guests: {versions.linux_cloud}, {versions.linux_amd64}, {versions.memtest}")


@cli.command()
def debian() -> None:
    """Make a disk image with a Debian system, and say how to boot it."""
    debiandisk.ensure()
    disk, initrd, kernel = (paths.shown(file) for file in (debiandisk.DISK, debiandisk.INITRD, guests.LINUX_CLOUD))
    click.echo(f"./bulkhead run --guest {kernel} --initrd {initrd} --append '{debiandisk.APPEND}' --disk {disk} --net")


@cli.command()
@click.argument("preset", default="target")
def build(preset: str) -> None:
    """Build a preset: target (default), target-clang, host or fuzz."""
    if preset not in building.PRESETS:
        raise UsageProblem(f"no preset '{preset}'; there are: {', '.join(building.PRESETS)}")
    building.build(preset)


@cli.command("format", hidden=True)
@click.argument("files", nargs=-1, type=click.Path(exists=True, dir_okay=False, path_type=Path))
def format_command(files: Sequence[Path]) -> None:
    """Let clang-format rewrite FILES (default: every C file of the tree)."""
    sources.reformat(list(files) or sources.c_files())


_cpu_option = click.option("--cpu", type=click.Choice(platforms.VENDORS),
                           help="Virtualization of the processor [default: svm on qemu, vmx on bochs].")
_on_option = click.option("--on", "emulator", type=click.Choice(platforms.EMULATORS), default="qemu", show_default=True,
                          help="The emulator.")


@cli.command("run")
@click.argument("system", required=False)
@_on_option
@_cpu_option
@click.option("--tenant", metavar="NAME", help="The tenant in whose shell --exec runs.")
@click.option("--exec", "command", metavar="COMMAND", help="Run one command and exit with its status.")
@click.option("--kill", "kill_texts", metavar="DOMAIN@Ns", multiple=True,
              help="Kill a domain N seconds after COMMAND starts, or after all shells answer. May be repeated.")
@click.option("--iommu", type=click.Choice(devices.IOMMUS),
              help="The IOMMU of a machine with devices; none: a system that says unsafe_dma [default: vtd; none for such a system].")
@click.option("--disk", metavar="IMG",
              help="What the disk holds [default: a file under build/run/ that is kept; with --guest: no disk].")
@click.option("--guest", "guest_file", metavar="FILE", help="Boot this kernel image as the only tenant.")
@click.option("--initrd", metavar="FILE", help="With --guest: its initial RAM disk or module.")
@click.option("--append", metavar="TEXT", default="", help="With --guest: its command line.")
@click.option("--mem", "memory_mib", metavar="MIB", type=click.IntRange(16, 65536), default=512,
              show_default=True, help="With --guest: its memory.")
@click.option("--debug-exit", is_flag=True, help="With --guest: give it QEMU's isa-debug-exit at 0xf4.")
@click.option("--net", is_flag=True, help="With --guest: give it a network.")
@click.option("--console", "console_device", type=click.Choice(("uart", "virtio")), default="uart", show_default=True,
              help="With --guest: the device in it that its terminal is.")
@click.option("--timeout", "timeout_s", metavar="S", type=click.FloatRange(min=0, min_open=True),
              help="Give up after this many seconds: exit status 124.")
def run_command(
    system: str | None, emulator: str, cpu: str | None, tenant: str | None, command: str | None,
    kill_texts: Sequence[str], iommu: str | None, disk: str | None, guest_file: str | None, initrd: str | None, append: str,
    memory_mib: int, debug_exit: bool, net: bool, console_device: str, timeout_s: float | None,
) -> int:  # fmt: skip
    """Boot SYSTEM (default two-tenants) on the emulator.

    Alone, it gives you the machine's console. With --tenant and --exec it prints one command's output
    and exits with its status. With --guest it boots a single kernel image: exit status odd from
    debug-exit, 0 for a clean power-off, 124 time-out, 126 the guest died, 4 Bulkhead failed.
    """
    platform = platforms.choose(emulator, cpu)
    if guest_file is not None:
        if system or tenant or command or kill_texts:
            raise UsageProblem("--guest stands alone: no SYSTEM, --tenant, --exec or --kill with it")
        return run.run_guest(
            singleguest.Request(
                kernel=run.existing_file(guest_file),
                initrd=run.existing_file(initrd) if initrd else None,
                append=append,
                memory_mib=memory_mib,
                debug_exit=debug_exit,
                disk=run.existing_file(disk) if disk is not None else None,
                net=net,
                console=console_device,
            ),
            timeout_s,
            platform,
            iommu,
        )
    if initrd or append or debug_exit or net or console_device != "uart":
        raise UsageProblem("--initrd, --append, --debug-exit, --net and --console need --guest FILE")
    name = system or paths.DEFAULT_SYSTEM
    kills = [run.Kill.parse(text) for text in kill_texts]
    choice = run.Choice(platform, iommu, run.existing_file(disk) if disk is not None else None)
    if (tenant is None) != (command is None):
        raise UsageProblem("--tenant NAME and --exec COMMAND go together")
    if tenant is not None and command is not None:
        return run.run_command(name, tenant, command, kills, timeout_s, choice)
    if timeout_s is not None:
        raise UsageProblem("--timeout needs --exec or --guest")
    return run.run_system(name, kills, choice)


@cli.command()
@click.argument("file", metavar="FILE.toml")
def check(file: str) -> int:
    """Check a system description (a file, or a name) and prove its claims.

    Nothing is built for it. Exit status 1 if the description is refused.
    """
    return int(capdl_cli.main(["check", paths.shown(systems.find(file))]))


def _compiled_file(system: str, name: str) -> Path:
    file = systems.find(system)
    building.build("target")
    guests.ensure()
    folder = paths.SYSTEMS / file.stem
    systems.compile_description(file, folder, systems.image_folders())
    made = folder / name
    if not made.is_file():
        raise BulkheadFailed(f"{paths.shown(made)} was not made")
    return made


def _hand_over(made: Path, output: str | None) -> None:
    if output is None:
        click.echo(paths.shown(made))
    elif output == "-":
        click.get_binary_stream("stdout").write(made.read_bytes())
    else:
        shutil.copy(made, output)


@cli.command()
@click.argument("system", default=paths.DEFAULT_SYSTEM)
@click.option("-o", "--output", metavar="FILE", help="Where to put the SVG; - for standard output.")
def graph(system: str, output: str | None) -> None:
    """Draw SYSTEM's domains and channels; prints the picture's path."""
    _hand_over(_compiled_file(system, "graph.svg"), output)


@cli.command()
@click.argument("system", default=paths.DEFAULT_SYSTEM)
@click.option("--html", is_flag=True, help="The HTML form instead of CSV.")
@click.option("-o", "--output", metavar="FILE", default="-", show_default=True, help="Where to put it.")
def matrix(system: str, html: bool, output: str) -> None:
    """Print SYSTEM's access matrix: who may do what to whom."""
    _hand_over(_compiled_file(system, "matrix.html" if html else "matrix.csv"), output)


@cli.command()
@click.argument("system", default=paths.DEFAULT_SYSTEM)
@click.option("-o", "--output", metavar="FILE", help="Where to put it [default: build/systems/SYSTEM/]")
def iso(system: str, output: str | None) -> None:
    """Make a bootable CD or USB image of SYSTEM, for BIOS and UEFI and for both CPU vendors."""
    made = systems.assemble(systems.find(system))
    out = Path(output) if output is not None else made.folder / f"{made.name}.iso"
    with report.step("making the CD image"):
        grub.make_iso(out, grub.seal_kernels(made), made.modules)
    click.echo(paths.shown(out))


_system_option = click.option("--system", metavar="NAME", help="Which running system, if there are several.")


@cli.command()
@click.argument("name")
@_system_option
def console(name: str, system: str | None) -> int:
    """Attach to tenant NAME's console of a running system."""
    return attach.attach(system, name)


@cli.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@_system_option
def ps(as_json: bool, system: str | None) -> None:
    """List the domains of a running system."""
    answer = control.request(system, "ps")
    if as_json:
        click.echo(json.dumps(answer["domains"], indent=2))
        return
    for part in pstables.parts(answer["domains"]):
        Console().print(part, highlight=False)


@cli.command()
@click.argument("domain")
@_system_option
def kill(domain: str, system: str | None) -> None:
    """Kill DOMAIN of a running system; its restart policy then applies."""
    control.request(system, f"kill {domain}")


@cli.command()
@click.argument("domain")
@_system_option
def restart(domain: str, system: str | None) -> None:
    """Destroy DOMAIN of a running system and rebuild it from its description."""
    control.request(system, f"restart {domain}")


@cli.command("bench")
@click.argument("rows", nargs=-1, metavar="[ROW]...")
@click.option("--on", "emulator", type=click.Choice([*platforms.EMULATORS, "all"]), default="qemu", show_default=True,
              help="The emulator; all: SVM on QEMU and VMX on Bochs.")
@_cpu_option
@click.option("--json", "json_file", metavar="FILE", help="Also write the rows here.")
def bench_command(rows: Sequence[str], emulator: str, cpu: str | None, json_file: str | None) -> int:
    """Measure every row of the budget; exit status 1 if one is missing or over.

    The table shows SVM beside VMX: what the other one measured last, if its kernel image is still the same.
    """
    if emulator == "all" and cpu is not None:
        raise UsageProblem("--on all measures SVM and VMX: leave --cpu away")
    chosen = platforms.EMULATORS if emulator == "all" else (emulator,)
    return bench.main(rows, Path(json_file) if json_file else None, [platforms.choose(one, cpu) for one in chosen])


@cli.command("test")
@click.argument("filters", nargs=-1, metavar="[FILTER]...")
@_on_option
@_cpu_option
@click.option("--mutants", is_flag=True, help="Show that the tests fail when a check is taken out.")
@click.option("--long", "long_tests", is_flag=True, help="Also the tests that take long.")
@click.option("--json", "json_file", metavar="FILE", help="Also write every result here.")
@click.option("--build", type=click.Choice(["all", "host", "target"]), default="all", hidden=True,
              help="What the chosen tests need (for the mutants).")
def test_command(
    filters: Sequence[str], emulator: str, cpu: str | None, mutants: bool, long_tests: bool, json_file: str | None,
    build: str,
) -> int:  # fmt: skip
    """Run the tests whose name or path holds a FILTER (default: all).

    With --on bochs: those of tests/guest and tests/domain, on Bochs.
    """
    file = Path(json_file) if json_file else None
    platform = platforms.choose(emulator, cpu)
    return testrun.main(testrun.Request(filters, mutants, long_tests, file, build, platform))


def _is_guest_run(arguments: Sequence[str]) -> bool:
    words = list(arguments)
    while words and words[0].startswith("-"):
        words.pop(0)
    return words[:1] == ["run"] and any(
        word == "--guest" or word.startswith("--guest=") for word in words
    )


def _exit_status(error: BulkheadError, guest_run: bool) -> int:
    """Under `run --guest` odd values belong to the guest, so Bulkhead's own failure is 4."""
    if guest_run and error.exit_status == errors.EXIT_BULKHEAD_FAILED:
        return errors.EXIT_GUEST_MODE_FAILED
    return error.exit_status


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command and returns its exit status."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    guest_run = _is_guest_run(words)
    try:
        status = cli.main(args=words, prog_name="bulkhead", standalone_mode=False)
        return status if isinstance(status, int) else errors.EXIT_OK
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx is not None else "bulkhead"
        report.fail(f"{error.format_message()} ({where} --help says more)")
        return errors.EXIT_USAGE
    except (click.Abort, KeyboardInterrupt):
        report.fail("interrupted")
        return 130
    except BulkheadError as error:
        report.fail(str(error))
        return _exit_status(error, guest_run)
    except OSError as error:
        failed = BulkheadFailed(f"{error.strerror or error}: {error.filename or 'no file named'}")
        report.fail(str(failed))
        return _exit_status(failed, guest_run)
    except Exception:
        # A defect of the tool itself: here the trace is what a person needs to report it.
        traceback.print_exc()
        return _exit_status(BulkheadFailed("a defect of the tool"), guest_run)
