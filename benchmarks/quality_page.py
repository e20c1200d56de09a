"""The tables of docs/quality.md, from what `quality.py` measured."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NAMES = {
    "quad_bin": "`bin`, then `demosaic`",
    "quad_direct": "`direct`",
    "quad_auto": "`auto`",
}
NONE = "–"
Pair = tuple[float, float]
# Kodak and McMaster, in dB, of others: of code values, soft, at ISO 1600. Measured by the project's own scorer on the
# same pictures with the same conventions, before these stages were written.
PEERS: Mapping[str, tuple[Pair, Pair | None, Pair | None]] = {
    "bilinear (OpenCV, LibRaw, colour-demosaicing)": ((30.3, 32.3), None, None),
    "Malvar 2004": ((36.0, 34.1), None, None),
    "OpenCV, variable gradients": ((35.4, 34.6), None, None),
    "OpenCV, edge aware": ((30.3, 32.4), None, None),
    "LibRaw PPG": ((36.1, 34.4), None, None),
    "LibRaw AHD": ((37.2, 34.5), None, None),
    "Hamilton–Adams": ((37.7, 34.1), None, None),
    "LibRaw DCB": ((38.2, 35.0), None, None),
    "LibRaw AAHD": ((37.9, 34.8), None, None),
    "RawTherapee IGV": ((40.2, 33.0), None, None),
    "RawTherapee LMMSE": ((40.5, 34.5), None, None),
    "RawTherapee RCD": ((37.1, 35.5), (43.6, 41.3), (30.9, 30.3)),
    "RawTherapee AMaZE": ((39.4, 35.4), (43.2, 40.6), None),
    "Menon 2007": ((39.5, 33.7), None, None),
    "DLMMSE": ((40.5, 34.1), (42.9, 38.5), (31.3, 29.4)),
    "GBTF": ((40.9, 33.5), None, None),
    "MLRI2": ((39.4, 36.1), (43.4, 41.0), (30.9, 29.9)),
    "ARI2 (iterative, 30 s a megapixel)": ((40.3, 37.0), None, None),
}
QUAD_PEERS: Mapping[str, tuple[Pair, Pair | None, Pair | None]] = {
    "pixel swap, then RCD": ((27.5, 28.1), None, None),
    "bin, RCD, bicubic enlargement": ((28.3, 28.8), None, None),
    "QPPG": ((30.8, 30.1), None, None),
    "least-squares filters, 13 × 13": ((33.2, 31.3), None, None),
}
SETTINGS = ("sRGB", "soft", "ISO 1600")


def filled(page: str, found: Mapping[str, Any]) -> str:
    """The page with new text between its markers; what has not been measured stays.

    Raises
    ------
    ValueError
        If the page has not a marker of that name.
    """
    for name, text in tables(found).items():
        pattern = rf"(<!-- {name}: by benchmarks/quality.py -->\n).*?(<!-- end -->)"
        page, count = re.subn(pattern, lambda m, text=text: f"{m[1]}\n{text}\n{m[2]}", page, count=1, flags=re.S)
        if not count:
            raise ValueError(f"docs/quality.md has no marker {name}")
    return page


def tables(found: Mapping[str, Any]) -> dict[str, str]:
    """Text by marker."""
    made = {}
    if "photographs" in found:
        methods = [name for name in found["photographs"]["db"] if not name.startswith("quad_")]
        quads = [name for name in found["photographs"]["db"] if name.startswith("quad_")]
        made["bayer"] = _scores("Bayer", methods, found, PEERS)
        made["quad"] = _scores("quad-Bayer", quads, found, QUAD_PEERS)
    if "truth" in found:
        made["truth"] = _truth(found["truth"])
    return made


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(row) + " |" for row in (head, *rows)]
    return "\n".join([lines[0], "|---" * len(head) + "|", *lines[1:]]) + "\n"


def _scores(
    title: str,
    methods: Sequence[str],
    found: Mapping[str, Any],
    peers: Mapping[str, tuple[Pair, Pair | None, Pair | None]],
) -> str:
    """Ours, then others; pairs are Kodak / McMaster."""
    rates = found.get("speed", {}).get("mp_per_s", {})
    head = [title, "K / M, dB", "SSIM", "soft, dB", "ISO 1600, dB", "MP/s, one thread / two"]
    rows = []
    for method in methods:
        by = found["photographs"]["db"][method]
        pairs = {name: f"{by[name]['K']:.2f} / {by[name]['M']:.2f}" for name in SETTINGS}
        code = by["sRGB"]
        alike = f"{code['K SSIM']:.4f} / {code['M SSIM']:.4f}" if "K SSIM" in code else NONE
        rate = rates.get(method)
        speed = f"{rate['1']:.0f} / {rate['2']:.0f}" if rate else NONE
        name = NAMES.get(method, f"`{method}`")
        rows.append((name, pairs["sRGB"], alike, pairs["soft"], pairs["ISO 1600"], speed))
    for name, (code_pair, soft, noisy) in peers.items():
        rows.append((f"*{name}*", *(_pair(each) for each in (code_pair,)), NONE, _pair(soft), _pair(noisy), NONE))
    return _table(head, rows)


def _pair(pair: Pair | None) -> str:
    return NONE if pair is None else f"{pair[0]:.1f} / {pair[1]:.1f}"


def _truth(found: Mapping[str, Any]) -> str:
    isos = list(next(iter(found["psnr_db"].values())))
    head = ["sensor", "chain", *(f"ISO {iso}" for iso in isos)]
    rows = []
    for name, levels in found["psnr_db"].items():
        cfa, _, way = name.partition(" ")
        rows.append((cfa, way, *(f"{levels[iso][0]:.1f} / {levels[iso][1]:.1f}" for iso in isos)))
    return _table(head, rows)
