"""What dark frames tell of a sensor: its black level, the noise of reading it, and the sites that are defective."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tenbit.kernels._facts import Array
from tenbit.pipeline.errors import ReadError, RequestError, TenbitError
from tenbit.pipeline.foreseen import CameraLike
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.images.atomic import replaced
from tenbit.pipeline.raw import read
from tenbit.pipeline.raw.camera import Camera, load_camera
from tenbit.pipeline.raw.covered import typical

# A frame in which more of the sites than this stand out is no dark frame.
MOST_DEFECTS = 0.01
# A mean that is further above the file's black than this share of its range shows that light came in.
MOST_LIGHT = 0.05
COLUMNS = ("ISO", "exposure", "frames", "black", "read noise", "hot", "stuck low")


class Light(NamedTuple):
    """What frames must share for their hot sites and their noise to be the same."""

    iso: int | None
    exposure_s: float | None


@dataclass
class Group:
    """Frames of one ISO and exposure time.

    Parameters
    ----------
    black, noise : list of array
        Per frame: mean per CFA site, counts. Per frame after the first, or for the first alone: standard deviation per
        CFA site, counts.
    hot, low : dict
        Sites that stood out so far, as flat indices, and in how many frames.
    """

    black: list[Array] = field(default_factory=list)
    noise: list[Array] = field(default_factory=list)
    hot: dict[int, int] = field(default_factory=dict)
    low: dict[int, int] = field(default_factory=dict)
    is_between_frames: bool = False

    def most(self, counted: dict[int, int]) -> list[int]:
        """Sites that stood out in more than half of the frames."""
        return sorted(site for site, number in counted.items() if 2 * number > len(self.black))


@dataclass(frozen=True)
class Dark:
    """What dark frames of one sensor say together.

    Parameters
    ----------
    rows, cols : int
    cfa : str
    black : tuple of float
        Mean per CFA site over all frames, counts.
    hot, low : array
        (count, 2) rows and columns of the sites that stand above, and below, in most frames of some exposure.
    groups : dict of Light to Group
    camera : Camera or None
        That the frames were read with, for packed dumps.
    """

    rows: int
    cols: int
    cfa: str
    black: tuple[float, ...]
    hot: Array
    low: Array
    groups: dict[Light, Group]
    camera: Camera | None = None

    @property
    def sites(self) -> Array:
        """All defective sites, sorted."""
        return np.unique(np.concatenate([self.hot, self.low]), axis=0)

    def table(self) -> list[tuple[str, ...]]:
        """A row per exposure, as `COLUMNS`."""
        rows: list[tuple[str, ...]] = []
        for light, group in sorted(self.groups.items(), key=lambda item: [n or 0 for n in item[0]]):
            black, noise = np.mean(group.black, axis=0), _together(group.noise)
            rows.append(
                (
                    "-" if light.iso is None else str(light.iso),
                    "-" if light.exposure_s is None else f"{light.exposure_s:g} s",
                    str(len(group.black)),
                    _figures(black),
                    _figures(noise) + ("" if group.is_between_frames else " (of one frame)"),
                    str(len(group.most(group.hot))),
                    str(len(group.most(group.low))),
                )
            )
        return rows


def _together(noise: Sequence[Array]) -> Array:
    """One standard deviation per site from several."""
    return np.asarray(np.sqrt(np.mean(np.square(noise), axis=0)))


def _figures(values: Array) -> str:
    """Numbers of a CFA period, or of a quad-Bayer's, by its mean alone."""
    return " ".join(f"{value:.2f}" for value in values) if len(values) == 4 else f"{values.mean():.2f}"


def dark(
    paths: Sequence[Path], *, camera: CameraLike = None, k_sigma: float = 6.0, said: Callable[[str], None]
) -> tuple[Dark, int]:
    """What frames taken without light say; two of them are in memory at a time.

    Parameters
    ----------
    paths : sequence of Path
    camera : str or mapping, optional
        For packed dumps, see `tenbit.pipeline.raw.read`.
    k_sigma : float
        Standard deviations of its own frame that a defective site stands out by.
    said : callable
        Told, a line each, of files that cannot be used; the others are.

    Returns
    -------
    Dark
    int
        How many files could not be used.

    Raises
    ------
    RequestError
        If no file can be used.

    Notes
    -----
    Noise is what two frames of one exposure differ by, over the square root of 2, so that a fixed pattern is not taken
    for it; of one frame alone it is the spread of its sites.
    """
    first: Frame | None = None
    groups: dict[Light, Group] = {}
    before: tuple[Light, Array] | None = None
    failed = 0
    for path in paths:
        try:
            frame = read(path, camera=camera)
            before = _add(frame, groups, before, k_sigma, first)
            first = first or frame
        except TenbitError as error:
            reason = error.reason if isinstance(error, ReadError) else str(error)
            said(f"{path}: {reason}")
            failed += 1
    if first is None:
        raise RequestError(f"none of {failed} file{'s' if failed != 1 else ''} is a dark frame that can be used")
    facts = first.facts
    assert facts.cfa is not None
    found = [[site for g in groups.values() for site in g.most(counted(g))] for counted in (_hot, _low)]
    hot, low = (np.argwhere(_mask(sites, facts.rows, facts.cols)) for sites in found)
    black = np.mean([mean for group in groups.values() for mean in group.black], axis=0)
    is_dump = first.reader == "packed" and first.source is not None
    known = load_camera(camera, first.source) if is_dump and first.source else None
    levels = tuple(round(float(level), 3) for level in black)
    return Dark(facts.rows, facts.cols, facts.cfa.name, levels, hot, low, groups, known), failed


