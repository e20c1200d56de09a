"""``tenbit sample``: a simulated camera's raw file, whose every fault is known."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


@click.command(epilog="Example: tenbit sample a.dng --lens 'even k=-0.05,0.01 vignetting=-0.4,0,0' --cfa QRGGB")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--rows", type=click.IntRange(min=64), default=1080, show_default=True)
@click.option("--cols", type=click.IntRange(min=64), default=1440, show_default=True)
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same bytes.")
@click.option("--cfa", default="RGGB", show_default=True, help="RGGB, GRBG, GBRG, BGGR; QRGGB … for quad-Bayer.")
@click.option("--bits", type=int, default=10, show_default=True, help="8, 10, 12, 14 or 16.")
@click.option("--black", type=int, default=64, show_default=True, help="Black level, counts.")
@click.option("--iso", type=float, default=100.0, show_default=True, help="More is noisier.")
@click.option("--ev", "exposure_ev", type=float, default=0.0, show_default=True, help="More light, in stops.")
@click.option("--noise/--no-noise", "is_noisy", default=True, show_default=True)
@click.option("--hot", "hot_pixels", type=int, default=0, show_default=True, help="Pixels stuck bright.")
@click.option("--dead", "dead_pixels", type=int, default=0, show_default=True, help="Pixels stuck dark.")
@click.option("--lens", help="Faults of the lens, in a line; see the example.")
@click.option("--truth/--no-truth", default=True, show_default=True, help="The ideal picture as a 16-bit linear TIFF.")
@click.option("--overwrite", is_flag=True, help="Replace files that exist.")
def sample(out: Path, lens: str | None, overwrite: bool, **options: Any) -> None:
    """Simulate a camera: write a raw file (.dng, .raw10) whose every fault is known."""
    from tenbit.pipeline.sample import LensModel, make, outputs

    try:
        there = [str(path) for path in outputs(out, truth=options["truth"]) if path.exists()]
        if there and not overwrite:
            raise ValueError(f"{', '.join(there)} exist{'' if there[1:] else 's'} already; --overwrite replaces")
        written = make(out, lens=LensModel.parse(lens) if lens else None, **options)
    except ValueError as error:
        raise click.UsageError(str(error)) from None
    for path in written:
        click.echo(str(path))
