"""Luma: one brightness of three encoded channels, with the weights of the picture's colour space."""

from __future__ import annotations

from tenbit.kernels._spaces import is_encoded, rgb_to_xyz


def luma_of(red, green, blue, red_share, green_share, blue_share):
    """Weighted sum of three channels."""
    return red * red_share + green * green_share + blue * blue_share


def shares(space: str) -> dict[str, float]:
    """Constants ``red_share``, ``green_share`` and ``blue_share``: what each primary adds to Y of the space's white.

    BT.709's (those of sRGB: 0.2126, 0.7152, 0.0722) where the space has no primaries of its own.
    """
    known = space.removesuffix("-linear")
    weights = rgb_to_xyz(known if is_encoded(known) else "srgb")[1].tolist()
    return dict(zip(("red_share", "green_share", "blue_share"), weights, strict=True))
