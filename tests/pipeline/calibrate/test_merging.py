"""Measurements that are put into a profile that exists."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tenbit.pipeline.calibrate.merging import merged
from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses.profile import Distortion, Light, Measurement, Profile

PATH = Path("mine.yaml")


def light(*f_numbers: float | None, k: float = -0.5, note: str | None = None, **more: object) -> Measurement:
    entries = tuple(Light(model="pa", unit_mm=20, terms=(k,), f_number=n) for n in f_numbers)
    known = {"provenance": "P0", "source": "flat", "sensor": "x", "valid_mm": 20.0, **more}
    return Measurement(vignetting=entries, note=note, **known)


def put(old: Profile | None, new: Measurement, **more: object) -> Profile:
    return merged(old, new, slug="a-lens", name="A lens", path=PATH, **more)


def test_a_first_measurement_makes_a_profile() -> None:
    made = put(None, light(2))
    assert (made.name, made.lenses, len(made.measurements)) == ("A lens", ("a-lens",), 1)
    assert merged(None, light(2), slug="", name="A lens", path=PATH).lenses == ()


def test_apertures_of_one_sensor_come_together_and_are_sorted() -> None:
    made = put(put(put(None, light(4, note="f/4: 3 frames")), light(2, note="f/2: 1 frame")), light(None))
    (measurement,) = made.measurements
    assert [entry.f_number for entry in measurement.vignetting] == [None, 2, 4]
    assert measurement.note == "f/2: 1 frame; f/4: 3 frames"


def test_the_same_settings_are_replaced_only_when_asked() -> None:
    old = put(None, light(2, 4, note="f/2: old; f/4: old", date="2026-01-01"))
    with pytest.raises(RequestError) as fault:
        put(old, light(4, k=-0.1))
    assert str(fault.value) == ("mine.yaml: has a measurement at f/4 by flat, of 2026-01-01; --overwrite replaces it")
    (measurement,) = put(old, light(4, k=-0.1, note="f/4: new"), is_replacing=True).measurements
    assert [entry.terms for entry in measurement.vignetting] == [(-0.5,), (-0.1,)]
    assert measurement.note == "f/2: old; f/4: new"


def test_what_is_of_another_sensor_or_source_stays_as_it_is() -> None:
    lines = Measurement(
        provenance="P0",
        source="lines",
        sensor="x",
        valid_mm=18,
        distortion=(Distortion(model="even", unit_mm=20, terms=(-0.01,)),),
    )
    old = put(put(None, light(2)), lines)
    made = put(old, light(2, sensor="y"))
    assert [(m.source, m.sensor) for m in made.measurements] == [("flat", "y"), ("lines", "x"), ("flat", "x")]
    assert made.measurements[1:] == old.measurements
    drafts = put(old, light(2, withheld="draft"))
    assert len(drafts.measurements) == 3


def test_together_they_claim_what_both_were_measured_to() -> None:
    (measurement,) = put(put(None, light(2, valid_mm=18)), light(4)).measurements
    assert measurement.valid_mm == 18
    (alone,) = put(put(None, light(2, valid_mm=18)), light(2), is_replacing=True).measurements
    assert alone.valid_mm == 20


def test_fall_off_of_one_sensor_is_by_one_model() -> None:
    table = Light(model="table", unit_mm=20, terms=(0.0, 0.0, 1.0, -3.0), f_number=1.4)
    new = light(4).model_copy(update={"vignetting": (table,)})
    for made in (put(put(None, light(2)), new), put(put(None, new), light(2))):
        first, second = made.measurements[0].vignetting
        assert first == table
        assert (second.model, second.f_number, second.unit_mm) == ("table", 2, 20)
        assert second.terms[:2] == (0, 0)
        # At half the radius an eighth of the light is lost.
        assert second.terms[24:26] == (0.5, pytest.approx(np.log2(0.875), abs=1e-5))
        assert second.terms[-2:] == (1, -1)
