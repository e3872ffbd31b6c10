"""python3 -m capdl: compile, check, prove, graph and matrix."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from . import api
from .errors import CapdlError, UsageError
from .graph import graph_svg
from .matrix import matrix_csv, matrix_html
from .summary import Summary, human_bytes

STATUS_REFUSED, STATUS_USAGE = 1, 2


def _parameters(pairs: Sequence[str]) -> dict[str, str]:
    made: dict[str, str] = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals or not name:
            raise UsageError(f"--set {pair}; expected NAME=VALUE")
        made[name] = value
    return made


_file = click.argument("file", metavar="FILE.toml", type=click.Path(path_type=Path))
_set = click.option("--set", "pairs", metavar="NAME=VALUE", multiple=True, help="Set a parameter of the description.")


class _Images(click.Command):
    """Takes `--images DIR DIR…`: every word up to the next option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        spread: list[str] = []
        within = False
        for word in args:
            if word == "--images":
                within = True
            elif within and not word.startswith("-"):
                spread += ["--images", word]
            else:
                within = False
                spread.append(word)
        return super().parse_args(ctx, spread)


_images = click.option(
    "--images",
    "folders",
    metavar="DIR…",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Folders to look for images in, in order.",
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Check, compile and prove descriptions of systems (docs/capdl.md)."""


@cli.command("compile", cls=_Images)
@_file
@_images
@_set
@click.option("--out", required=True, metavar="DIR", type=click.Path(path_type=Path), help="Where the outputs go.")
def compile_command(file: Path, folders: Sequence[Path], pairs: Sequence[str], out: Path) -> None:
    """Write system.cbor, system.capdl, matrix.csv, matrix.html, graph.svg and summary.json."""
    made = api.compile_system(file, folders, _parameters(pairs), out, str(file))
    click.echo(_one_line(made.summary))


@cli.command("check", cls=_Images)
@_file
@_images
@_set
def check_command(file: Path, folders: Sequence[Path], pairs: Sequence[str]) -> None:
    """Check FILE and prove its claims; without --images, images are not looked for."""
    checked = api.check_system(file, folders or None, _parameters(pairs), str(file))
    for claim in checked.claims:
        click.echo(f"proved: {claim}")
    _table(checked.summary)
    if checked.system.unsafe_dma:
        click.echo("unsafe_dma: without an IOMMU its devices reach all memory, the kernel's included")
    click.echo(_one_line(checked.summary))


@cli.command("prove")
@click.argument("file", metavar="system.cbor", type=click.Path(path_type=Path))
def prove_command(file: Path) -> int:
    """Prove the claims of a compiled system from its CBOR alone; a broken one is shown with its path."""
    status = 0
    for text, path in api.prove_file(file):
        click.echo(f"broken: {text}\n    {path}" if path else f"proved: {text}", err=bool(path))
        status = STATUS_REFUSED if path else status
    return status


@cli.command("graph", cls=_Images)
@_file
@_images
@_set
@click.option("-o", "--output", default="-", metavar="FILE", help="Where the SVG goes [default: standard output].")
def graph_command(file: Path, folders: Sequence[Path], pairs: Sequence[str], output: str) -> None:
    """Draw domains, guests, channels and calls."""
    checked = api.check_system(file, folders or None, _parameters(pairs), str(file))
    _write(output, graph_svg(checked.view))


@cli.command("matrix", cls=_Images)
@_file
@_images
@_set
@click.option("--html", is_flag=True, help="A page to look at instead of CSV.")
@click.option("-o", "--output", default="-", metavar="FILE", help="Where it goes [default: standard output].")
def matrix_command(file: Path, folders: Sequence[Path], pairs: Sequence[str], html: bool, output: str) -> None:
    """Print the access matrix: who may do what to which object."""
    checked = api.check_system(file, folders or None, _parameters(pairs), str(file))
    _write(output, matrix_html(checked.view, checked.claims) if html else matrix_csv(checked.view))


def _write(output: str, text: str) -> None:
    try:
        with click.open_file(output, "w", encoding="utf-8") as out:
            out.write(text)
    except OSError as error:
        raise UsageError(f"cannot write {output}: {error.strerror}") from error


def _one_line(facts: Summary) -> str:
    return (
        f"{facts.system}: {len(facts.domains)} domains, {facts.guests} guests, {facts.capabilities} capabilities, "
        f"{human_bytes(facts.memory_kib * 1024)} of {human_bytes(facts.machine_mib << 20)}"
    )


def _table(facts: Summary) -> None:
    table = Table(box=None, pad_edge=False)
    for column in ("domain", "guest", "image", "memory", "capabilities", "priority", "budget", "restart"):
        table.add_column(
            column, justify="right" if column in ("memory", "capabilities", "priority", "budget") else "left"
        )
    for one in facts.domains:
        table.add_row(
            one.name,
            one.guest or "-",
            one.image,
            human_bytes(one.memory_bytes),
            str(one.capabilities),
            str(one.priority),
            f"{100 * one.budget_us / one.period_us:g} %",
            one.restart,
        )
    Console(width=None if sys.stdout.isatty() else 110).print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """One command; its exit status: 0 good, 1 refused (the reason is on standard error), 2 usage."""
    try:
        status = cli.main(args=None if arguments is None else list(arguments), prog_name="capdl", standalone_mode=False)
        return status if isinstance(status, int) else 0
    except click.exceptions.Exit as leave:
        return leave.exit_code
    except click.ClickException as error:
        click.echo(f"capdl: {error.format_message()} (--help says more)", err=True)
        return STATUS_USAGE
    except click.Abort:
        return 130
    except UsageError as error:
        click.echo(f"capdl: {error}", err=True)
        return STATUS_USAGE
    except CapdlError as error:
        click.echo(str(error), err=True)
        return STATUS_REFUSED
