"""The catalogue of lenses, and the index that makes it quick."""

import csv
import json
import os
import re

import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses import catalogue
from tenbit.pipeline.lenses import index as index_of
from tenbit.pipeline.lenses.profile import Profile

FILES = sorted(catalogue._LENSES.glob("*.yaml"))
OWN = """\
name: My Summicron
lenses: [summicron-m-35-2-IV]
exif_names: [My own lens]
measurements:
  - provenance: P0
    source: a chart
    valid_mm: 8
    focal_mm: 35
    distortion:
      - {model: even, unit_mm: 8, terms: [-0.01]}
"""


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """An empty folder of the user's profiles."""
    folder = tmp_path / "lenses"
    folder.mkdir()
    monkeypatch.setenv("TENBIT_LENSES", str(folder))
    yield folder
    catalogue._LAST.clear()


@pytest.fixture
def index(tmp_path, monkeypatch):
    """Where an index of its own will be."""
    monkeypatch.setenv("TENBIT_CACHE", str(tmp_path / "cache"))
    catalogue._LAST.clear()
    return index_of.place()


def of(slug):
    return next(entry for entry in catalogue.entries() if entry.slug == slug)


def test_there_are_95_lenses_and_each_file_is_sound():
    assert len(FILES) == 95
    for path in FILES:
        lens = index_of.load_lens(path)
        assert re.fullmatch(r"[a-z0-9][A-Za-z0-9._-]+", path.stem), path
        assert lens.name and lens.source and lens.focal_mm and lens.design, path
        assert lens.max_aperture and 0.9 < lens.max_aperture <= 8, path
        assert all(14 < focal < 140 for focal in lens.focal_mm), path
        assert all(re.fullmatch(r"\d{5}", number) for number in lens.order_numbers), path
        assert not set(lens.exif_names) & set(lens.exif_names_assumed), path
        for focal in lens.focal_mm:
            assert f"{focal:g}" in path.stem, path
        if lens.focal_real_mm:
            assert abs(lens.focal_real_mm / lens.focal_mm[0] - 1) < 0.06, path


def test_the_lenses_are_those_of_the_table(shared_data):
    with (shared_data / "lenses" / "leica_m_lenses.csv").open(newline="") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert {path.stem for path in FILES} == set(rows)
    for path in FILES:
        lens, row = index_of.load_lens(path), rows[path.stem]
        assert lens.name == row["name"]
        assert ";".join(f"{focal:g}" for focal in lens.focal_mm) == row["focal_mm"]
        assert (lens.max_aperture, lens.design) == (float(row["max_aperture"]), row["optical_design_id"])
        assert (lens.asph, lens.apo) == (row["asph"] == "1", row["apo"] == "1")
        for name in ("year_from", "year_to", "elements", "groups"):
            assert str(getattr(lens, name) or "") == row[name], (path.stem, name)
        assert f"{lens.focal_real_mm or ''}" == (row["focal_actual_mm"] and str(float(row["focal_actual_mm"])))
        assert set(lens.order_numbers) <= set(re.findall(r"\d{5}", row["order_numbers"]))
        assert ({code.code for code in lens.codes} >= {int(row["code6_dec"])}) if row["code6_dec"] else not lens.codes


@pytest.mark.parametrize(
    ("code", "selector", "slugs"),
    [
        (16, 1, {"tri-elmar-m-16-18-21-asph"}),
        (52, 3, {"super-elmar-m-18-3.8-asph"}),
        (6, 0, {"summilux-m-35-1.4-II"}),
        (6, 2, {"summicron-m-35-2-IV"}),
        (29, 0, {"summilux-m-35-1.4-aspherical"}),
        (29, 2, {"summilux-m-35-1.4-asph", "summilux-m-35-1.4-asph-fle", "summilux-m-35-1.4-asph-2022"}),
        (31, 0, {"noctilux-50-1.2"}),
        (31, 3, {"noctilux-m-50-1.0"}),
        (39, 0, {"tele-elmar-m-135-4-II"}),
        (39, 1, {"macro-elmar-m-90-4"}),
        (9, 0, {"apo-telyt-m-135-3.4"}),
        (53, 2, {"apo-telyt-m-135-3.4"}),
        (53, 3, {"apo-summicron-m-50-2-asph"}),
        (5, 3, {"summilux-m-50-1.4-II", "summilux-m-50-1.4-III"}),
        (33, 3, {"summicron-m-50-2-IV", "summicron-m-50-2-V"}),
        (26, 1, {"summicron-m-28-2-asph", "summicron-m-28-2-asph-II"}),
        (28, 1, {"elmarit-m-28-2.8-asph", "elmarit-m-28-2.8-asph-II"}),
        (30, 2, {"summicron-m-35-2-asph", "summicron-m-35-2-asph-II"}),
        (11, None, {"summaron-m-28-5.6"}),
        (49, 3, {"noctilux-m-50-0.95-asph"}),
    ],
)
def test_codes(code, selector, slugs):
    found = {e.slug for e in catalogue.entries() for c in e.codes if (c.code, c.frame_selector) == (code, selector)}
    assert found == slugs


