"""The CUDA device on a strict stand-in for CuPy: overlap, replay, reuse, memory that runs out."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tenbit.pipeline import run
from tenbit.pipeline.device import CpuDevice, CudaDevice, DeviceFullError
from tenbit.pipeline.device.contract import stretches
from tenbit.pipeline.errors import DeviceError
from tenbit.pipeline.frame import Frame

CHAIN = ("black_level", ("white_balance", {"mode": "grey_world"}), "demosaic", "tone", "histogram")
SHORT = ("black_level", "demosaic", "tone")


def same(out, frame, what):
    """The picture and the results are the CPU's."""
    expected = run.run_plan(frame, what, CpuDevice(1))
    assert out.samples.dtype == expected.samples.dtype
    assert np.abs(out.samples.astype(int) - expected.samples).max() <= 1
    assert set(out.results) == set(expected.results)
    if "histogram" in expected.results:
        np.testing.assert_array_equal(out.results["histogram"].counts, expected.results["histogram"].counts)


def test_a_frame_goes_up_and_down_by_explicit_copies_alone(card, scene, planned):
    frame = scene(12, 16)
    what = planned(frame, *CHAIN)
    out = run.run_plan(frame, what, card)
    assert card.name == out.record["device"] == "cuda:0 Strict"
    same(out, frame, what)


def test_the_second_device_is_the_one_that_is_asked(strict, scene, planned):
    strict(number=1)
    frame = scene(8, 8)
    what = planned(frame, *SHORT)
    device = CudaDevice(1)
    assert device.name == "cuda:1 Strict"
    same(run.run_plan(frame, what, device), frame, what)


def test_two_frames_are_on_their_way_at_a_time(card, scene, planned):
    frames = [scene(8, 12, seed=n) for n in range(3)]
    what = planned(frames[0], *SHORT)
    pending = [run.begin(frame, what, card) for frame in frames[:2]]
    # The second has been queued whole before anything of the first has happened, each on a stream of its own.
    busy = [stream for stream in card.cupy.streams.values() if stream.queue]
    assert len(busy) == 2
    ups = [n for n, word in enumerate(card.cupy.log) if word == "up"]
    assert card.cupy.log[-1] == "down" and ups[-1] > card.cupy.log.index("down")
    pending.append(run.begin(frames[2], what, card))
    assert busy[0].queue and sum(work.is_done for work in busy[0].queue) == 0
    for frame, there in zip(frames, pending, strict=True):
        same(there.finish(), frame, what)


def test_frames_may_be_finished_in_any_order_and_asked_twice(card, scene, planned):
    frames = [scene(8, 12, seed=n) for n in range(3)]
    what = planned(frames[0], *CHAIN)
    pending = [run.begin(frame, what, card) for frame in frames]
    for n in (2, 0, 1, 0):
        same(pending[n].finish(), frames[n], what)


def test_another_thread_may_finish_what_this_one_has_begun(card, scene, planned):
    frames = [scene(8, 12, seed=n) for n in range(4)]
    what = planned(frames[0], *CHAIN)
    with ThreadPoolExecutor(1) as writer:
        outs = []
        for frame in frames:
            pending = run.begin(frame, what, card)
            outs.append(writer.submit(pending.finish))
            # The stand-in's list of current devices knows no threads.
            outs[-1].exception()
    for frame, out in zip(frames, outs, strict=True):
        same(out.result(), frame, what)


def test_frames_that_follow_are_replayed_with_new_constants(card, scene, planned):
    cupy, seen = card.cupy, []
    for n, ev in enumerate((0.1, 0.3, -0.5, 1.0)):
        frame = scene(10, 14, seed=n)
        what = planned(frame, "black_level", "demosaic", ("exposure", {"ev": ev}), "tone", "histogram")
        same(run.run_plan(frame, what, card), frame, what)
        seen.append((cupy.launches, cupy.captures, cupy.replays))
    launches, cut = len(what.passes), len(stretches(what.passes, {}))
    # Launched, then captured and replayed, then replayed alone.
    assert seen[0] == (launches, 0, 0)
    assert seen[1:] == [(2 * launches, cut, cut), (2 * launches, cut, 2 * cut), (2 * launches, cut, 3 * cut)]


