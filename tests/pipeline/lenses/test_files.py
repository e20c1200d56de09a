"""Profile files: what is written is read back, and every fault has its place."""

import math

import pytest

from tenbit.pipeline.errors import ReadError, WriteError
from tenbit.pipeline.lenses.files import load_profile, write_profile
from tenbit.pipeline.lenses.profile import Colour, Distortion, FlatMap, Light, Limit, Measurement, Profile


def profile(**more):
    flat = FlatMap(cfa="RGGB", height_mm=24, width_mm=36, points=(3, 4), gains=" ".join(["1.0123"] * 48), f_number=2.8)
    measurement = Measurement(
        provenance="P0",
        source="mine: an evenly lit wall, 'grey'",
        date="2026-01-02",
        valid_mm=21.6,
        distortion=(Distortion(model="acm", unit_mm=35, terms=(1e-5, -2.0, 0.1), focus_m=math.inf),) * 2,
        lateral_colour=(Colour(model="poly3", unit_mm=12, red=(1.0001,), blue=(0.9999, 0, 1e-4)),),
        vignetting=(Light(model="table", terms=tuple(range(60)), f_number=1.4),),
        flat=(flat, flat),
        limits=(Limit(quantity="corner_ev", value=-2),),
    )
    return Profile(name="Summilux: 35 yes", lenses=("summilux-m-35",), measurements=(measurement,), **more)


@pytest.fixture
def file(tmp_path):
    write_profile(tmp_path / "p.yaml", profile(), "Imported\nfrom a test")
    return tmp_path / "p.yaml"


def plain(found):
    made = found.model_dump()
    for measurement in made["measurements"]:
        for flat in measurement["flat"]:
            flat["gains"] = flat["gains"].split()
    return made


def test_what_is_written_is_read_back(file):
    assert plain(load_profile(file)) == plain(profile())


def test_the_file_is_fit_to_be_read(file):
    lines = file.read_text().splitlines()
    assert lines[:3] == ["# Imported", "# from a test", "name: 'Summilux: 35 yes'"]
    assert lines.count("          1.0123 1.0123 1.0123 1.0123") == 2 * 4 * 3
    assert "      - {focus_m: .inf, model: acm, unit_mm: 35.0, terms: [1e-05, -2.0, 0.1]}" in lines
    assert max(map(len, lines)) <= 120
    assert not [line for line in lines if line != line.rstrip()]


def test_an_older_file_is_replaced_whole(file):
    write_profile(file, profile(exit_pupil_mm=40))
    assert load_profile(file).exit_pupil_mm == 40
    assert [path.name for path in file.parent.iterdir()] == ["p.yaml"]


def test_where_nothing_can_be_written(tmp_path):
    (tmp_path / "taken").write_text("")
    with pytest.raises(WriteError, match=r"p\.yaml: cannot be written"):
        write_profile(tmp_path / "taken" / "p.yaml", profile())


def test_a_day_without_quotes_is_a_text(file):
    file.write_text(file.read_text().replace("'2026-01-02'", "2026-01-02"))
    assert load_profile(file).measurements[0].date == "2026-01-02"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("valid_mm: 21.6", "valid_mm: -1", ":9:15: measurements[0].valid_mm: -1 should be greater than 0"),
        ("model: acm", "modl: acm", ":11:9: measurements[0].distortion[0].model: missing"),
        ("model: acm", "modl: acm", "measurements[0].distortion[0].modl: no such field; did you mean 'model'?"),
        ("model: acm", "model: brown", ":11:32: measurements[0].distortion[0].model: 'brown' should be 'even', "),
        ("[1e-05, -2.0", "[1e-05, x", "distortion[0].terms[1]: 'x' should be a valid number"),
        ("1.0123 1.0123 1.0123 1.0123", "1.0123", "flat[0]: gains: 48 numbers for 3 x 4 points, not 45"),
        ("1.0123 1.0123", "1.0123 -1", "flat[0]: gains: numbers above 0"),
        ("P0", "P7", "measurements[0].provenance: 'P7' should be 'P0', 'P1'"),
        ("name: ", "nam: ", "nam: no such field; did you mean 'name'?"),
    ],
)
def test_each_fault_has_its_place(file, old, new, said):
    file.write_text(file.read_text().replace(old, new, 1))
    with pytest.raises(ReadError) as caught:
        load_profile(file)
    assert said in str(caught.value)
    assert str(caught.value).startswith(f"{file}:")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "1:1: None: a mapping belongs there"),
        ("- 1", "1:1: [1]: a mapping belongs there"),
        ("a: [", "1:5: no YAML: expected the node content"),
        ("name: a\nname: b", "2:1: no YAML: found duplicate key"),
        ("name: a\nmeasurements: []", "2:15: measurements: at least 1 belongs there"),
        ("name: a\nmeasurements: {a: 1}", "2:15: measurements: {'a': 1}: a list belongs there"),
        ("a: !!python/object/apply:os.system [ls]", "no YAML: could not determine a constructor"),
        ("[" * 40 + "]" * 40, "too many values or too deep for a profile"),
        (
            "a: &a [1,1,1,1,1,1,1,1]\n"
            + "".join(f"{y}: &{y} [{', '.join([f'*{x}'] * 8)}]\n" for x, y in zip("abcdefg", "bcdefgh", strict=True)),
            "too many values or too deep for a profile",
        ),
    ],
)
def test_what_is_no_profile(tmp_path, text, said):
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ReadError) as caught:
        load_profile(tmp_path / "p.yaml")
    assert said in str(caught.value)


def test_what_is_no_text(tmp_path):
    (tmp_path / "p.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ReadError, match="not UTF-8 text"):
        load_profile(tmp_path / "p.yaml")
    with pytest.raises(ReadError, match="cannot be read: No such file"):
        load_profile(tmp_path / "none.yaml")
    (tmp_path / "large.yaml").write_bytes(b"#" * (8 << 20) + b"##")
    with pytest.raises(ReadError, match="more than 8 MiB"):
        load_profile(tmp_path / "large.yaml")
