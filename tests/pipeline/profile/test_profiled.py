"""A chain timed: what is in the record, that it adds up, and that a wrong picture is not timed."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from tenbit.cli import commands
from tenbit.kernels import _spans
from tenbit.kernels._schedule import Schedule
from tenbit.kernels._stage import Access
from tenbit.pipeline import config, foreseen
from tenbit.pipeline.device import choose
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.frame import Frame
from tenbit.pipeline.plan import Plan
from tenbit.pipeline.profile import checked, frames, shown
from tenbit.pipeline.profile import profiled as whole
from tenbit.pipeline.profile.devices import device_for
from tenbit.pipeline.profile.measure import Bench, Clock
from tenbit.pipeline.profile.notes import notes_on, sum_of_shares
from tenbit.pipeline.profile.parts import Ceilings, Timing
from tenbit.pipeline.profile.record import read_profile
from tenbit.pipeline.profile.shares import LOAD_AND_STORE, Shared, cuts


@pytest.fixture
def limits(monkeypatch: pytest.MonkeyPatch) -> Ceilings:
    """Ceilings that take no time to measure: their own tests measure them."""
    known = Ceilings(2e10, 1e11)
    monkeypatch.setattr(whole, "ceilings", lambda *_, **__: known)
    return known


def chain(name: str, *overrides: str) -> config.Chain:
    loaded = config.load(name, overrides=overrides)
    return foreseen.settled(loaded, foreseen.likely_format(loaded))


def small(frame: Frame | None = None, *, device: str = "cpu", fuse: bool = True) -> Bench:
    """The small chain on a simulated frame."""
    return Bench(chain("small.yaml"), frame or frames.sample("64x96").frame, choose(device)[0], fuse=fuse)


def tiny(rows: int = 8, cols: int = 8) -> Frame:
    """A mosaic that the simulator of a card is soon through with, which compiles nothing."""
    samples = np.random.default_rng(5).integers(64, 1024, (rows, cols), np.uint16)
    matrix = [[0.8, -0.2, -0.1], [-0.4, 1.2, 0.2], [-0.1, 0.2, 0.6]]
    return Frame.from_mosaic(samples, black=64, white=1023, neutral=(0.5, 1.0, 0.6), color_matrix=matrix)


def test_a_profile_is_whole_and_adds_up(here: Path, limits: Ceilings) -> None:
    found = whole.profiled(small(tiny(8, 16), device="cuda"), rounds=2, has_shares=True)
    (one,) = found.passes
    assert [share.name for share in one.shares] == [
        LOAD_AND_STORE,
        "black_level",
        "white_balance",
        "demosaic",
        "colour",
        "tone",
        "quantise",
    ]
    assert all(len(share.timing.all_s) == 2 for share in one.shares)
    # By construction: the differences of a round are the last cut of it, which is the whole pass.
    sums = np.sum([share.timing.all_s for share in one.shares], axis=0)
    assert (sums > 0).all()
    assert sum(share.operations for share in one.shares) == pytest.approx(one.operations)
    assert (one.bytes_read, one.bytes_written) == (2 * 8 * 16, 3 * 8 * 16)
    assert min(found.host_timing.all_s) >= 0
    assert 5 * 8 * 16 <= found.planned_bytes < 4096  # places begin at whole segments
    assert found.peak_bytes > 10 * 2**20
    assert found.ceilings == limits
    assert found.first.compiled + found.first.loaded >= 0 and found.first.frame_s > 0
    assert found.target == "cuda"
    python, cpu = found.checked.split("; ")
    assert python.startswith("at most ") and python.endswith(" of 255 from plain Python on 8 x 16 from its middle")
    assert cpu.endswith(" of 255 from the CPU on the whole frame")


def test_the_cpu_does_parts_of_a_pass(here: Path) -> None:
    bench = small(tiny())
    (work,) = bench.plan.passes
    first = cuts(work)[:3]
    part = Shared(0, first, {"mosaic": bench.frame.samples}, {})
    assert all(seconds > 0 for seconds in part.once(bench.device, Clock))
    bare = bench.device.begin([first[0].work], part.planes, ("mosaic",)).finish().arrays["mosaic"]
    # Nothing done: the samples as the pass stores its picture, in eight bits.
    np.testing.assert_array_equal(bare, bench.frame.samples.astype(np.uint8))


def test_the_parts_of_a_frame_are_the_frame(here: Path) -> None:
    once = small().once()
    assert once.passes[0].wall_s + once.host.wall_s == pytest.approx(once.frame.wall_s)
    assert once.overlay is None and once.copies is None
    # A card replays its kernels while nobody listens: the frame is timed by itself there.
    card = small(tiny(), device="cuda")
    heard: list[bool] = []
    developed = card.developed
    card.developed = lambda **_: (heard.append(_spans.recorder() is not None), developed())[1]  # type: ignore[method-assign]
    card.once()
    assert heard == [False, True]


def test_json_and_back(here: Path, limits: Ceilings) -> None:
    found = whole.profiled(small(), rounds=2, checks=False)
    Path("a.json").write_text(found.as_json(), "utf-8")
    back = read_profile(Path("a.json"))
    assert back == dataclasses.replace(found, chain=json.loads(json.dumps(found.chain)))
    both = back.joined(found)
    assert [len(run) for run in both.frame_timing.wall_s] == [2, 2]
    assert [len(run) for run in both.passes[0].timing.cpu_s] == [2, 2]
    with pytest.raises(RequestError, match=r"3 threads, commit .*: not the measurement of the runs before"):
        back.joined(dataclasses.replace(back, threads=3))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON; a profile is what tenbit profile --save writes"),
        ("[]", "not a profile"),
        ('{"kind": "tenbit profile", "version": 99}', "a profile of version 99; this tenbit reads version 1"),
        ('{"kind": "tenbit profile", "version": 1, "name": 3}', "name: Input should be a valid string"),
    ],
)
def test_what_is_no_profile(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "a.json").write_text(text, "utf-8")
    with pytest.raises(RequestError, match=f"a.json: .*{said}|a.json: {said}"):
        read_profile(tmp_path / "a.json")
    with pytest.raises(RequestError, match="No such file"):
        read_profile(tmp_path / "b.json")


def test_cuts_end_at_each_stage_and_store_what_there_is(here: Path) -> None:
    (work,) = small().plan.passes
    found = cuts(work)
    assert [cut.work.writes for cut in found[:3]] == [("mosaic",)] * 3
    assert [cut.work.writes for cut in found[3:]] == [("red", "green", "blue")] * 4
    assert all(cut.work.dtype == "uint8" for cut in found)
    assert [cut.work.goes for cut in found] == ["planar"] * 3 + ["interleaved"] * 4
    assert found[-1].work.steps == work.steps


@pytest.mark.parametrize("name", config.shipped_chains())
def test_every_pass_of_the_shipped_chains_can_be_cut(name: str) -> None:
    cfa = "QRGGB" if name.startswith("quad") else "RGGB"
    frame = frames.sample("64x64", cfa=cfa).frame
    for target in ("cpu", "cuda"):
        for work in Bench(chain(name), frame, choose("cpu")[0]).plan.passes_for(target):  # type: ignore[arg-type]
            found = cuts(work)
            assert found[-1].work.steps == work.steps
            assert len({len(cut.work.steps) for cut in found if cut.name != LOAD_AND_STORE}) >= len(found) - 1
            for cut in found:
                made = {plane for step in cut.work.steps if step.access is not Access.REDUCE for plane in step.writes}
                assert set(cut.work.writes) <= made | set(cut.work.reads)
                assert cut.work.writes or cut.work.tallies


def test_the_check_sees_a_wrong_picture(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bench = small()
    assert bench.check().startswith("at most 0 of 255")
    right = checked.run_plan

    def wrong(frame: Frame, what: Plan, device: object) -> Frame:
        done = right(frame, what, device)  # type: ignore[arg-type]
        done.samples[0, 0] ^= 64
        done.samples[5:9] ^= 2
        return done

    monkeypatch.setattr(checked, "run_plan", wrong)
    with pytest.raises(RequestError, match=r"^not timed: the picture is not its reference's: at most 6[0-9] of 255"):
        bench.check()


def test_the_check_takes_packed_frames_and_odd_ones(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tiny = Frame.from_mosaic(np.full((5, 7), 300, np.uint16), white=1023)
    assert "on 4 x 6 from its middle; " in small(tiny).check()
    packed = frames.sample("64x64", is_packed=True).frame
    right, seen = checked.run_plan, []

    def unpacking(frame: Frame, what: Plan, device: object) -> Frame:
        seen.append((frame, what))
        plain = dataclasses.replace(frame, samples=checked.unpacked(frame), packing=None)
        return right(plain, foreseen.planned(plain.facts, chain("small.yaml")), device)  # type: ignore[arg-type]

    # The loop that is timed is asked for, and another one done, which is compiled already.
    monkeypatch.setattr(checked, "run_plan", unpacking)
    assert small(packed).check() == (
        "at most 0 of 255 from plain Python on 32 x 48 from its middle; the whole frame the same on one thread"
    )
    part, what = seen[0]
    assert [work.comes for work in what.passes] == ["raw10"]
    np.testing.assert_array_equal(checked.unpacked(part), checked.unpacked(packed)[16:48, 8:56])


def test_a_clock_leaves_to_an_overlay_what_is_its_own() -> None:
    clock = Clock()
    with _spans.recording(clock):
        with _spans.span("pass", "a", number=0), _spans.span("band", "not wanted"):
            pass
        with _spans.span("overlay", "monitors"), _spans.span("pass", "paint", number=0):
            pass
        with pytest.raises(RuntimeError, match="recorded already"), _spans.recording(Clock()):
            pass
    assert clock.times == {"pass": 1, "overlay": 1}
    clock.add("up", "mosaic", "cuda:0", 0.0, 0.25, {})
    clock.add("up", "mosaic", "cuda:0", 0.0, 0.25, {})
    assert clock.of("up") == (0.5, None)
    assert clock.of("down") is None


def test_a_spread_too_wide_and_estimates_that_do_not_add_up_are_said(here: Path, limits: Ceilings) -> None:
    found = whole.profiled(small(tiny(), device="cuda"), rounds=1, has_shares=True, checks=False)
    quiet, wild = Timing(((0.1,) * 9,)), Timing((tuple(0.1 * n for n in range(1, 10)),))
    shares = tuple(dataclasses.replace(share, timing=Timing(((0.1 / 7,) * 9,))) for share in found.passes[0].shares)
    one = dataclasses.replace(found.passes[0], timing=quiet, shares=shares)
    calm = dataclasses.replace(found, frame_timing=quiet, passes=(one,))
    assert sum_of_shares(one) == pytest.approx(1)
    assert notes_on(calm) == ()
    assert not any("schedule" in line for line in shown.head(calm))
    tuned = dataclasses.replace(calm, schedule=Schedule(bands=9).as_record())
    assert shown.head(tuned)[2] == "schedule: scratch_bytes 786432, most_deep 6, least_wide 4, bands 9"
    assert shown.head(dataclasses.replace(calm, schedule=Schedule().as_record())) == shown.head(calm)
    off = dataclasses.replace(one, shares=shares[1:])
    assert notes_on(found)[0] == "1 round: nobody can tell how they spread; take more"
    notes = notes_on(dataclasses.replace(calm, frame_timing=wild, passes=(off,)))
    assert notes[0].startswith("the frame: too spread to conclude: its median lies in ")
    assert notes[1] == "pass 1: its stages add up to 0.86 of it: do not trust its estimates"


def test_threads_are_the_cpus() -> None:
    device, _ = device_for("cpu", 3)
    assert getattr(device, "threads", None) == 3
    with pytest.raises(RequestError, match="threads and sizes of bands are the CPU's"):
        device_for("cuda", 3)


def run(*arguments: str) -> tuple[int, str, str]:
    done = CliRunner().invoke(commands, ["profile", *arguments])
    return done.exit_code, done.stdout, done.stderr


def test_the_command(here: Path, limits: Ceilings) -> None:
    arguments = ("small.yaml", "--sample", "64x64", "--rounds", "2", "--save", "a.json")
    code, out, err = run(*arguments)
    assert code == 0, err
    assert out.startswith("small on 64x64 sample: 64 x 64 mosaic in uint16, to 8 bits\n")
    assert all(part in out for part in ("black_level + white_balance", "of the limit", "limits:"))
    assert read_profile(Path("a.json")).frame["name"] == "64x64 sample"
    assert "a.json exists already; --add joins this run to it" in run(*arguments)[2]
    again = run(*arguments, "--add", "--no-check")
    assert again[0] == 0, again[2]
    assert len(read_profile(Path("a.json")).frame_timing.wall_s) == 2


def test_the_command_on_files_as_json(raw: Path, limits: Ceilings) -> None:
    code, out, err = run("small.yaml", "a.dng", "a.dng", "--rounds", "1", "--json", "--no-check")
    assert code == 0, err
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["frame"]["name"] for line in lines] == ["a.dng", "a.dng"]
    assert len(small(fuse=False).plan.passes) == 7


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nothing",), "nothing"),
        (("small.yaml", "--sample", "big"), "sample 'big': no such size"),
        (("small.yaml", "--add"), "--add is of --save"),
        (("small.yaml", "--save", "b.json", "--add", "--overwrite"), "--add and --overwrite exclude each other"),
        (("small.yaml", "--save", "small.yaml", "--add"), "small.yaml: not JSON"),
        (("small.yaml", "a.dng", "--bits", "12", "--packed"), "--bits and --packed: of a sample, not of files"),
        (("small.yaml", "--cprofile", "there.prof"), "there.prof exists already; --overwrite replaces it"),
        (("small.yaml", "--save", "b.json", "--trace", "b.json"), "--save, --trace and --cprofile need a file each"),
        (("small.yaml", "--save", "a.json", "--sample", "64x64", "--sample", "72x72"), "the profile of one frame"),
        (("small.yaml", "--sample", "64x64", "--device", "cuda", "--threads", "2"), "are the CPU's"),
    ],
)
def test_what_the_command_refuses(here: Path, arguments: tuple[str, ...], said: str) -> None:
    (here / "there.prof").touch()
    code, _, err = run(*arguments)
    assert code == 2
    assert said in err


def test_pairs_of_rounds_are_of_the_same_turn(here: Path, limits: Ceilings, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = itertools.count()
    monkeypatch.setattr(whole, "Clock", lambda: _Ticking(next(ticks)))
    found = whole.profiled(small(tiny(), device="cuda"), rounds=2, has_shares=True, checks=False)
    # Every cut's clock says one more than the one before it: every difference is one, but for the first of a round.
    assert all(share.timing.all_s == (1.0, 1.0) for share in found.passes[0].shares[1:])


class _Ticking(Clock):
    """Says what number it is instead of a time."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def of(self, kind: str):  # type: ignore[no-untyped-def]
        from tenbit.pipeline.profile.measure import Spent

        return Spent(float(self.number))
