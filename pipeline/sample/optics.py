"""The simulated lens: distortion, lateral colour, fall-off and colour shading.

Every form is a published formula for where the light of an ideal point lands, ideal radius → distorted radius. The
simulator needs the opposite, which ideal point a pixel sees, and finds it by Newton's method.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from tenbit.kernels._facts import Array, Triple

TERMS = {"even": 3, "ptlens": 3, "poly3": 1, "poly5": 2, "acm": 5, "fisheye": 4}
"""Coefficients of each form, at most."""
_NEWTON_STEPS = 60
_TOLERANCE = 1e-11
_NODES = 4096


@dataclass(frozen=True, kw_only=True)
class LensModel:
    """A lens with known faults; the default is a perfect one.

    Parameters
    ----------
    form : str
        Formula of the distortion, from an ideal radius Ru to the distorted Rd of green; radii have the form's unit.

        ========  ===============================================  ==========================
        form      formula, with ``k`` in this order                unit of radius
        ========  ===============================================  ==========================
        even      Rd = Ru (1 + k1 Ru² + k2 Ru⁴ + k3 Ru⁶)           half diagonal (corner = 1)
        poly3     Rd = Ru (1 - k1 + k1 Ru²)                        half of the short side
        poly5     Rd = Ru (1 + k1 Ru² + k2 Ru⁴)                    half of the short side
        ptlens    Rd = Ru (a Ru³ + b Ru² + c Ru + 1 - a - b - c)   half of the short side
        acm       x' = x (1 + k1 r² + k2 r⁴ + k3 r⁶ +              focal length
                  2 (k4 y + k5 x)) + k5 r²; y' the same, + k4 r²
        fisheye   Rd = θ (1 + k1 θ² + k2 θ⁴ + k3 θ⁶ + k4 θ⁸),      focal length
                  θ = atan Ru
        ========  ===============================================  ==========================
    k : tuple of float
        Its coefficients; missing ones are 0.
    focal : float
        Focal length in half diagonals of the picture (35 mm on 36 by 24 mm: 1.618); for ``acm`` and ``fisheye``.
    red_scale, blue_scale : float
        Lateral colour: the distorted radius of red and of blue over that of green.
    vignetting : Triple
        k1, k2, k3 of the light that is left, ``1 + k1 r² + k2 r⁴ + k3 r⁶``, r in half diagonals of the distorted
        picture (lensfun's ``pa``).
    red_shading, blue_shading : Triple
        (across, down, r²): the colour's gain is ``1 + across · dx + down · dy + r2 · r²`` with distances from the
        centre in half diagonals, positive to the right and down. Green has none.

    Raises
    ------
    ValueError
        For an unknown form, too many coefficients, a number that is not finite, or a scale or focal length that is not
        positive.

    Notes
    -----
    Radii are counted from the middle of the picture, and the corner is the outer corner of the last pixel:
    half a diagonal is ``hypot(rows, cols) / 2`` pixels. Formulas: even and pa, poly3, poly5, ptlens, acm as lensfun
    0.3 documents them (not made focal-preserving); fisheye as OpenCV's (Kannala and Brandt 2006).
    """

    form: str = "even"
    k: tuple[float, ...] = ()
    focal: float = 1.618
    red_scale: float = 1.0
    blue_scale: float = 1.0
    vignetting: Triple = (0.0, 0.0, 0.0)
    red_shading: Triple = (0.0, 0.0, 0.0)
    blue_shading: Triple = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if self.form not in TERMS:
            raise ValueError(f"lens.form: {self.form!r} is not one of {', '.join(TERMS)}")
        if len(self.k) > TERMS[self.form]:
            raise ValueError(f"lens.k: {self.form} has {TERMS[self.form]} coefficients at most, not {len(self.k)}")
        for name in ("vignetting", "red_shading", "blue_shading"):
            if len(getattr(self, name)) != 3:
                raise ValueError(f"lens.{name}: 3 numbers, not {len(getattr(self, name))}")
        for name in ("k", "vignetting", "red_shading", "blue_shading", "focal", "red_scale", "blue_scale"):
            if not np.isfinite(getattr(self, name)).all():
                raise ValueError(f"lens.{name}: {getattr(self, name)} is not finite")
        for name in ("focal", "red_scale", "blue_scale"):
            if not getattr(self, name) > 0:
                raise ValueError(f"lens.{name}: {getattr(self, name)} is not above 0")

    @classmethod
    def parse(cls, text: str) -> LensModel:
        """A lens from one line of text: ``even k=-0.05,0.01 red_scale=1.0004 vignetting=-0.4,0,0``.

        Raises
        ------
        ValueError
            If a word is no ``name=numbers``, the name is not one of the parameters, or a value is not allowed.
        """
        words = text.split()
        values: dict[str, str | float | tuple[float, ...]] = {}
        if words and "=" not in words[0]:
            values["form"] = words.pop(0)
        names = [f.name for f in fields(cls)]
        for word in words:
            name, _, given = word.partition("=")
            if name not in names or not given:
                raise ValueError(f"lens: {word!r} is not one of {', '.join(f'{n}=…' for n in names)}")
            if name == "form":
                values[name] = given
                continue
            try:
                numbers = tuple(float(n) for n in given.split(","))
            except ValueError:
                raise ValueError(f"lens.{name}: {given!r} is not a list of numbers like -0.05,0.01") from None
            is_single = isinstance(getattr(cls, name), float)
            if is_single and len(numbers) != 1:
                raise ValueError(f"lens.{name}: one number, not {len(numbers)}")
            values[name] = numbers[0] if is_single else numbers
        return cls(**values)  # type: ignore[arg-type]  # the names decide the types, checked above

    @property
    def is_straight(self) -> bool:
        """Whether every ray lands where it should: neither distortion nor lateral colour."""
        has_form = any(self.k) or self.form == "fisheye"
        return not has_form and self.red_scale == self.blue_scale == 1

    def distorted(self, y: Array, x: Array, aspect: float = 4 / 3) -> tuple[Array, Array]:
        """Where ideal points land in green light, (down, right) of the centre, in half diagonals, as given.

        Parameters
        ----------
        y, x : array
            Ideal points, down and right of the centre, half diagonals.
        aspect : float
            Long side of the picture over the short one; the unit of ``ptlens``, ``poly3`` and ``poly5`` needs it.
        """
        unit = self._unit(aspect)
        if self.form == "acm":
            down, right, _ = self._tangential(y / unit, x / unit)
            return down * unit, right * unit
        radius = np.hypot(y, x)
        ratio = self._radial(radius / unit)[0] * unit / np.where(radius > 0, radius, 1.0)
        return y * ratio, x * ratio

    def ideal(self, y: Array, x: Array, aspect: float = 4 / 3, scale: Array | float = 1.0) -> tuple[Array, Array]:
        """Ideal points whose light lands on the given ones: the inverse of `distorted`.

        Parameters
        ----------
        y, x : array
            Points of the distorted picture, down and right of the centre, half diagonals.
        aspect : float
            See `distorted`.
        scale : array or float
            Lateral colour of each point, distorted radius over that of green; broadcasts against ``y``.

        Raises
        ------
        ValueError
            If the formula turns back before it reaches the farthest point: no ideal point lands there.
        """
        y, x = y / scale, x / scale
        if not (any(self.k) or self.form == "fisheye"):
            return y, x
        unit = self._unit(aspect)
        if self.form == "acm":
            down, right = self._untangled(y / unit, x / unit)
            return down * unit, right * unit
        radius = np.hypot(y, x)
        ratio = self._undone(radius / unit) * unit / np.where(radius > 0, radius, 1.0)
        return y * ratio, x * ratio

    def gains(self, y: Array, x: Array) -> tuple[Array, Array, Array]:
        """Light that reaches the sensor in red, green and blue, 1 at the centre; points as in `ideal`."""
        square = y * y + x * x
        k1, k2, k3 = self.vignetting
        light = np.clip(1 + square * (k1 + square * (k2 + square * k3)), 0, None)
        red, blue = (
            np.clip(1 + s[0] * x + s[1] * y + s[2] * square, 0, None) for s in (self.red_shading, self.blue_shading)
        )
        return light * red, light, light * blue

    def _unit(self, aspect: float) -> float:
        """The form's unit of radius in half diagonals."""
        if self.form in ("acm", "fisheye"):
            return self.focal
        return 1.0 if self.form == "even" else float(1 / np.hypot(1, max(aspect, 1 / aspect)))

    def _terms(self) -> tuple[float, ...]:
        return self.k + (0.0,) * (TERMS[self.form] - len(self.k))

    def _radial(self, r: Array) -> tuple[Array, Array]:
        """Distorted radius and its slope at the ideal radius ``r``, both in the form's unit."""
        k = self._terms()
        if self.form == "ptlens":
            a, b, c = k
            d = 1 - a - b - c
            return r * (((a * r + b) * r + c) * r + d), ((4 * a * r + 3 * b) * r + 2 * c) * r + d
        if self.form == "poly3":
            return r * (1 - k[0] + k[0] * r * r), 1 - k[0] + 3 * k[0] * r * r
        t = np.arctan(r) if self.form == "fisheye" else r
        square = t * t
        value, slope = np.zeros_like(t), np.zeros_like(t)
        for power in range(len(k), 0, -1):
            value = (value + k[power - 1]) * square
            slope = (slope + (2 * power + 1) * k[power - 1]) * square
        slope = (1 + slope) / (1 + r * r) if self.form == "fisheye" else 1 + slope
        return t * (1 + value), slope

    def _undone(self, target: Array) -> Array:
        """Ideal radius of each distorted one: Newton steps inside a bracket, which is halved where they leave it."""
        top = float(target.max(initial=0.0))
        reach = max(top, 1e-6)
        while True:
            values, slopes = self._radial(np.linspace(0, reach, _NODES))
            if values.max() >= top or slopes.min() <= 0 or reach > 1e4 * top:
                break
            reach *= 1.5
        turns = np.flatnonzero(slopes <= 0)
        peak = int(values[: turns[0] + 1].argmax()) if turns.size else _NODES - 1
        if values[peak] < top * (1 - 1e-9):
            raise ValueError(
                f"lens.k: {self.form} {self.k} turns back at a distorted radius of {values[peak]:.3f}, "
                f"inside the picture, which goes to {top:.3f}"
            )
        low, high = np.zeros_like(target), np.full_like(target, reach * peak / (_NODES - 1))
        guess = np.minimum(target, high)
        for _ in range(_NEWTON_STEPS):
            value, slope = self._radial(guess)
            low, high = np.where(value <= target, guess, low), np.where(value >= target, guess, high)
            step = guess - (value - target) / np.where(slope > 0, slope, 1.0)
            step = np.where((slope > 0) & (step >= low) & (step <= high), step, (low + high) / 2)
            moved = float(np.abs(step - guess).max(initial=0.0))
            guess = step
            if moved < _TOLERANCE * max(top, 1.0):
                break
        return guess

    def _tangential(self, y: Array, x: Array) -> tuple[Array, Array, tuple[Array, Array, Array]]:
        """``acm``: distorted y and x, and the derivatives dy'/dy, dy'/dx (= dx'/dy) and dx'/dx."""
        k1, k2, k3, k4, k5 = self._terms()
        square = y * y + x * x
        radial = 1 + square * (k1 + square * (k2 + square * k3))
        growth = 2 * (k1 + square * (2 * k2 + 3 * k3 * square))
        common = radial + 2 * (k4 * y + k5 * x)
        slopes = (
            common + y * (growth * y + 2 * k4) + 2 * k4 * y,
            y * (growth * x + 2 * k5) + 2 * k4 * x,
            common + x * (growth * x + 2 * k5) + 2 * k5 * x,
        )
        return y * common + k4 * square, x * common + k5 * square, slopes

    def _untangled(self, y: Array, x: Array) -> tuple[Array, Array]:
        """The inverse of `_tangential`: Newton in two dimensions, each step at most a quarter of the radius long.

        The start is the answer of the radial part alone.
        """
        radial = LensModel(form="even", k=self._terms()[:3])
        v, u = radial.ideal(y, x) if any(radial.k) else (y.copy(), x.copy())
        reach = max(float(np.hypot(y, x).max(initial=0.0)), 1e-6)
        for _ in range(_NEWTON_STEPS):
            down, right, (yy, yx, xx) = self._tangential(v, u)
            determinant = yy * xx - yx * yx
            if not (determinant > 0).all():
                break
            dv = (xx * (down - y) - yx * (right - x)) / determinant
            du = (yy * (right - x) - yx * (down - y)) / determinant
            length = np.hypot(dv, du)
            damped = np.minimum(1, 0.25 * reach / np.maximum(length, 1e-12))
            v, u = v - damped * dv, u - damped * du
            if length.max(initial=0.0) < _TOLERANCE * reach:
                return v, u
        raise ValueError(f"lens.k: acm {self.k} folds the picture: two ideal points land on one")