def test_the_frame_selector_sets_the_focal_length_of_a_tri_elmar():
    focals = {(c.code, c.frame_selector): c.focal_mm for e in catalogue.entries() for c in e.codes if c.focal_mm}
    assert focals == {(16, 1): 16, (16, 2): 18, (16, 3): 21, (42, 1): 28, (42, 2): 35, (42, 3): 50}


def test_names_of_files():
    assert of("summaron-m-28-5.6").exif_names == ("Summaron-M 1:5.6/28",)
    assert of("summilux-m-90-1.5-asph").exif_names == ("Summilux-M 1:1.5/90 ASPH.",)
    assert of("elmarit-m-28-2.8-III").exif_names == ("Elmarit-M 1:2.8/28 Leitz",)
    assert of("noctilux-m-50-0.95-asph").exif_names_assumed == ("Noctilux-M 1:0.95/50 ASPH.",)
    assert [e.slug for e in catalogue.entries() if "Summilux-M 1:1.4/35 ASPH." in e.exif_names] == [
        "summilux-m-35-1.4-asph",
        "summilux-m-35-1.4-asph-fle",
        "summilux-m-35-1.4-asph-2022",
    ]


@pytest.mark.parametrize(
    ("slug", "best", "defects"),
    [
        ("summilux-m-35-1.4-asph-fle", "P1", ("P1", "P4", "P4")),
        ("summilux-m-35-1.4-asph-2022", "P1", ("P1", "P4", "P4")),
        ("summilux-m-35-1.4-asph", "P4", ("P4", "P4", "P4")),
        ("summilux-m-35-1.4-II", "P3", ("P3", "P3", "P3")),
        ("summicron-m-50-2-V", "P1", ("P1", "P1", "P3")),
        ("summilux-m-28-1.4-asph", "P3", ("P2", "P3", "P3")),
        ("elmar-m-24-3.8-asph", "P2", ("P2", "P4", "P2")),
        ("summilux-m-50-1.4-asph", "P4", ("P4", "P4", "P4")),  # poorly conditioned, and grade C
        ("noctilux-m-50-1.0", "P4", ("P4", "P4", "P4")),
        ("thambar-m-90-2.2", "P4", ("P4", "P4", "P4")),
    ],
)
def test_what_is_best_known(slug, best, defects):
    entry = of(slug)
    assert entry.provenance == best
    assert tuple(entry.defects[d] for d in ("distortion", "lateral_colour", "vignetting")) == defects


def test_lenses_come_by_focal_length_and_speed():
    keys = [(min(e.focal_mm), e.max_aperture) for e in catalogue.entries()]
    assert keys == sorted(keys) and len(keys) == 95
    assert catalogue.slugs()[0] == "hologon-15-8"


def test_lenses_of_one_design_share_its_profile():
    paths = [[path.name for path, _ in catalogue.profiles_for(f"summicron-m-50-2-{v}")] for v in ("IV", "V")]
    assert paths[0] == paths[1] == ["summicron-m-50-2-IV_V.yaml", "summicron-m-50-2-IV_V.yaml"]
    assert catalogue.profiles_for("thambar-m-90-2.2") == catalogue.profiles_for("no-such-lens") == ()


def test_an_unknown_slug():
    with pytest.raises(RequestError, match=r"-flee': no such lens; did you mean 'summilux-m-35-1\.4-"):
        catalogue.lens("summilux-m-35-1.4-asph-flee")
    with pytest.raises(RequestError, match="'qqq': no such lens; tenbit lenses lists them"):
        catalogue.lens("qqq")


