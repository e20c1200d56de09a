"""White balance and exposure that are held from frame to frame: locked to one frame, or smoothed over many."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tenbit.kernels._camera import gains_of
from tenbit.kernels._facts import Array, Triple
from tenbit.kernels.errors import StageError
from tenbit.pipeline.config import Chain, final_facts
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.run import Said
from tenbit.pipeline.shots import brightness, course, policy, record
from tenbit.pipeline.shots.given import Given
from tenbit.pipeline.shots.glance import Glance, Seen, glances_of, head_of, takes_baseline
from tenbit.pipeline.shots.policy import Policy
from tenbit.pipeline.shots.ranges import shown

if TYPE_CHECKING:
    from tenbit.pipeline.batch import Order

# What stands out that much of its neighbours is an event, and not the flicker of an aperture or of a camera's metering.
_EVENT_EV, _EVENT_BALANCE = 0.5, 0.25
# Two frames are compared by this share of their places at least.
_LEAST_SHARED = 0.05
_LEFT = "their exposure is left to them"
_UNREAD = "cannot be read, and are not held"
_DARK = f"all black or clipped, {_LEFT}"
# An exposure of 0 would be left out of the plan, and the frame need another compile; by this much nothing changes.
_NOTHING_EV = 2.0**-40


def held(
    jobs: Sequence[Job],
    order: Order,
    *,
    balance: str = "each",
    exposure: str = "each",
    only: Sequence[Job] | None = None,
    kept: Path | None = None,
    is_measured_anew: bool = False,
    said: Said | None = None,
    seen: Seen | None = None,
) -> list[Job]:
    """The jobs, each with the white balance and the exposure that it is given.

    Files of one folder that are called the same but for their number are a shot; each shot is held by itself.

    Parameters
    ----------
    jobs : sequence of Job
        All of every shot, whatever is to be developed of it: then every machine finds the same values.
    order : Order
    balance, exposure : str
        See `tenbit.pipeline.shots.policy.parse`.
    only : sequence of Job, optional
        Those of the jobs that are wanted, in this order; by default all.
    kept : Path, optional
        A file with the values: read when it is there, written when it is not. Machines that share it need not measure
        the shot again.
    is_measured_anew : bool
        Replace the file with the values when it is there.
    said : callable, optional
        Told, a line each, what is measured and which frames are left as they are.
    seen : callable, optional
        Told of each file as it has been measured, and why it could not be.

    Raises
    ------
    RequestError
        If a policy is wrong, a shot lacks the frame that it is locked to, the chain has no white balance that could be
        held, the file with the values is of something else, or there is one and nothing is to be held.
    WriteError
        If the values cannot be kept.
    """
    white, light = _policies(order, balance, exposure, kept)
    chosen = jobs if only is None else only
    if white.kind == light.kind == "each":
        return list(chosen)
    asked = _asked(order, white, light)
    if kept is not None and kept.exists() and not is_measured_anew:
        again = record.read(kept, asked, chosen)
        if said and (lacking := [job.number for job in again if job.given is None]):
            said(f"{kept}: frames that could not be read then, and are not held: {shown(lacking)}")
        return again
    shots = _shots(jobs, white, light)
    if said:
        said(f"measuring {len(jobs)} frames for --balance {white}, --exposure {light}")
    measured = glances_of([job for of_shot in shots.values() for job in of_shot], order, said=said, seen=seen)
    found: dict[Path, Given | None] = {}
    for name, of_shot in shots.items():
        glances = [measured[job.source] for job in of_shot]
        gains = _gains(white, of_shot, glances)
        stops, reasons = _stops(light, of_shot, glances, gains)
        for job, glance, gain, ev in zip(of_shot, glances, gains, stops, strict=True):
            # One that cannot be read now, but later, has the gains of a lock all the same.
            is_held = not glance.error or white.kind == "lock"
            found[job.source] = Given(None if white.kind == "each" else gain, ev) if is_held else None
        if said:
            for reason in dict.fromkeys(filter(None, reasons)):
                said(
                    f"{name}: {reason}: {shown(j.number for j, r in zip(of_shot, reasons, strict=True) if r == reason)}"
                )
    if kept is not None:
        record.write(kept, asked, found)
    return [dataclasses.replace(job, given=found[job.source]) for job in chosen]


def check(
    jobs: Sequence[Job],
    order: Order,
    *,
    balance: str,
    exposure: str,
    only: Sequence[Job] | None = None,
    kept: Path | None = None,
) -> None:
    """Refuse what `held` refuses before it measures anything.

    Parameters
    ----------
    jobs, order, balance, exposure, only, kept
        See `held`.

    Raises
    ------
    RequestError
        See `held`.
    """
    white, light = _policies(order, balance, exposure, kept)
    if kept is not None and kept.exists():
        record.read(kept, _asked(order, white, light), jobs if only is None else only)
    else:
        _shots(jobs, white, light)


def _policies(order: Order, balance: str, exposure: str, kept: Path | None) -> tuple[Policy, Policy]:
    white, light = policy.parse("balance", balance), policy.parse("exposure", exposure)
    if white.kind != "each" or light.kind != "each":
        _check_chain(order.chain, white, light)
    elif kept is not None:
        raise RequestError(f"--held: {kept} is of --balance and --exposure, and neither is given")
    return white, light


def _asked(order: Order, white: Policy, light: Policy) -> record.Asked:
    return record.Asked(str(white), str(light), takes_baseline(order.chain), head_of(order.chain))


def _shots(jobs: Sequence[Job], white: Policy, light: Policy) -> dict[str, list[Job]]:
    """The frames of each shot in order of number; one that a shot is locked to is there."""
    shots: dict[str, list[Job]] = {}
    for job in jobs:
        shots.setdefault(_shot(job), []).append(job)
    for name, of_shot in shots.items():
        of_shot.sort(key=lambda job: job.number)
        for option, how in (("balance", white), ("exposure", light)):
            if how.kind == "lock" and how.number not in (numbers := [job.number for job in of_shot]):
                raise RequestError(f"--{option} {how}: {name} has no such frame; there are {shown(numbers)}")
    return shots


def _check_chain(chain: Chain, white: Policy, light: Policy) -> None:
    """Refuse what no frame could be given, before any is measured."""
    trial = Given((2.0, 1.0, 1.5) if white.kind != "each" else None, 0.5 if light.kind != "each" else 0.0)
    asked = " ".join(f"--{n} {p}" for n, p in (("balance", white), ("exposure", light)) if p.kind != "each")
    try:
        final_facts(trial.applied(chain))
    except StageError as error:
        raise RequestError(f"{asked}: {error}") from None


def _shot(job: Job) -> str:
    """The folder, the name up to the frame's number, and the suffix: what frames of one shot have in common."""
    # The number of a shot is all of its digits, that of another file their end.
    found = re.finditer("[0-9]+", job.source.stem)
    digits = [match for match in found if job.number in (int(match[0]), int(match[0][-9:]))]
    before = job.source.stem[: digits[-1].start()] if digits else ""
    return str(job.source.with_name(f"{before}…{job.source.suffix}"))


