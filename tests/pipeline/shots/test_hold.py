"""White balance and exposure that are held from frame to frame."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tenbit.kernels._facts import Array
from tenbit.pipeline import batch, foreseen
from tenbit.pipeline.batch import Order
from tenbit.pipeline.config import load
from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.foreseen import settled
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.jobs import Job
from tenbit.pipeline.plan import plan
from tenbit.pipeline.shots import policy
from tenbit.pipeline.shots.given import Given
from tenbit.pipeline.shots.hold import held

ROWS, COLS, BLACK = 96, 128, 256
# Points only: a compile of half a second.
POINTS = ["black_level", "white_balance", {"exposure": {"ev": 0.0}}]
Shot = Callable[..., list[Job]]


def order_of(stages: Sequence[Any] = POINTS) -> Order:
    chain = settled(load(list(stages), overrides=["output.bits=32"]), "tiff")
    return Order(chain, device="cpu", isolate="never")


def scene(frame: int, *, car: bool = False) -> Array:
    """(rows, cols), 0.01 … 0.4: hills of light, with a dark block that moves on."""
    row, col = np.mgrid[:ROWS, :COLS]
    light = 0.06 * 2.0 ** (1.3 * np.sin(row / 17) + 1.3 * np.cos(col / 23))
    if car:
        light[40:80, (5 * frame) % COLS : (5 * frame) % COLS + 40] = 0.01
    return np.asarray(light)


@pytest.fixture
def shot(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Shot:
    """Jobs of a shot whose frames have so many stops more light each; NaN cannot be read."""

    def made(
        stops: Sequence[float], neutrals: Sequence[tuple[float, float, float]] = ((0.5, 1.0, 0.7),), **scene_: Any
    ) -> list[Job]:
        def read(path: Path, *, camera: Any = None, keep_packed: bool = False) -> Frame:
            number = int(Path(path).stem[-4:])
            if np.isnan(stops[number]):
                raise ReadError("cut off")
            rng = np.random.default_rng(number)
            light = scene(number, **scene_) * 2.0 ** stops[number]
            neutral = neutrals[number % len(neutrals)]
            light[::2, ::2] *= neutral[0]
            light[1::2, 1::2] *= neutral[2]
            signal = light + rng.normal(size=light.shape) * np.sqrt(light / 20000)
            counts = np.clip(BLACK + signal * (16383 - BLACK), 0, 16383).astype(np.uint16)
            return Frame.from_mosaic(counts, black=BLACK, white=16383, neutral=neutral)

        monkeypatch.setattr(foreseen, "read", read)
        return [Job(Path(f"A_{n:04d}.dng"), tmp_path / f"A_{n:04d}.tif", n) for n in range(len(stops))]

    return made


def brightness(jobs: list[Job], order: Order) -> Array:
    """Binary logarithm of the developed light of each frame: the median of its greens, above where the car goes."""
    found = []
    for outcome, frame in batch.frames(jobs, order):
        assert frame is not None, outcome.error
        found.append(np.log2(np.median(frame.samples[0:40:2, 1::2])))
    return np.array(found)


def flicker(course: Array) -> float:
    """How unlike neighbours are: root mean square of second differences."""
    return float(np.sqrt(np.mean(np.diff(course, 2) ** 2)))


def test_flicker_goes_and_the_drift_stays(shot: Shot) -> None:
    rng = np.random.default_rng(7)
    drift = np.linspace(-1.0, 1.0, 60)
    jobs, order = shot(drift + rng.uniform(-0.3, 0.3, 60), car=True), order_of()
    before = brightness(jobs, order)
    after = brightness(held(jobs, order, exposure="smooth=21"), order)
    assert flicker(before) / flicker(after) > 20
    assert np.polyfit(range(60), after, 1)[0] * 59 == pytest.approx(2.0, abs=0.15)
    assert np.abs(after - np.polyval(np.polyfit(range(60), after, 1), range(60))).max() < 0.15


def test_all_frames_are_as_bright_as_the_one_that_they_are_locked_to(shot: Shot) -> None:
    stops = np.linspace(-1.0, 1.0, 12) + np.random.default_rng(3).uniform(-0.3, 0.3, 12)
    jobs, order = shot(stops, car=True), order_of()
    own = brightness(jobs, order)
    after = brightness(held(jobs, order, exposure="lock=4"), order)
    assert after[4] == own[4]
    assert np.abs(after - own[4]).max() < 0.03


def test_a_flash_stays_a_flash_and_moves_no_other(shot: Shot) -> None:
    rng = np.random.default_rng(5)
    calm = np.linspace(-0.5, 0.5, 40) + rng.uniform(-0.1, 0.1, 40)
    struck = calm.copy()
    struck[[17, 18, 30]] += (3.0, 2.0, -4.0)
    order, said = order_of(), list[str]()
    without = held(shot(calm), order, exposure="smooth=15")
    with_it = held(shot(struck), order, exposure="smooth=15", said=said.append)
    moved = [abs(_ev(a) - _ev(b)) for a, b in zip(without, with_it, strict=True)]
    assert max(ev for n, ev in enumerate(moved) if n not in (17, 18, 30)) < 0.02
    assert max(abs(_ev(with_it[n])) for n in (17, 18, 30)) < 0.1
    assert said[-1] == "A_….dng: unlike the frames around them, their exposure is left to them: 17-18,30"


def test_a_step_of_exposure_becomes_a_slope(shot: Shot) -> None:
    jobs, order = shot([0.0] * 20 + [1.0] * 20), order_of()
    after = np.array([_ev(job) for job in held(jobs, order, exposure="smooth=9")]) + np.repeat([0.0, 1.0], 20)
    assert np.abs(np.diff(after)).max() < 0.3
    assert np.abs(after[:14]).max() < 0.01
    assert np.abs(after[26:] - 1).max() < 0.01


def _ev(job: Job) -> float:
    assert job.given is not None
    return job.given.ev


def _gains(job: Job) -> tuple[float, float, float]:
    assert job.given is not None
    assert job.given.gains is not None
    return job.given.gains


def test_white_balance_is_that_of_one_frame_to_the_last_bit(shot: Shot) -> None:
    neutrals = [(0.5 + 0.01 * n, 1.0, 0.7 - 0.013 * n) for n in range(8)]
    jobs, order = shot([0.0] * 8, neutrals), order_of()
    own = [frame.facts.gains for _, frame in batch.frames(jobs, order) if frame is not None]
    locked = held(jobs, order, balance="lock=3")
    assert {_gains(job) for job in locked} == {own[3]}
    assert all(_ev(job) == 0.0 for job in locked)
    made = [frame for _, frame in batch.frames(locked, order) if frame is not None]
    assert {frame.facts.gains for frame in made} == {own[3]}
    (of_itself,) = (frame for _, frame in batch.frames(jobs[3:4], order))
    assert of_itself is not None
    assert np.array_equal(made[3].samples, of_itself.samples)


def test_white_balance_is_smoothed_by_its_logarithm_and_odd_frames_with_it(shot: Shot) -> None:
    rng = np.random.default_rng(2)
    red = 0.5 * 2.0 ** (np.linspace(0, 0.4, 40) + rng.uniform(-0.05, 0.05, 40))
    red[20] = 1.4
    jobs, order = shot([0.0] * 40, [(float(r), 1.0, 0.7) for r in red]), order_of()
    gains = np.array([_gains(job) for job in held(jobs, order, balance="smooth=15")])
    own = -np.log2(red)
    after = np.log2(gains[:, 0] / gains[:, 1])
    assert gains.min() == 1.0
    assert flicker(after) < flicker(np.delete(own, 20)) / 20
    assert after[20] == pytest.approx((own[19] + own[21]) / 2, abs=0.06)
    assert np.abs(np.log2(gains[:, 2] / gains[:, 1]) - np.log2(1 / 0.7)).max() < 1e-6


def test_brightness_counts_what_white_balance_and_the_file_add(shot: Shot) -> None:
    # The largest of the neutral is red in one frame: its green is raised.
    jobs, order = shot([0.0, 0.0, 0.0], [(0.5, 1.0, 0.7), (1.25, 1.0, 0.7), (0.5, 1.0, 0.7)]), order_of()
    assert _ev(held(jobs, order, exposure="lock=0")[1]) == pytest.approx(-np.log2(1.25), abs=0.01)
    assert _ev(held(jobs, order, exposure="lock=0", balance="lock=0")[1]) == pytest.approx(0.0, abs=0.01)


def test_grey_world_is_held_as_the_chain_measures_it(shot: Shot) -> None:
    order = order_of(["black_level", {"white_balance": {"mode": "grey_world"}}, "exposure"])
    jobs = shot([0.0, 0.4], [(0.5, 1.0, 0.7), (0.4, 1.0, 0.9)])
    own = [frame.facts.gains for _, frame in batch.frames(jobs, order) if frame is not None]
    assert {_gains(job) for job in held(jobs, order, balance="lock=1")} == {own[1]}
    assert _ev(held(jobs, order, exposure="lock=0")[1]) == pytest.approx(-0.4, abs=0.03)


def test_each_changes_nothing(shot: Shot) -> None:
    jobs = shot([0.0, 1.0])
    assert held(jobs, order_of()) == jobs
    assert held(jobs, order_of(), only=jobs[:1]) == jobs[:1]
    chain = order_of().chain
    assert Given().applied(chain) == chain


def test_a_chain_without_exposure_gets_it_where_it_belongs_and_one_compile_does(shot: Shot, here: Path) -> None:
    # Frame 2 is a flash, whose exposure is left: it goes through the same loops.
    jobs = shot([0.0, 0.1, 2.5, -0.1, 0.0, 0.1, 0.0])
    chain = load("small.yaml")
    given = held(jobs, Order(chain, isolate="never"), exposure="smooth=5", balance="smooth=5")
    chains = [job.given.applied(chain) for job in given if job.given]
    names = ["black_level", "white_balance", "demosaic", "exposure", "colour", "tone"]
    assert [[link.stage.name for link in made.links] for made in chains] == [names] * 7
    facts = foreseen.read(jobs[0].source).facts
    assert len({tuple(work.signature for work in plan(made.links, facts).passes) for made in chains}) == 1


def test_a_chain_with_exposure_keeps_its_own_and_stays_in_what_the_stage_takes() -> None:
    chain = load([*POINTS[:2], {"exposure": {"ev": 0.5, "baseline": False}}])
    for ev, sum_ in ((0.25, 0.75), (30.0, 10.0), (-30.0, -10.0)):
        exposure = Given(ev=ev).applied(chain).links[2].parameters
        assert (exposure.ev, exposure.baseline) == (sum_, False)
    warm = load(["black_level", {"white_balance": {"mode": "temperature", "temperature_k": 4000, "tint": 5}}])
    balance = Given((2.0, 1.0, 1.5)).applied(warm)
    assert load([dict(entry) for entry in balance.as_record()["chain"]]).links[1].parameters.gains == (2.0, 1.0, 1.5)


def test_every_shot_is_held_by_itself(shot: Shot) -> None:
    ours = shot([0.0, 1.0, 0.0, 1.0])
    theirs = [Job(Path(f"B_{job.source.name}"), job.target, job.number) for job in ours]
    mixed = [job for pair in zip(ours, theirs, strict=True) for job in pair]
    alone = held(ours, order_of(), exposure="smooth=3")
    both = held(mixed, order_of(), exposure="smooth=3")
    assert [job.source for job in both] == [job.source for job in mixed]
    assert [job.given for job in both[::2]] == [job.given for job in alone]


def test_frames_that_cannot_be_read_or_are_black_are_left_to_themselves(shot: Shot) -> None:
    said: list[str] = []
    jobs = held(shot([0.0, np.nan, 0.1, -20.0, 0.0]), order_of(), exposure="smooth=5", said=said.append)
    assert jobs[1].given is None
    assert [abs(_ev(jobs[n])) < 1e-9 for n in (0, 2, 3, 4)] == [False, False, True, False]
    assert said[1:] == [
        "A_….dng: cannot be read, and are not held: 1",
        "A_….dng: all black or clipped, their exposure is left to them: 3",
    ]
    # Frame 1 is as good as black where frame 0 is not clipped.
    held(shot([5.0, -9.0]), order_of(), exposure="lock=0", said=said.append)
    assert said[-1] == "A_….dng: no light in common with frame 0, their exposure is left to them: 1"
    with pytest.raises(RequestError, match=r"--exposure lock=1: A_0001\.dng cannot be read, or shows no light"):
        held(shot([0.0, np.nan]), order_of(), exposure="lock=1")
    with pytest.raises(RequestError, match=r"--exposure lock=1: A_0001\.dng cannot be read, or shows no light"):
        held(shot([0.0, -20.0]), order_of(), exposure="lock=1")
    with pytest.raises(RequestError, match=r"--balance lock=1: A_0001\.dng cannot be read"):
        held(shot([0.0, np.nan]), order_of(), balance="lock=1")


def test_some_frames_are_given_what_the_whole_shot_leads_to(shot: Shot) -> None:
    jobs = shot(np.linspace(0.0, 0.5, 9) + np.tile([0.0, 0.2, -0.1], 3))
    whole = held(jobs, order_of(), exposure="smooth=5")
    assert held(jobs, order_of(), exposure="smooth=5", only=[jobs[7], jobs[2]]) == [whole[7], whole[2]]


def test_a_record_gives_every_machine_the_same_values(shot: Shot, tmp_path: Path) -> None:
    record, order = tmp_path / "hold.json", order_of()
    jobs = [Job(Path("shoot") / job.source, job.target, job.number) for job in shot([0.0, 0.2, 0.1, np.nan, 0.3])]
    first = held(jobs, order, balance="smooth=3", exposure="smooth=3", kept=record)
    # Not measured again, and the same for a part of the shot, wherever it is mounted.
    shot([np.nan] * 5)
    there = [Job(Path("/mnt") / job.source, job.target, job.number) for job in (jobs[4], jobs[1], jobs[3])]
    said: list[str] = []
    again = held(there, order, balance="smooth=3", exposure="smooth=3", kept=record, said=said.append)
    assert said == [f"{record}: frames that could not be read then, and are not held: 3"]
    assert [job.given for job in again] == [first[n].given for n in (4, 1, 3)]
    assert first[3].given is None


def test_a_record_of_something_else_is_refused(shot: Shot, tmp_path: Path) -> None:
    record, order = tmp_path / "hold.json", order_of()
    jobs = shot([0.0, 0.2, 0.1])
    held(jobs[:2], order, exposure="smooth=3", kept=record)
    for says, options in {
        "is of --exposure smooth=3, not lock=0; remove it to measure again": {"exposure": "lock=0"},
        "is of --balance each, not smooth=3": {"exposure": "smooth=3", "balance": "smooth=3"},
        "has no values for A_0002.dng; remove it": {"exposure": "smooth=3"},
        "is of --balance and --exposure, and neither is given": {},
    }.items():
        with pytest.raises(RequestError, match=says):
            held(jobs, order, kept=record, **options)
    other = order_of(["black_level", {"white_balance": {"mode": "daylight"}}, "exposure"])
    with pytest.raises(RequestError, match="is of another chain"):
        held(jobs[:2], other, exposure="smooth=3", kept=record)
    for text in ("", "[]", '{"frames": {}}', json.dumps({"frames": {"a": {"gains": "x", "ev": 1}}, "hold": {}})):
        record.write_text(text)
        with pytest.raises(RequestError, match=r"--held: .* cannot be read: .*; remove it"):
            held(jobs, order, exposure="smooth=3", kept=record)
    alike = [jobs[0], Job(Path("B") / "A_0001.dng", jobs[1].target, 1), Job(Path("x/B/A_0001.dng"), jobs[2].target, 1)]
    with pytest.raises(RequestError, match=r"two frames are called B/A_0001\.dng"):
        held(alike, order, exposure="smooth=3", kept=tmp_path / "other.json")
    assert not (tmp_path / "other.json").exists()


@pytest.mark.parametrize("text", ["", "lock", "smooth=", "smooth=x", "lock=1.5", "median=3"])
def test_a_policy_that_is_none_is_said(text: str) -> None:
    with pytest.raises(RequestError, match=r"--balance .*: write each, lock=N \(as frame N has it\) or smooth=W"):
        policy.parse("balance", text)


def test_what_cannot_be_held_is_refused_before_anything_is_measured(shot: Shot) -> None:
    jobs = shot([np.nan] * 3)
    assert [str(policy.parse("exposure", text)) for text in ("each", " lock = -3 ", "smooth=25")] == [
        *("each", "lock=-3", "smooth=25")
    ]
    for says, options, stages in (
        (r"--exposure 'smooth=2': smoothed over 3 to 9999 frames", {"exposure": "smooth=2"}, POINTS),
        (r"--exposure lock=7: A_….dng has no such frame; there are 0-2", {"exposure": "lock=7"}, POINTS),
        (r"has no white_balance", {"balance": "lock=0"}, ["black_level", "exposure"]),
        (r"--exposure lock=0: .*black", {"exposure": "lock=0"}, ["white_balance"]),
    ):
        with pytest.raises(RequestError, match=says):
            held(jobs, order_of(stages) if stages != ["white_balance"] else _counts(), **options)


def _counts() -> Order:
    """A chain whose picture is still counts."""
    chain = settled(load([{"demosaic": {"method": "bilinear"}}], overrides=["output.bits=32"]), "tiff")
    return Order(chain, device="cpu", isolate="never")
