"""The things in the scene that make it look like a picture: room, lights, balls, cloth, pencils, coaster."""

from __future__ import annotations

import numpy as np

from tenbit.kernels._facts import Array, Triple
from tenbit.pipeline.sample.shapes import (
    Layer,
    Place,
    disc,
    linear,
    noise,
    over,
    rectangle,
    resolved,
    shade,
    slab,
    soft_shadow,
    stripes,
)

TABLE_TOP = 728.0
WARM = (1.0, 0.74, 0.42)


def room(table: Array) -> Layer:
    """A plastered wall in a pool of light, and a table of wide boards; both go on beyond the picture's borders."""

    def wall(canvas: Array, y: Array, x: Array, px: float) -> None:
        pool = 0.42 + 0.78 * np.exp(-(((x - 640) / 760) ** 2) - ((y - 300) / 520) ** 2)
        for period, depth in ((90.0, 0.03), (17.0, 0.022), (5.0, 0.028)):
            if fade := resolved(2 * period, px):
                pool *= 1 + depth * fade * noise(y / period, x / period, table)
        canvas[:] = np.asarray(linear("#7f9a98"), np.float32)
        shade(canvas, pool)

    def boards(canvas: Array, y: Array, x: Array, px: float) -> None:
        down = y - TABLE_TOP
        board = np.floor(down / 92)
        grain = np.zeros_like(y)
        for across, along, depth in ((26.0, 420.0, 0.5), (8.0, 240.0, 0.34), (2.6, 90.0, 0.26)):
            if fade := resolved(2 * across, px):
                grain += depth * fade * noise(down / across + 37 * board, x / along + 19 * board, table)
        wood = np.asarray(linear("#9c6a40"), np.float32) * np.ones((*y.shape, 1), np.float32)
        wood *= np.exp(grain[..., None] * np.array([0.55, 0.72, 0.95])).astype(np.float32)
        light = 0.62 + 0.5 * np.exp(-(((x - 640) / 700) ** 2)) - 0.0008 * np.clip(down, 0, 400)
        light *= 1 + 0.1 * noise(board + 0.5, board * 3 + 0.5, table)
        light *= 1 - 0.7 * slab(down - 92 * np.round(down / 92), 1.3, px)
        over(canvas, np.clip(down / px + 0.5, 0, 1), wood * light[..., None].astype(np.float32))

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        if y.min() < TABLE_TOP + px:
            wall(canvas, y, x, px)
            shade(canvas, 1 - 0.35 * np.clip(1 - (TABLE_TOP - y) / 46, 0, 1) ** 2 * (y < TABLE_TOP))
        if y.max() > TABLE_TOP - px:
            boards(canvas, y, x, px)

    return Layer(paint)


def lights() -> list[Layer]:
    """A string of bulbs, up to 14 times as bright as scene white: every sensor clips on them, some in one colour."""
    colours: tuple[Triple, ...] = (WARM, WARM, (1.0, 0.12, 0.05), WARM, WARM, (0.1, 0.9, 0.22), WARM, WARM, WARM)
    colours += ((0.12, 0.3, 1.0), WARM, WARM)

    def sag(x: Array | float) -> Array:
        swing = np.mod((np.asarray(x) + 60) / 520, 1)
        return np.asarray(24 + 62 * 4 * swing * (1 - swing))

    def wire(canvas: Array, y: Array, x: Array, px: float) -> None:
        slope = (sag(x + 1) - sag(x - 1)) / 2
        over(canvas, slab((y - sag(x)) / np.hypot(1, slope), 1.6, px), linear("#22262a"))

    layers = [Layer(wire, (10, -np.inf, 100, np.inf))]
    for i, colour in enumerate(colours):
        x = 22 + 127 * i
        # White bulbs clip in every channel, coloured ones in one or two.
        layers.append(_bulb(float(sag(x)) + 22, x, colour, 5 + 3 * (i % 4) if colour is WARM else 2.6))
    return layers


def _bulb(at_y: float, at_x: float, colour: Triple, brightness: float) -> Layer:
    """One lit bulb under its socket, with a glow of 120 units."""
    reach = 120.0

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        distance = np.hypot(y - at_y, (x - at_x) * 1.15)
        glow = 0.34 * np.exp(-distance / 22) * np.clip(1 - distance / reach, 0, 1) ** 2
        canvas += glow[..., None].astype(np.float32) * np.asarray(colour, np.float32)
        over(canvas, rectangle(y - at_y + 19, x - at_x, (12, 11), px), linear("#1d1f22"))
        hot = brightness * (0.35 + 0.65 * np.clip(1 - distance / 14, 0, 1))
        over(canvas, disc(distance, 14, px), hot[..., None] * np.asarray(colour))

    return Layer(paint, (at_y - reach, at_x - reach, at_y + reach, at_x + reach))