def test_constants_that_follow_from_counters_are_replayed_too(card, scene, planned):
    for seed in range(4):
        frame = scene(10, 14, seed=seed)
        what = planned(frame, *CHAIN)
        out = run.run_plan(frame, what, card)
        same(out, frame, what)
        assert out.results["white_balance"]["gains"] != (1.0, 1.0, 1.0)
    cut = len(stretches(what.passes, {}))
    assert cut > 1
    assert (card.cupy.captures, card.cupy.replays) == (cut, 3 * cut)


def test_a_driver_that_cannot_capture_launches(card, scene, planned):
    card.cupy.cannot_capture = True
    frame, said = scene(8, 8), []
    what = planned(frame, *SHORT)
    for _ in range(3):
        same(run.run_plan(frame, what, card, said=said.append), frame, what)
    assert card.cupy.captures == 0
    told = [line for line in said if not line.startswith("compiling")]
    assert told == ["cuda:0 Strict: kernels are not replayed: cudaErrorStreamCaptureUnsupported"]


def test_frames_of_two_shapes_take_turns(card, scene, planned):
    for rows in (8, 12, 8, 12, 12, 8):
        frame = scene(rows, 10, seed=rows)
        what = planned(frame, *CHAIN)
        same(run.run_plan(frame, what, card), frame, what)


def test_memory_is_used_again_from_frame_to_frame(card, scene, planned):
    frame = scene(8, 12)
    what = planned(frame, *SHORT)
    places = set()
    for _ in range(4):
        out = run.run_plan(frame, what, card)
        places.add(out.samples.ctypes.data)
        del out
    assert len(places) == 1
    blocks = len(card.cupy.blocks)
    run.run_plan(frame, what, card)
    assert len(card.cupy.blocks) == blocks


def test_samples_in_pinned_memory_are_not_copied_first(card, scene, planned):
    frame = scene(8, 12)
    what = planned(frame, *SHORT)
    run.run_plan(frame, what, card)
    samples = card.empty(frame.samples.shape, "uint16")
    samples[:] = frame.samples
    blocks = len(card.cupy.blocks)
    pinned = Frame(samples, frame.facts)
    same(run.run_plan(pinned, what, card), frame, what)
    assert len(card.cupy.blocks) == blocks


@pytest.mark.parametrize(("packing", "stride"), [("raw10", 20), ("raw12", 24)])
def test_a_packed_mosaic_crosses_the_bus_as_it_is(card, scene, planned, packing, stride):
    frame = scene(8, 16)
    bits = np.unpackbits(np.arange(8 * stride, dtype=np.uint8) * 37).reshape(8, -1)
    packed = Frame(np.packbits(bits, axis=1), frame.facts, packing=packing)
    assert packed.samples.shape == (8, stride)
    what = planned(packed, *SHORT, packing=packing)
    pending = card.begin(what.cuda_passes, {"mosaic": packed.samples}, ["rgb"])
    assert [held.nbytes for held in pending.holds] == [8 * stride]
    pending.finish()
    out = run.run_plan(packed, what, card)
    assert out.packing is None
    same(out, packed, what)


def test_a_demosaiced_frame_goes_up_interleaved(card, scene, planned):
    mosaic = scene(9, 11)
    light = run.run_plan(mosaic, planned(mosaic, "black_level", "demosaic", bits=None), CpuDevice(1))
    assert light.samples.shape == (9, 11, 3)
    what = planned(light, "exposure", "tone", "peaking", "histogram")
    same(run.run_plan(light, what, card), light, what)


def test_no_pass_at_all_is_a_copy(card, scene, planned):
    frame = scene(8, 8)
    out = run.run_plan(frame, planned(frame, bits=None), card)
    np.testing.assert_array_equal(out.samples, frame.samples)


