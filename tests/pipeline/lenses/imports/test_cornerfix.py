"""CornerFix profiles, hand-written, against their polynomials; others refused by name."""

import math

import numpy as np
import pytest

from tenbit.pipeline.errors import ReadError, RequestError
from tenbit.pipeline.lenses.files import load_profile, write_profile
from tenbit.pipeline.lenses.imports import Wishes, import_file

FULL = Wishes(sensor_mm=(24.0, 36.0), lens="a-lens", f_number=4.0)
CORNER_MM = math.hypot(24, 36) / 2
HEAD = """\
profile_version 1
cornerfix_version 1.4.2.1
description "Some lens"
creator ""
licence "This work is licensed under the Creative "
licence "Commons Attribution 3.0 License."
"""
GREEN = "color 1 equation 2 2.0 -0.6 0.1 -0.02\ncolor 2 equation 2 2.1 -0.63 0.105 -0.021\n"
RED, BLUE = "color 0 equation 0 1.0 -0.2\n", "color 3 equation 6 4.0 0.4 0 0 0 0 0 0.1\n"


@pytest.fixture
def cpf(tmp_path):
    def made(text=HEAD + RED + GREEN + BLUE, wishes=FULL):
        (tmp_path / "lens.cpf").write_text(text)
        return import_file(tmp_path / "lens.cpf", wishes)

    return made


def gains(flat):
    return np.array(flat.gains.split(), np.float64).reshape(4, *flat.points)


def test_a_map_of_the_polynomials(cpf):
    found = cpf()
    (measured,) = found.profile.measurements
    (flat,) = measured.flat
    assert (measured.provenance, flat.cfa, flat.points, flat.f_number) == ("P0", "RGGB", (25, 33), 4)
    assert (found.profile.name, found.profile.lenses) == ("Some lens", ("a-lens",))
    assert measured.licence.startswith("This work is licensed under the Creative Commons")
    assert measured.valid_mm == pytest.approx(CORNER_MM, abs=1e-3)
    maps = gains(flat)
    # Six rows below the middle of 25, and ten columns left of that of 33.
    for row, col in ((12, 16), (18, 6), (0, 0), (24, 32)):
        t2 = ((row - 12) ** 2 + (col - 16) ** 2 * (36 / 32) ** 2) / CORNER_MM**2
        green = 1 - 0.3 * t2 + 0.05 * t2**2 - 0.01 * t2**3
        light = green * (1 - 0.2 * t2), green, green, green * (1 + 0.1 * t2 + 0.025 * t2**7)
        assert maps[:, row, col] == pytest.approx([1 / of for of in light], abs=2e-5)
    assert any("taken as the corner, 21.63 mm" in line for line in found.left_out)
    assert any("inferred" in line for line in found.left_out)


def test_another_radius_that_counts_as_one(cpf):
    found = cpf(wishes=Wishes(sensor_mm=(24.0, 36.0), unit_mm=30.0))
    t2 = (CORNER_MM / 30) ** 2
    assert gains(found.profile.measurements[0].flat[0])[1, 0, 0] == pytest.approx(
        1 / (1 - 0.3 * t2 + 0.05 * t2**2 - 0.01 * t2**3), abs=2e-5
    )
    assert len(found.left_out) == 1


def test_a_profile_file_of_it(cpf, tmp_path):
    profile = cpf().profile
    write_profile(tmp_path / "p.yaml", profile)
    again = load_profile(tmp_path / "p.yaml").measurements[0].flat[0]
    assert again.gains.split() == profile.measurements[0].flat[0].gains.split()


def test_the_sensor_has_to_be_told(cpf):
    with pytest.raises(RequestError, match=r"does not tell the sensor's size; give --sensor"):
        cpf(wishes=Wishes())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no CornerFix profile: no profile_version in it"),
        (HEAD, "no equation of colour 0, 1, 2, 3"),
        (HEAD + GREEN + BLUE, "no equation of colour 0"),
        (HEAD.replace("version 1\n", "version 2\n", 1), ":1: profile_version 2, 1 is read"),
        (HEAD + "color 0 equation 9 1 2 3", ":7: equation 9 (full polynomials); 0 … 6 (even polynomials) are read"),
        (HEAD + "color 0 equation 18 1 2", ":7: equation 18 (powers of cosines)"),
        (HEAD + "color 0 equation 40 1 2", ":7: equation 40 (not known)"),
        (HEAD + "color 0 equation 1 TopRight 1 2", "of several segments, which are not read"),
        (HEAD + RED + RED, ":8: colour 0 a second time"),
        (HEAD + "color 0 equation 1 1 x", ":7: '1 x' are no numbers"),
        (HEAD + "color 0 equation 1 0 1", ":7: 1 … 8 finite terms belong there, the first of them not 0"),
        (HEAD + "color 0 equation 1 nan 1", ":7: 1 … 8 finite terms"),
        (HEAD + "color 7 equation 1 1 1", ":7: 'color 0 … 3 equation 0 … 6' and its terms belong there"),
        (HEAD + "color", ":7: 'color 0 … 3 equation"),
        (HEAD + 'creator "half', ":7: a quotation mark without its other"),
        (HEAD + RED + GREEN + "color 3 equation 0 1 -5", "colour 3: "),
    ],
)
def test_what_is_not_read(cpf, text, said):
    with pytest.raises(ReadError) as caught:
        cpf(text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_light_that_cannot_be_asks_for_the_unit(cpf):
    with pytest.raises(ReadError, match=r"21\.6333 mm may not be the radius that counts as 1: give --unit-mm"):
        cpf(HEAD + RED.replace("-0.2", "-2e4") + GREEN + BLUE)


def test_files_that_cannot_be_read(tmp_path):
    with pytest.raises(ReadError, match="cannot be read: No such file"):
        import_file(tmp_path / "none.cpf")
    (tmp_path / "a.cpf").write_bytes(b"\xff\xfe")
    with pytest.raises(ReadError, match="not UTF-8 text"):
        import_file(tmp_path / "a.cpf")
    (tmp_path / "b.cpf").write_bytes(b" " * ((1 << 20) + 1))
    with pytest.raises(ReadError, match="more than 1 MiB"):
        import_file(tmp_path / "b.cpf")
    with pytest.raises(RequestError, match=r"\.lcp, \.cpf, \.json are imported"):
        import_file(tmp_path / "a.xml")
