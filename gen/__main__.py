"""The command: python3 -m gen --out DIR idl/*.idl"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .emit import emit_all
from .load import check_released, load
from .model import Model
from .problem import IdlError

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), help="Folder for the generated files.")
@click.option("--check-released", "released", type=_FOLDER,
              help="Compare with every interface released in this folder. Without the option each file is compared "
                   "with its namesake in the folder 'released' beside it.")
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False))
def main(out: Path | None, released: Path | None, files: tuple[str, ...]) -> None:
    """Compile the interfaces FILES; without --out, only check them."""
    try:
        whole = load(files)
        _compare(whole, released)
    except IdlError as error:
        click.echo(str(error), err=True)
        sys.exit(1)
    if out is not None:
        write(out, emit_all(whole))


def _compare(whole: Model, released: Path | None) -> None:
    if released is not None:
        check_released(whole, released, complete=True)
        return
    for folder in sorted({Path(file.path).parent / "released" for file in whole.files}):
        if folder.is_dir():
            check_released(whole, folder, complete=False)


def write(out: Path, outputs: dict[str, str]) -> None:
    for name in sorted(outputs):
        path = out / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(outputs[name], encoding="utf-8")


if __name__ == "__main__":
    main(prog_name="python3 -m gen")