def test_a_frame_nobody_finishes_does_no_harm(card, scene, planned):
    frame = scene(8, 12)
    what = planned(frame, *SHORT)
    for _ in range(3):
        run.begin(frame, what, card)
    same(run.run_plan(frame, what, card), frame, what)
    card.drop()


def test_a_caller_who_keeps_many_pictures_gets_ordinary_memory(card, scene, planned):
    frame = scene(8, 8)
    what = planned(frame, *SHORT)
    name = what.passes[-1].outs[-1].name
    kept = [card.begin(what.passes, {"mosaic": frame.samples}, [name]).finish().arrays[name] for _ in range(12)]
    is_pinned = [card.pinned.owns(array) for array in kept]
    assert is_pinned == sorted(is_pinned, reverse=True)
    assert 1 < sum(is_pinned) <= 8
    for array in kept[1:]:
        np.testing.assert_array_equal(array, kept[0])


def test_when_both_lanes_do_not_fit_they_take_turns(strict, scene, planned):
    strict()
    frame = scene(32, 32)
    what = planned(frame, *SHORT)
    roomy = CudaDevice()
    run.run_plan(frame, what, roomy)
    needed = roomy.cupy.used
    strict(int(1.5 * needed))
    card = CudaDevice()
    pending = [run.begin(frame, what, card) for _ in range(3)]
    for there in pending:
        same(there.finish(), frame, what)


def test_an_error_of_the_card_is_ours_to_tell(card, scene, planned, monkeypatch):
    frame = scene(8, 8)
    pending = run.begin(frame, planned(frame, *SHORT), card)

    def broken(*arguments):
        raise card.cupy.cuda.runtime.CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access")

    monkeypatch.setattr(type(pending.pending.down), "synchronize", broken)
    with pytest.raises(DeviceError, match="cuda:0 Strict: cudaErrorIllegalAddress"):
        pending.finish()
    monkeypatch.undo()
    card.drop()


@pytest.mark.parametrize("capacity", [100, 2000])
def test_a_frame_that_does_not_fit_is_developed_on_the_cpu_and_said(strict, scene, planned, capacity):
    strict(capacity)
    card, frame = CudaDevice(), scene(12, 16)
    what = planned(frame, *CHAIN)
    with pytest.raises(DeviceFullError, match="cuda:0 Strict"):
        run.run_plan(frame, what, card)
    said = []
    out = run.run_plan(frame, what, card, said=said.append, may_fall_back=True)
    assert [line for line in said if line.startswith("developed on the CPU: the frame ")]
    assert out.record["device"].startswith("cpu")


def test_memory_that_runs_out_on_the_way_is_ours_to_tell(strict, scene, planned, monkeypatch):
    strict(300)
    card, frame = CudaDevice(), scene(12, 16)
    monkeypatch.setattr(card, "free_bytes", lambda: 10**9)
    with pytest.raises(DeviceFullError, match="the frame does not fit into the memory of cuda:0 Strict"):
        run.run_plan(frame, planned(frame, *CHAIN), card)


def test_host_memory_that_cannot_be_pinned_is_a_shortage_too(card, scene, planned):
    card.cupy.most_pinned = 400
    frame, said = scene(12, 16), []
    what = planned(frame, *CHAIN)
    with pytest.raises(DeviceFullError, match="the frame does not fit into the memory of cuda:0 Strict"):
        run.run_plan(frame, what, card)
    out = run.run_plan(frame, what, card, said=said.append, may_fall_back=True)
    assert out.record["device"].startswith("cpu")
    assert [line for line in said if line.startswith("developed on the CPU")]


def test_memory_that_runs_out_when_work_is_queued_already_leaves_the_lane_in_order(strict, scene, planned):
    frame = scene(8, 12)
    what = planned(frame, *SHORT)
    cupy = strict(run.bytes_needed(what, frame, "cuda") + 10)
    card = CudaDevice()
    for _ in range(2):
        with pytest.raises(DeviceFullError):
            card.begin(what.cuda_passes, {"mosaic": frame.samples}, ["rgb"])
    assert "up" in cupy.log
    cupy.capacity = 2**20
    same(run.run_plan(frame, what, card), frame, what)