def _hot(group: Group) -> dict[int, int]:
    return group.hot


def _low(group: Group) -> dict[int, int]:
    return group.low


def _mask(sites: Sequence[int], rows: int, cols: int) -> Array:
    mask = np.zeros(rows * cols, bool)
    mask[sites] = True
    return mask.reshape(rows, cols)


def _add(
    frame: Frame, groups: dict[Light, Group], before: tuple[Light, Array] | None, k_sigma: float, first: Frame | None
) -> tuple[Light, Array]:
    """Take one frame in; what to compare the next one with.

    Raises
    ------
    ReadError
        If it is no dark frame, or of another sensor than the first.
    """
    facts, samples = frame.facts, frame.samples
    if facts.cfa is None:
        raise ReadError("demosaiced already: its sites are not to be seen")
    if first is not None and _kind(frame) != _kind(first):
        raise ReadError(f"a frame of {_kind(frame)}; the first was of {_kind(first)}")
    period = facts.cfa.period
    light = Light(frame.exif.iso, frame.exif.exposure_s)
    black, spread = np.zeros(period**2), np.zeros(period**2)
    is_hot, is_low = np.zeros(samples.shape, bool), np.zeros(samples.shape, bool)
    earlier = before[1] if before is not None and before[0] == light else None
    noise = np.zeros(period**2)
    for site in range(period**2):
        at = (slice(site // period, None, period), slice(site % period, None, period))
        here = samples[at].astype(np.float32)
        usual = typical(here)
        black[site], spread[site] = usual.mean(dtype=np.float64), usual.std(dtype=np.float64)
        # Half a count, so that noise below the rounding does not make defects of it.
        limit = k_sigma * max(spread[site], 0.5 if samples.dtype.kind == "u" else 0.0)
        is_hot[at], is_low[at] = here - black[site] > limit, here - black[site] < -limit
        noise[site] = spread[site]
        if earlier is not None:
            noise[site] = typical(here - earlier[at]).std(dtype=np.float64) / 2**0.5
        if black[site] - facts.black[site] > MOST_LIGHT * (facts.white[site] - facts.black[site]):
            off = black[site] - facts.black[site]
            raise ReadError(f"no dark frame: its mean is {off:.0f} counts above the black level that the file tells")
    share = float((is_hot | is_low).mean())
    if share > MOST_DEFECTS:
        raise ReadError(f"no dark frame: {share:.1%} of its sites stand out by {k_sigma:g} standard deviations")
    group = groups.setdefault(light, Group())
    group.black.append(black)
    if earlier is not None and not group.is_between_frames:
        group.noise.clear()
        group.is_between_frames = True
    if earlier is not None or not group.is_between_frames:
        group.noise.append(noise)
    for mask, counted in ((is_hot, group.hot), (is_low, group.low)):
        for index in np.flatnonzero(mask).tolist():
            counted[index] = counted.get(index, 0) + 1
    return light, samples


def _kind(frame: Frame) -> str:
    """Size and CFA, which frames of one sensor share."""
    facts = frame.facts
    return f"{facts.rows} x {facts.cols} {facts.cfa.name if facts.cfa else ''}"


def write_dark(path: Path, found: Dark) -> None:
    """Write a camera file, for frames that need one, or a list of sites for those that do not; complete or not at all.

    Raises
    ------
    WriteError
        If it cannot be written.
    """
    with replaced(path) as file:
        file.write(as_yaml(found).encode())


def as_yaml(found: Dark) -> str:
    """The text of a camera file or list of sites: levels, how they were found, and a row and a column a line."""
    frames = sum(len(group.black) for group in found.groups.values())
    fields: dict[str, Any] = {"rows": found.rows, "cols": found.cols, "cfa": found.cfa}
    if found.camera is not None:
        known = {name: value for name, value in asdict(found.camera).items() if value is not None}
        fields = {name: _plain(value) for name, value in known.items() if name != "defects"} | fields
    fields["black"] = list(found.black)
    lines = [f"# Written by tenbit calibrate dark, from {frames} frame{'s' if frames != 1 else ''}."]
    lines += [f"{name}: {_scalar(value)}" for name, value in fields.items()]
    lines.append("calibration:")
    for light, group in found.groups.items():
        lines.append(f"  - iso: {_scalar(light.iso)}")
        lines.append(f"    exposure_s: {_scalar(light.exposure_s)}")
        lines.append(f"    frames: {len(group.black)}")
        lines.append(f"    black: {_scalar(np.round(np.mean(group.black, axis=0), 3).tolist())}")
        lines.append(f"    read_noise: {_scalar(np.round(_together(group.noise), 3).tolist())}   # counts")
        lines.append(f"    hot: {len(group.most(group.hot))}")
    lines.append("defects: |" if len(found.sites) else "defects: []")
    lines += [f"  {row} {col}" for row, col in found.sites.tolist()]
    return "\n".join(lines) + "\n"


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, tuple | list) else value


def _scalar(value: Any) -> str:
    """A value in YAML's flow style, which JSON is."""
    import json

    return json.dumps(value, ensure_ascii=False)
