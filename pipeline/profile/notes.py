"""What a reader of a profile must know: figures that say nothing, and estimates that do not add up."""

from __future__ import annotations

from tenbit.pipeline.profile.parts import PassProfile, Timing
from tenbit.pipeline.profile.record import Profile
from tenbit.pipeline.profile.statistics import LEAST_ROUNDS, WIDE, median_interval

ADDED_UP = 0.1
"""Estimates of stages may miss their pass by so much of it."""
_SMALL = 0.02  # of the frame: what is below is too small to be worth a word


def notes_on(profile: Profile) -> tuple[str, ...]:
    """Lines about a profile's spreads and sums, the frame first."""
    rounds = sum(map(len, profile.frame_timing.wall_s))
    few = f"{rounds} round{'' if rounds == 1 else 's'}: nobody can tell how they spread; take more"
    found = ([few] if rounds < LEAST_ROUNDS else []) + _wide("the frame", profile.frame_timing)
    least = _SMALL * profile.frame_timing.median_s
    for number, one in enumerate(profile.passes, 1):
        if one.timing.median_s > least:
            found += _wide(f"pass {number}", one.timing)
        found += _not_adding_up(number, one)
    if profile.overlay_timing is not None and profile.overlay_timing.median_s > least:
        found += _wide("the overlay", profile.overlay_timing)
    return tuple(found)


def _wide(what: str, timing: Timing) -> list[str]:
    low, high = interval = median_interval(timing.wall_s)
    if not interval.is_wide(timing.median_s):
        return []
    return [
        f"{what}: too spread to conclude: its median lies in {1e3 * low:.3g} to {1e3 * high:.3g} ms, "
        f"more than {WIDE:.0%} apart; take more rounds on a quieter machine"
    ]


def sum_of_shares(one: PassProfile) -> float | None:
    """Estimated stages together, over the pass as it was timed; None where it was not taken apart."""
    if not one.shares:
        return None
    return sum(share.timing.median_s for share in one.shares) / one.timing.median_s


def _not_adding_up(number: int, one: PassProfile) -> list[str]:
    ratio = sum_of_shares(one)
    if ratio is None or abs(ratio - 1) <= ADDED_UP:
        return []
    return [f"pass {number}: its stages add up to {ratio:.2f} of it: do not trust its estimates"]