def _gains(how: Policy, jobs: Sequence[Job], glances: Sequence[Glance]) -> list[Triple | None]:
    """The gains of each frame of a shot; None for one that could not be measured."""
    own = [glance.gains for glance in glances]
    if how.kind == "lock":
        of_frame = own[_position(how, jobs)]
        if of_frame is None:
            raise _unmeasured("balance", how, jobs)
        return [of_frame] * len(jobs)
    if how.kind == "each":
        return own
    values = np.array([(np.nan, np.nan) if g is None else np.log2((g[0] / g[1], g[2] / g[1])) for g in own])

    def differences(frame: int, others: Array) -> Array:
        return np.asarray(values[others] - values[frame])

    is_odd = course.standing_out(len(jobs), differences, least=_EVENT_BALANCE)
    smooth = values + course.to_course(len(jobs), how.number, differences, is_odd)
    return [
        None if np.isnan(pair).any() else gains_of((float(2.0 ** -pair[0]), 1.0, float(2.0 ** -pair[1])))
        for pair in smooth
    ]


def _stops(
    how: Policy, jobs: Sequence[Job], glances: Sequence[Glance], gains: Sequence[Triple | None]
) -> tuple[list[float], list[str]]:
    """What each frame's exposure is changed by, and why it is not held; empty for one that is."""
    count = len(jobs)
    unread = [_UNREAD if glance.error else "" for glance in glances]
    if how.kind == "each":
        return [0.0] * count, unread
    nothing = np.full(brightness.DOWN * brightness.ACROSS, np.nan, np.float32)
    places = np.array([nothing if glance.places is None else glance.places for glance in glances])
    # What the developed green is brighter by than the sensor's.
    raised = np.array(
        [
            np.nan if gain is None else np.log2(gain[1]) + glance.baseline_ev
            for glance, gain in zip(glances, gains, strict=True)
        ]
    )
    least = max(1, round(_LEAST_SHARED * places.shape[1]))

    def differences(frame: int, others: Array) -> Array:
        return np.asarray(course.medians(places[others] - places[frame], least) + raised[others] - raised[frame])

    if how.kind == "lock":
        to = _position(how, jobs)
        every = np.arange(count)
        stops = -differences(to, every)
        if np.isnan(stops[to]):
            raise _unmeasured("exposure", how, jobs)
        left, why = np.isnan(stops), f"no light in common with frame {how.number}, {_LEFT}"
    else:
        left, why = course.standing_out(count, differences, least=_EVENT_EV), f"unlike the frames around them, {_LEFT}"
        stops = course.to_course(count, how.number, differences, left)
        for frame in np.flatnonzero(left):
            # As its neighbours: what was an event stays one.
            around = slice(max(frame - how.number // 2, 0), frame + how.number // 2 + 1)
            stops[frame] = course.medians(np.where(left[around], np.nan, stops[around])[None])[0]
    is_dark = np.isnan(places).all(axis=1)
    reasons = [
        no or (_DARK if dark else why if off else "") for no, dark, off in zip(unread, is_dark, left, strict=True)
    ]
    return [_NOTHING_EV if np.isnan(ev) or ev == 0.0 else float(ev) for ev in stops], reasons


def _position(how: Policy, jobs: Sequence[Job]) -> int:
    return next(at for at, job in enumerate(jobs) if job.number == how.number)


def _unmeasured(name: str, how: Policy, jobs: Sequence[Job]) -> RequestError:
    return RequestError(f"--{name} {how}: {jobs[_position(how, jobs)].source} cannot be read, or shows no light")