def test_profiles_of_the_user_come_first(own):
    assert of("summicron-m-35-2-IV").provenance == "P4"
    (own / "mine.yaml").write_text(OWN.replace("IV]", "IV, summicron-m-50-2-V]"))
    entry = catalogue.entries()[0]
    assert (entry.slug, entry.provenance, entry.is_user_made) == ("summicron-m-35-2-IV", "P0", True)
    assert entry.exif_names == ("My own lens", "Summicron-M 1:2/35")
    assert [e.is_user_made for e in catalogue.entries()] == [True, True, *[False] * 93]
    found = catalogue.profiles_for("summicron-m-50-2-V")
    assert [path.name for path, _ in found] == ["mine.yaml", *["summicron-m-50-2-IV_V.yaml"] * 2]
    assert all(isinstance(profile, Profile) for _, profile in found) and found[0][1].provenance == "P0"
    (own / "mine.yaml").unlink()
    assert catalogue.slugs()[0] == "hologon-15-8"


def test_a_lens_that_is_in_no_catalogue(own):
    (own / "deep").mkdir()
    (own / "deep" / "nokton-40-1.4.yaml").write_text(OWN.replace("lenses: [summicron-m-35-2-IV]\n", ""))
    (own / "thambar-m-90-2.2.yaml").write_text(OWN.replace("lenses: [summicron-m-35-2-IV]\n", ""))
    entry = of("nokton-40-1.4")
    assert (entry.name, entry.focal_mm, entry.max_aperture, entry.provenance) == ("My Summicron", (35.0,), None, "P0")
    lens = catalogue.lens("nokton-40-1.4")
    assert lens.exif_names == ("My own lens",) and lens.source.endswith("nokton-40-1.4.yaml")
    assert len(catalogue.profiles_for("nokton-40-1.4")) == 1
    # Named as a lens of the catalogue, it is that lens's.
    assert of("thambar-m-90-2.2").provenance == "P0" and len(catalogue.entries()) == 96


def test_a_broken_file_is_one_line_and_hides_no_other(own):
    (own / "bad.yaml").write_text(OWN.replace("terms: [-0.01]", "terms: [x]").replace("valid_mm: 8", "valid_mm: -8"))
    (own / "empty.yaml").write_text("")
    (own / "good.yaml").write_text(OWN)
    bad, empty = catalogue.faults()
    assert re.fullmatch(r".*bad\.yaml:7:15: measurements\[0\]\.valid_mm: .*; .*bad\.yaml:10:\d+: .*terms\[0\]: .*", bad)
    assert "empty.yaml" in empty and "\n" not in bad + empty
    assert catalogue.entries()[0].slug == "summicron-m-35-2-IV" and len(catalogue.entries()) == 95


def test_where_the_user_s_profiles_are(monkeypatch, tmp_path):
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "a"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "b"))
    monkeypatch.setenv("HOME", str(tmp_path / "c"))
    assert catalogue.user_folder() == tmp_path / "a"
    monkeypatch.delenv("TENBIT_LENSES")
    assert catalogue.user_folder() == tmp_path / "b" / "tenbit" / "lenses"
    monkeypatch.delenv("XDG_CONFIG_HOME")
    assert catalogue.user_folder() == tmp_path / "c" / ".config" / "tenbit" / "lenses"


def test_the_index_is_read_instead_of_the_files(own, index, monkeypatch):
    (own / "mine.yaml").write_text(OWN)
    first, profiles = catalogue.entries(), catalogue.profiles_for("summicron-m-35-2-IV")
    asked = []
    monkeypatch.setattr(index_of, "parsed", lambda path, is_lens: asked.append(path.name) or (None, "parsed"))
    catalogue._LAST.clear()
    assert catalogue.entries() == first and catalogue.profiles_for("summicron-m-35-2-IV") == profiles
    assert asked == []
    # Another size or time of a file, and that file alone is read again.
    os.utime(own / "mine.yaml", ns=(1, 1))
    assert catalogue.faults() == ("parsed",) and asked == ["mine.yaml"]


def test_an_index_that_is_broken_or_cannot_be_written(index, tmp_path, monkeypatch):
    first = catalogue.entries()
    edition = json.dumps(index_of.edition())
    assert json.loads(index.read_text())["edition"] == index_of.edition()
    others = (f'{{"edition": {edition}}}', f'{{"edition": {edition}, "files": 3}}', '{"edition": [], "files": {}}')
    for text in ("", "[]", "\xff", *others):
        index.write_text(text, "latin-1")
        catalogue._LAST.clear()
        assert catalogue.entries() == first
        assert json.loads(index.read_text())["edition"] == index_of.edition()
    (tmp_path / "file").touch()
    monkeypatch.setenv("TENBIT_CACHE", str(tmp_path / "file" / "cache"))
    catalogue._LAST.clear()
    assert catalogue.entries() == first
