"""Camera files: what a packed sensor dump does not say of itself (size, packing, CFA, levels, colour)."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenbit.kernels._facts import CFA_NAMES
from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.raw.defects import placed, sites_of

if TYPE_CHECKING:
    from pydantic import BaseModel

# Depth of each packing, in bits; u16 holds any depth up to 16, so its white level has to be told.
PACKINGS = {"raw10": 10, "raw12": 12, "u16": 16}
_ROOT = Path(__file__).resolve().parents[2] / "configs" / "cameras"
_SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Camera:
    """One sensor mode, as its camera file, sidecar and options say together.

    Parameters
    ----------
    name, make, model, source : str or None
        ``source`` says where the figures come from.
    rows, cols : int
        Of the picture.
    packing : {"raw10", "raw12", "u16"}
        MIPI RAW10, MIPI RAW12, or 16-bit little endian.
    stride : int
        Bytes from one row to the next.
    stored_rows : int
        Rows in the file; those beyond ``rows``, at the bottom, are padding.
    offset : int
        Bytes before the first row.
    cfa : str
        See `Cfa`.
    black : float or tuple of float
        Counts; one for all or one per site of a CFA period.
    white : float
        Counts.
    neutral : tuple of float or None
        Camera-space white (AsShotNeutral).
    color_matrix : tuple of tuple of float or None
        XYZ to camera under ``illuminant``.
    illuminant : int
        EXIF LightSource code; 21 is D65.
    orientation : int
        EXIF orientation.
    noise : tuple of (scale, offset) or None
        Variance = scale · signal + offset at the sensitivity used, signal 0 at black and 1 at white, as in DNG's
        NoiseProfile; one pair for all colours or one each for red, green and blue.
    pixel_um : float or None
        From one sample to the next on the sensor.
    defects : tuple of (row, col) or None
        Sites that are known to be defective; a camera file may name a list that ``tenbit calibrate dark`` wrote.
    """

    rows: int
    cols: int
    packing: str
    stride: int
    cfa: str
    white: float
    black: float | tuple[float, ...] = 0.0
    stored_rows: int = 0
    offset: int = 0
    neutral: tuple[float, float, float] | None = None
    color_matrix: tuple[tuple[float, float, float], ...] | None = None
    illuminant: int = 21
    orientation: int = 1
    noise: tuple[tuple[float, float], ...] | None = None
    pixel_um: float | None = None
    defects: tuple[tuple[int, int], ...] | None = None
    name: str | None = None
    make: str | None = None
    model: str | None = None
    source: str | None = None

    @property
    def row_bytes(self) -> int:
        """Bytes that the samples of one row take, padding not counted."""
        return row_bytes(self.cols, self.packing)


def row_bytes(cols: int, packing: str) -> int:
    """Bytes of one row: MIPI packs 4 pixels in 5 bytes or 2 in 3, and fills up the last group."""
    if packing == "raw10":
        return -(-cols // 4) * 5
    return -(-cols // 2) * 3 if packing == "raw12" else cols * 2


@cache
def _model() -> type[BaseModel]:
    from typing import Annotated, Literal

    from pydantic import ConfigDict, Field, create_model

    whole = Annotated[int, Field(gt=0, le=1 << 20)]
    finite = Annotated[float, Field(allow_inf_nan=False)]
    above = Annotated[float, Field(gt=0, allow_inf_nan=False)]
    levels = finite | Annotated[tuple[finite, ...], Field(min_length=4, max_length=16)]
    triple = tuple[finite, finite, finite]
    positive = Annotated[float, Field(ge=0, allow_inf_nan=False)]
    fields: dict[str, Any] = {
        "rows": (whole, ...),
        "cols": (whole, ...),
        "packing": (Literal[tuple(PACKINGS)], ...),
        "stride": (Annotated[int, Field(gt=0, le=1 << 24)] | None, None),
        "stored_rows": (whole | None, None),
        "offset": (Annotated[int, Field(ge=0)], 0),
        "cfa": (Literal[CFA_NAMES], ...),
        "black": (levels, 0.0),
        "white": (above | None, None),
        "neutral": (tuple[above, above, above] | None, None),
        "color_matrix": (tuple[triple, triple, triple] | None, None),
        "illuminant": (Annotated[int, Field(ge=0, le=255)], 21),
        "orientation": (Annotated[int, Field(ge=1, le=8)], 1),
        "noise": (tuple[tuple[positive, positive], ...] | None, None),
        "pixel_um": (Annotated[float, Field(ge=0.1, le=100)] | None, None),
        "defects": (str | list[tuple[int, int]] | None, None),
        "calibration": (Any, None),
        "name": (str | None, None),
        "make": (str | None, None),
        "model": (str | None, None),
        "source": (str | None, None),
    }
    return create_model("CameraFields", __config__=ConfigDict(extra="forbid", protected_namespaces=()), **fields)


def shipped_cameras() -> tuple[str, ...]:
    """Names of the camera files that come with tenbit."""
    return tuple(sorted(path.stem for path in _ROOT.glob("*.yaml")))


class _Fields(dict[str, Any]):
    """Fields under their names, and where each was said, for messages."""

    def __init__(self) -> None:
        super().__init__()
        self.places: dict[str, str] = {}

    def add(self, fields: Mapping[str, Any], place: str, lines: Mapping[str, str] | None = None) -> None:
        for name, value in fields.items():
            self[name] = value
            self.places[name] = (lines or {}).get(name, place)


def load_camera(camera: str | Path | Mapping[str, Any] | None, path: Path) -> Camera | None:
    """The camera for one dump: a camera file, overridden by the sidecar beside the dump, overridden by a mapping.

    Parameters
    ----------
    camera : str, Path, mapping or None
        Name of a shipped camera file, path of a YAML file, or the fields themselves; the fields (and a sidecar's) may
        name a camera file to start from as ``camera``.
    path : Path
        The dump. ``x.raw.json`` and then ``x.json`` are looked for beside ``x.raw``; a ``lens`` in them is no business
        of a camera's. Its suffix ``.raw10`` or ``.raw12`` is the packing when nothing else says it.

    Returns
    -------
    Camera or None
        None when there is neither a camera nor a sidecar.

    Raises
    ------
    ReadError
        For an unknown camera or fields that are missing, misspelt or impossible: every fault, on one line.
    """
    explicit = dict(camera) if isinstance(camera, Mapping) else {}
    sidecar_path, sidecar = _sidecar(path)
    sidecar.pop("lens", None)  # read by `tenbit.pipeline.lenses.asked`
    base = explicit.pop("camera", None) or sidecar.pop("camera", None)
    sidecar.pop("camera", None)
    base = camera if isinstance(camera, str | Path) else base
    if camera is None and sidecar_path is None:
        return None
    fields = _Fields()
    if path.suffix.lower() in (".raw10", ".raw12"):
        fields.add({"packing": path.suffix.lower()[1:]}, path.name)
    if base is not None:
        place, values, lines = camera_file(base)
        fields.add(values, place, lines)
    fields.add(sidecar, sidecar_path.name if sidecar_path else "")
    fields.add(explicit, "camera")
    return _checked(fields)


def sidecar_paths(path: Path) -> tuple[Path, Path]:
    """Where a dump's JSON sidecar may be."""
    return path.with_name(path.name + ".json"), path.with_suffix(".json")


def _sidecar(path: Path) -> tuple[Path | None, dict[str, Any]]:
    for candidate in sidecar_paths(path):
        if candidate.is_file():
            try:
                fields = json.loads(candidate.read_text("utf-8"))
            except (ValueError, RecursionError) as fault:
                raise ReadError(f"{candidate.name}: no JSON ({fault})") from None
            if not isinstance(fields, dict):
                raise ReadError(f"{candidate.name}: an object of camera fields belongs here")
            return candidate, fields
    return None, {}


def camera_file(name: str | Path) -> tuple[str, dict[str, Any], dict[str, str]]:
    """A camera file's place, its fields, and the file:line of each."""
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap
    from ruamel.yaml.error import YAMLError

    shipped = _ROOT / f"{name}.yaml"
    path = shipped if str(name) in shipped_cameras() else Path(name)
    if not path.is_file() or path.suffix not in _SUFFIXES:
        near = difflib.get_close_matches(str(name), shipped_cameras(), 1)
        hint = f"did you mean {near[0]!r}?" if near else f"shipped are {', '.join(shipped_cameras())}"
        raise ReadError(f"camera {str(name)!r}: no camera file of that name or path; {hint}")
    try:
        fields = YAML(typ="rt").load(path.read_text("utf-8"))
    except (YAMLError, ValueError) as fault:
        raise ReadError(f"{path.name}: {' '.join(str(fault).split())}") from None
    if not isinstance(fields, CommentedMap):
        raise ReadError(f"{path.name}: a mapping of camera fields belongs here")
    lines = {str(key): f"{path.name}:{fields.lc.key(key)[0] + 1}" for key in fields}
    plain = {str(key): value for key, value in json.loads(json.dumps(fields)).items()}
    if "defects" in plain:
        plain["defects"] = placed(plain["defects"], path.parent)
    return path.name, plain, lines


def check_camera(camera: str | Path | Mapping[str, Any]) -> None:
    """Refuse a camera whose fields no dump could use, before there is a dump; what is missing, a sidecar may say.

    Parameters
    ----------
    camera : str, Path or mapping
        As for `load_camera`.

    Raises
    ------
    ReadError
        For an unknown camera or fields that are misspelt or impossible: every fault, on one line.
    """
    from pydantic import ValidationError

    explicit = dict(camera) if isinstance(camera, Mapping) else {"camera": camera}
    base = explicit.pop("camera", None)
    fields = _Fields()
    if base is not None:
        place, values, lines = camera_file(base)
        fields.add(values, place, lines)
    fields.add(explicit, "camera")
    model = _model()
    try:
        model.model_validate(dict(fields))
    except ValidationError as fault:
        if faults := _faults(fault, fields, tuple(model.model_fields), may_be_missing=True):
            raise ReadError("; ".join(faults)) from None
    if fields.get("defects") is not None:
        sites_of(fields["defects"], "camera ")


def _checked(fields: _Fields) -> Camera:
    from pydantic import ValidationError

    model = _model()
    try:
        values = model.model_validate(dict(fields)).model_dump()
    except ValidationError as fault:
        raise ReadError("; ".join(_faults(fault, fields, tuple(model.model_fields)))) from None
    least = row_bytes(values["cols"], values["packing"])
    values["stride"] = values["stride"] or least
    values["stored_rows"] = values["stored_rows"] or values["rows"]
    if values["white"] is None:
        if values["packing"] == "u16":
            raise ReadError("camera white: missing; 16-bit samples do not say how many bits are used")
        values["white"] = float(2 ** PACKINGS[values["packing"]] - 1)
    if values["stride"] < least:
        raise ReadError(f"camera stride: {values['stride']} bytes, but {values['cols']} columns take {least}")
    if values["stored_rows"] < values["rows"]:
        raise ReadError(f"camera stored_rows: {values['stored_rows']} are fewer than the {values['rows']} rows")
    sites = 16 if values["cfa"].startswith("Q") else 4
    black = values["black"]
    if isinstance(black, tuple) and len(black) != sites:
        raise ReadError(
            f"camera black: {len(black)} numbers, 1 or {sites} (one per site of {values['cfa']}) belong there"
        )
    if values["white"] <= (max(black) if isinstance(black, tuple) else black):
        raise ReadError(f"camera white: {values['white']:g} is not above black {black}")
    if values["noise"] is not None and len(values["noise"]) not in (1, 3):
        raise ReadError(f"camera noise: {len(values['noise'])} pairs of scale and offset, 1 or 3 belong there")
    del values["calibration"]
    if values["defects"] is not None:
        values["defects"] = tuple(map(tuple, sites_of(values["defects"], "camera ").tolist()))
    return Camera(**values)


def _faults(fault: Any, fields: _Fields, known: tuple[str, ...], *, may_be_missing: bool = False) -> list[str]:
    """One text per fault; the several that pydantic gives for a choice of types become one."""
    texts: dict[str, str] = {}
    for error in fault.errors():
        if may_be_missing and error["type"] == "missing":
            continue
        name = str(error["loc"][0])
        place = fields.places.get(name, "camera")
        if error["type"] == "extra_forbidden":
            aliases = {"width": "cols", "height": "rows", "white_balance": "neutral", "pattern": "cfa"}
            near = [aliases[name]] if name in aliases else difflib.get_close_matches(name, known, 1)
            said = "no such field" + (f"; did you mean {near[0]!r}?" if near else f"; there are {', '.join(known)}")
        elif error["type"] == "missing":
            said = "missing"
        else:
            said = f"{fields[name]!r}: {error['msg'][0].lower()}{error['msg'][1:]}"
        texts.setdefault(name, f"{place}: {name}: {said}" if place != "camera" else f"camera {name}: {said}")
    return list(texts.values())
