"""Chains of made-up steps, in orders that no shipped chain has.

A chain is drawn from a seed, so that its loops are compiled once and kept.
"""

import dataclasses
import random
from functools import partial

import numpy as np

from tenbit.kernels._facts import Cfa, Facts
from tenbit.kernels._source import PACKINGS
from tenbit.kernels._stage import PLANES, Prepared, Stage
from tenbit.pipeline.plan import Link, plan

from .steps import MOSAIC_STEPS, PLANES_STEPS, RGB, mosaic_step, planes_step

BAYER, QUAD = ("RGGB", "GRBG", "GBRG", "BGGR"), ("QRGGB", "QGRBG", "QGBRG", "QBGGR")


@dataclasses.dataclass(frozen=True)
class Chain:
    """What a seed draws: names of steps, and how the frame comes and goes."""

    names: tuple[str, ...]
    cfa: Cfa | None
    came: str
    bits: int | None

    @classmethod
    def of(cls, seed):
        dice = random.Random(seed)
        cfa = dice.choice([*(Cfa(name) for name in (*BAYER, *BAYER, *QUAD)), *[None] * 6])
        facts, names, there = frame_facts(cfa, 8, 8), [], set(PLANES["mosaic"] if cfa else RGB)
        counted = False
        for _ in range(dice.randint(3, 9)):
            kinds, make = (MOSAIC_STEPS, mosaic_step) if facts.cfa else (PLANES_STEPS, planes_step)
            fitting = [
                name
                for name in kinds
                if set(make(name, facts, lambda low, high: low).reads) <= there and (counted or name != "follow")
            ]
            name = dice.choice(fitting)
            names.append(name)
            counted = counted or name in ("level", "levels")
            if name == "colour":
                facts, there, counted = frame_facts(None, 8, 8), {*RGB, *(there & {"edge"})}, False
            elif name == "turn":
                there = set(RGB)
            elif name not in ("level", "levels", "sides"):
                there |= set(make(name, facts, lambda low, high: low).writes)
        came = dice.choice(("uint8", "uint16", "float32", "raw10", "raw12") if cfa else ("float32", "float32", "uint8"))
        if cfa and came != "float32":
            names.insert(names[0] == "move", "unit")
        return cls(tuple(names), cfa, came, dice.choice((None, None, 8, 16)))

    def plans(self, rows, cols, seed):
        """The plan of a frame, fused and unfused; the seed makes up rectangles and distances."""
        first = facts = frame_facts(self.cfa, rows, cols)
        dice, links = random.Random(seed), []
        for name in self.names:
            step = (mosaic_step if facts.cfa else planes_step)(name, facts, dice.randint)
            if name == "unit":
                step = dataclasses.replace(step, constants={"gain": 1.0 / self.peak, "base": 0.0})
            rows, cols = step.shape or (facts.rows, facts.cols)
            after = frame_facts(None if name in ("colour", "order") else facts.cfa, rows, cols)
            links.append(
                Link(Stage(name, object, ("mosaic", "display"), partial(given_as, Prepared(after, (step,)))), None)
            )
            facts = after
        packing = self.came if self.came in PACKINGS else None
        how = {"bits": self.bits, "packing": packing, "came_bits": 8 if self.came == "uint8" and not self.cfa else None}
        return plan(links, first, **how), plan(links, first, fuse=False, **how)

    @property
    def peak(self):
        return {"uint8": 255, "uint16": 65535, "raw10": 1023, "raw12": 4095}[self.came]

    def frame(self, rows, cols, seed):
        """Samples as they come, and as a plane each."""
        dice, shape = np.random.default_rng(seed), (rows, cols) if self.cfa else (rows, cols, 3)
        if self.came == "float32":
            samples = dice.uniform(-0.1, 1.1, shape).astype(np.float32)
        else:
            samples = dice.integers(0, self.peak, shape, dtype=np.uint16, endpoint=True)
        planes = {"mosaic": samples} if self.cfa else {plane: samples[..., n] for n, plane in enumerate(RGB)}
        if self.came in PACKINGS:
            samples = packed(samples, *PACKINGS[self.came])
        elif self.came == "uint8":
            samples = samples.astype(np.uint8)
        return {"mosaic" if self.cfa else "rgb": samples}, planes


def given_as(prepared, parameters, facts):
    return prepared


def packed(samples, group, low):
    """A mosaic in MIPI's packing, rows padded to whole groups and a few bytes more."""
    rows, cols = samples.shape
    groups = np.zeros((rows, -(-cols // group), group), np.uint16)
    groups.reshape(rows, -1)[:, :cols] = samples
    rest = sum((groups[..., n] & (2**low - 1)) << (low * n) for n in range(group))
    whole = np.concatenate([groups >> low, rest[..., None]], axis=-1).astype(np.uint8).reshape(rows, -1)
    return np.pad(whole, ((0, 0), (0, 3)))


def frame_facts(cfa, rows, cols):
    levels = {"black": (0.0,) * cfa.period**2, "white": (1.0,) * cfa.period**2} if cfa else {}
    return Facts(state="mosaic" if cfa else "display", rows=rows, cols=cols, cfa=cfa, **levels)