def ball(at: tuple[float, float], radius: float, colour: Triple, table: Array | None = None) -> list[Layer]:
    """A glossy ball at ``at`` (y, x) and its shadow on the table; its highlight is above white.

    With a ``table`` of noise it is veined stone.
    """
    light = np.array([-0.55, -0.62, 0.56])  # towards the light: right, down, towards the viewer
    light /= np.linalg.norm(light)
    floor = at[0] + radius * 0.9

    def shadow(canvas: Array, y: Array, x: Array, px: float) -> None:
        away = np.hypot((y - floor) / (radius * 0.30), (x - at[1] - radius * 0.45) / (radius * 1.35))
        shade(canvas, 1 - 0.72 * np.clip(1 - away, 0, 1) ** 0.8)

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        down, right = (y - at[0]) / radius, (x - at[1]) / radius
        square = np.minimum(down * down + right * right, 1)
        out = np.sqrt(1 - square)
        lit = right * light[0] + down * light[1] + out * light[2]
        mirrored = 2 * lit * out - light[2]
        diffuse = 0.10 + 0.95 * np.clip(lit, 0, 1) + 0.10 * np.clip(down, 0, 1) * (1 - out)
        body = diffuse[..., None] * np.asarray(colour)
        if table is not None:
            vein = np.abs(
                noise(down * 3 + 7 + out, right * 3 + 3, table) + 0.5 * noise(down * 7, right * 7 + out, table)
            )
            body *= (0.45 + 0.55 * np.clip(vein * 4, 0, 1))[..., None]
        body = body + (2.6 * np.clip(mirrored, 0, 1) ** 70 + 0.10 * np.clip(mirrored, 0, 1) ** 8)[..., None]
        over(canvas, disc(np.hypot(y - at[0], x - at[1]), radius, px), body)

    reach = 1.9 * radius
    return [
        Layer(shadow, (floor - 0.3 * radius, at[1] - reach, floor + 0.3 * radius, at[1] + reach)),
        Layer(paint, (at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius)),
    ]


def napkin(place: Place, table: Array) -> list[Layer]:
    """A plain-woven check cloth: yarns of 5 units, the finest texture of the scene."""
    yarn, check = 5.0, 40.0
    white, blue = np.array(linear("#e9e6dc")), np.array(linear("#2b4f86"))

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        down, right = place.local(y, x)
        down = down + 1.6 * noise(down / 60, right / 60, table)
        v, u = down / yarn, right / yarn
        is_warp_above = np.mod(np.floor(u) + np.floor(v), 2) == 0
        warp = stripes(right / (2 * check), px / (2 * check))
        weft = stripes(down / (2 * check), px / (2 * check))
        fade = resolved(yarn * 1.5, px)
        dyed = np.where(is_warp_above, warp, weft) * fade + (warp + weft) / 2 * (1 - fade)
        round_u, round_v = np.abs(np.sin(np.pi * u)), np.abs(np.sin(np.pi * v))
        relief = np.where(is_warp_above, round_u * (0.6 + 0.4 * round_v), round_v * (0.6 + 0.4 * round_u))
        light = (0.62 + 0.10 * noise(down / 47, right / 70, table)) * (1 + fade * (1.1 * relief - 0.55))
        over(
            canvas,
            rectangle(down, right, (place.height, place.width), px),
            (white + dyed[..., None] * (blue - white)) * light[..., None],
        )

    return [soft_shadow(place, 14, 0.5, (4, 4)), Layer(paint, place.box(4))]


def pencil(place: Place, colour: Triple) -> list[Layer]:
    """A six-sided pencil lying along its place's width, its point at the right end."""
    half = place.height / 2
    wood = linear("#d9b98a")

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        down, right = place.local(y, x)
        from_tip = place.width / 2 - right
        cone = 2.6 * place.height
        wide = half * np.clip(from_tip / cone, 0, 1)
        facet = np.where(down < -half / 3, 1.15, np.where(down < half / 3, 0.85, 0.45))
        # The lacquer ends in three arcs, as a sharpener leaves it.
        arcs = cone - 5 * np.abs(np.cos(np.pi * (down / half) * 1.5))
        body = np.where((from_tip > arcs)[..., None], np.asarray(colour), np.asarray(wood))
        body = np.where((from_tip < 0.28 * cone)[..., None], np.asarray(colour) * 0.6, body) * facet[..., None]
        ends = slab(right, place.width / 2, px)
        over(canvas, slab(down, np.maximum(wide, 1e-9), px) * ends, body)

    return [soft_shadow(place, 9, 0.6, (5, 3)), Layer(paint, place.box(2))]


def coaster(at: tuple[float, float], radius: float) -> list[Layer]:
    """A round coaster with a zone plate: rings whose period falls from the centre to 3 units at the rim."""
    place = Place(at[0], at[1], 2 * radius, 2 * radius)

    def shadow(canvas: Array, y: Array, x: Array, px: float) -> None:
        away = np.hypot(y - at[0] - 5, x - at[1] - 5)
        shade(canvas, 1 - 0.5 * np.clip((radius + 8 - away) / 16, 0, 1))

    def paint(canvas: Array, y: Array, x: Array, px: float) -> None:
        r = np.hypot(y - at[0], x - at[1])
        rim = radius * 0.92
        frequency = r / (3.0 * rim)
        wave = 0.5 + 0.5 * np.cos(np.pi * r * r / (3.0 * rim)) * np.sinc(frequency * px)
        over(canvas, disc(r, radius, px), linear("#d8d2c4"))
        dark, pale = np.array(linear("#2a2622")), np.array(linear("#d8d2c4"))
        over(canvas, disc(r, rim, px), dark + wave[..., None] * (pale - dark))

    return [Layer(shadow, place.box(20)), Layer(paint, place.box())]
