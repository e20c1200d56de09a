"""Arrays in one block: those that are needed at once never share a byte."""

import dataclasses
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tenbit.kernels._pass import Slot
from tenbit.pipeline.device.contract import Rows, stretches
from tenbit.pipeline.device.layout import ALIGNMENT, layout
from tenbit.pipeline.device.numbers import Numbers, packed


@dataclasses.dataclass
class Made:
    """As much of a pass as a layout looks at."""

    ins: tuple[str, ...]
    outs: tuple[Slot, ...]
    frees: tuple[str, ...]


@st.composite
def chains(draw):
    """Passes that read what is there, write some arrays anew or again, and free some that they read."""
    sizes = st.integers(1, 2000)
    alive, passes = ["a"], []
    for n in range(draw(st.integers(1, 8))):
        ins = tuple(draw(st.sets(st.sampled_from(alive), min_size=1)))
        names = draw(st.sets(st.sampled_from([*ins, f"new{n}", f"more{n}"]), min_size=1))
        outs = tuple(Slot(name, (draw(sizes),), "uint8") for name in sorted(names))
        gone = {*draw(st.sets(st.sampled_from(ins))), *(set(ins) & names)}
        passes.append(Made(ins, outs, tuple(gone)))
        alive = sorted((set(alive) - gone) | names)
    return passes


@settings(max_examples=200, deadline=None, derandomize=True)
@given(chains())
def test_arrays_that_are_needed_at_once_are_apart(passes):
    found = layout(passes, [Slot("a", (100, 3), "uint16")])
    alive = dict(found.ins)
    for work, made, read in zip(passes, found.made, found.read, strict=True):
        assert [alive[name] for name in work.ins] == list(read)
        together = sorted([*alive.values(), *made], key=lambda place: place.first)
        assert all(a.first + a.nbytes <= b.first for a, b in itertools.pairwise(together))
        alive = {name: place for name, place in alive.items() if name not in work.frees}
        alive |= {place.slot.name: place for place in made}
    assert alive == found.left
    places = [*found.ins.values(), *(place for made in found.made for place in made)]
    assert all(place.first % ALIGNMENT == 0 and place.end <= found.nbytes for place in places)
    assert found.nbytes <= sum(place.end - place.first for place in places)


def test_freed_bytes_are_used_again():
    big = (1000,)
    passes = [
        Made(("a",), (Slot("b", big, "uint8"),), ("a",)),
        Made(("b",), (Slot("c", big, "uint8"),), ("b",)),
        Made(("c",), (Slot("d", big, "uint8"),), ("c",)),
    ]
    assert layout(passes, [Slot("a", big, "uint8")]).nbytes == 2 * 1024


def test_constants_come_back_from_the_block_as_they_went_in(scene, planned):
    frame = scene(8, 8)
    passes = planned(frame, "black_level", "white_balance", "demosaic", "tone").passes
    constants = [[step.resolved({}) for step in work.steps] for work in passes]
    numbers = Numbers(passes, constants, Rows(6, 2, 4))
    block = np.zeros(numbers.nbytes, np.uint8)
    numbers.write(block)
    for work, bound, given_, spots in zip(passes, numbers.bounds, constants, numbers.constant_spots, strict=True):
        kf, ki, arrays = packed(work, bound, given_, Rows(6, 2, 4))
        assert list(ki[len(bound.ints) :]) == [6, 2, 4, 8, 8]
        for value, (first, shape, dtype) in zip([kf, ki, *arrays], spots, strict=True):
            there = block[first:][: value.nbytes].view(dtype).reshape(shape)
            np.testing.assert_array_equal(there, value)
    assert numbers.first_counter == 0


def test_values_leave_the_signature_alone(scene, planned):
    frame = scene(8, 8)

    def signature(ev):
        passes = planned(frame, "black_level", "demosaic", ("exposure", {"ev": ev}), "tone").passes
        return Numbers(passes, [[step.resolved({}) for step in work.steps] for work in passes]).signature

    assert signature(0.5) == signature(1.0)


@pytest.mark.parametrize("known", [{}, {"white_balance": 1, "histogram": 2}])
def test_passes_are_cut_where_counters_are_waited_for(scene, planned, known):
    frame = scene(8, 8)
    passes = planned(frame, "black_level", ("white_balance", {"mode": "grey_world"}), "demosaic", "tone").passes
    cut = stretches(passes, known)
    assert [work for group in cut for work in group] == list(passes)
    assert len(cut) == (1 if known else 2)
