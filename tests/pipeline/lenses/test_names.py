"""Lenses by slug, EXIF name, order number, code and loose words, over the whole catalogue."""

from __future__ import annotations

import re

import pytest

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses import catalogue, codes, names

ASPH_35 = ("summilux-m-35-1.4-asph", "summilux-m-35-1.4-asph-fle", "summilux-m-35-1.4-asph-2022")


@pytest.fixture(autouse=True)
def no_own_profiles(tmp_path, monkeypatch):
    monkeypatch.setenv("TENBIT_LENSES", str(tmp_path / "own"))


@pytest.mark.parametrize(
    ("text", "slugs", "how"),
    [
        ("summilux-m-35-1.4-asph-fle", ASPH_35[1:2], "slug"),
        ("Elmarit-28-2.8-i", ("elmarit-28-2.8-I",), "slug"),
        ("Summilux-M 1:1.4/35 ASPH.", ASPH_35, "EXIF name"),
        ("11663", ASPH_35[1:2], "order number"),
        ("summilux 11 663", ASPH_35[1:2], "words"),
        ("11801", ("elmarit-28-2.8-I", "elmarit-28-2.8-II"), "order number"),
        ("6bit 29/2", ASPH_35, "code"),
        ("6-bit code 29", ASPH_35, "code"),
        ("code 6 0", ("summilux-m-35-1.4-II",), "code"),
        ("6bit 63", (), "code"),
        ("summilux 35 fle", ASPH_35[1:2], "words"),
        ("summilux 35 fle ii", ASPH_35[2:], "words"),
        ("35 lux asph", ASPH_35, "words"),
        ("SUMMILUX 35MM F1.4 ASPH", ASPH_35, "words"),
        ("lux 35 aa", ("summilux-m-35-1.4-aspherical",), "words"),
        ("summilux 35 pre-asph", ("summilux-m-35-1.4-II",), "words"),
        ("summilux 35 steel rim 2022", ("summilux-m-35-1.4-steelrim-reissue",), "words"),
        ("sumilux 35 fle", ASPH_35[1:2], "words"),
        ("cron 50 v", ("summicron-m-50-2-V",), "words"),
        ("summicron 35 version 4", ("summicron-m-35-2-IV",), "words"),
        ("8 element summicron", ("summicron-35-2-I",), "words"),
        ("noct .95", ("noctilux-m-50-0.95-asph",), "words"),
        ("noctilux 50 1.2", ("noctilux-50-1.2", "noctilux-m-50-1.2-asph-reissue"), "words"),
        ("noctilux 50 1.2 1970", ("noctilux-50-1.2",), "words"),
        ("wate", ("tri-elmar-m-16-18-21-asph",), "words"),
        ("Tri-Elmar 28-35-50", ("tri-elmar-m-28-35-50-asph",), "words"),
        ("elmar 24", ("elmar-m-24-3.8-asph",), "words"),
        ("elmar 21", (), "words"),
        ("summicron-c", ("summicron-c-40-2",), "words"),
        ("tele elmarit thin", ("tele-elmarit-m-90-2.8-II",), "words"),
        ("75/2.5", ("summarit-m-75-2.5",), "words"),
        ("Summarit-M 2,5/75 mm", ("summarit-m-75-2.5",), "words"),
        ("summilux 35 11663", ASPH_35[1:2], "words"),
        ("nokton 35", (), "words"),
        ("", (), "words"),
    ],
)
def test_a_text_means_one_lens_or_all_that_it_could_be(text, slugs, how) -> None:
    assert names.find(text) == (slugs, how)


def test_every_slug_name_and_order_number_leads_to_its_lens() -> None:
    for entry in catalogue.entries():
        lens = catalogue.lens(entry.slug)
        assert names.find(entry.slug).slugs == (entry.slug,)
        assert entry.slug in names.find(entry.slug.replace("-", " ")).slugs
        assert entry.slug in names.find(entry.name).slugs, entry.name
        for number in lens.order_numbers:
            assert entry.slug in names.find(number).slugs


def test_every_exif_name_leads_to_the_lenses_that_list_it() -> None:
    entries = catalogue.entries()
    for name in {name for entry in entries for name in entry.exif_names}:
        wanted = {entry.slug for entry in entries if name in entry.exif_names}
        for text in (name, name.upper(), f"Leica {name}", name.rstrip(".")):
            assert set(names.of_exif_name(text)) == wanted
    for name in {name for entry in entries for name in entry.exif_names_assumed}:
        assert names.of_exif_name(name)


def test_names_that_cameras_write_otherwise_are_known_all_the_same() -> None:
    assert names.of_lens_name("Summilux-M 35mm f/1.4 ASPH") == ASPH_35
    assert names.of_lens_name("Leica Summicron-M 50mm f/2") == ("summicron-m-50-2-IV", "summicron-m-50-2-V")
    assert names.of_lens_name("APO-SUMMICRON-M 1:2/50 ASPH.") == ("apo-summicron-m-50-2-asph",)


@pytest.mark.parametrize(
    "name",
    [
        "LEICA DG SUMMILUX 25/F1.4",
        "SUMMILUX 1:1.7/28 ASPH.",
        "Summicron-SL 1:2/35 ASPH.",
        "APO-Summicron-SL 1:2/50 ASPH.",
        "Summicron-R 1:2/50",
        "Summilux-TL 1:1.4/35 ASPH.",
        "Vario-Elmar-M 1:4/35",
        "R-Adapter M",
        "Nokton 35mm f/1.4",
        "Summilux",
        "Summilux-M 35",
    ],
)
def test_lenses_of_other_mounts_and_makers_are_none(name) -> None:
    assert names.of_lens_name(name) == ()


def test_every_code_and_selector_leads_to_the_lenses_that_have_them() -> None:
    having = [(entry.slug, code.code, code.frame_selector) for entry in catalogue.entries() for code in entry.codes]
    for code in range(64):
        for selector in range(4):
            same = {slug for slug, theirs, _ in having if theirs == code}
            exact = {slug for slug, theirs, position in having if (theirs, position) == (code, selector)}
            on_mount = {slug for slug, theirs, position in having if theirs == code and position != 0}
            assert set(codes.of_code(code, selector)) == ((exact or on_mount or same) if code else set())


@pytest.mark.parametrize(
    ("code", "selector", "slugs"),
    [
        (6, 2, ("summicron-m-35-2-IV",)),
        (6, 0, ("summilux-m-35-1.4-II",)),
        (29, 2, ASPH_35),
        (29, 0, ("summilux-m-35-1.4-aspherical",)),
        (29, 1, ASPH_35),
        (31, 3, ("noctilux-m-50-1.0",)),
        (31, 0, ("noctilux-50-1.2",)),
        (39, 1, ("macro-elmar-m-90-4",)),
        (39, 0, ("tele-elmar-m-135-4-II",)),
        (5, 3, ("summilux-m-50-1.4-II", "summilux-m-50-1.4-III")),
        (33, 3, ("summicron-m-50-2-IV", "summicron-m-50-2-V")),
        (52, 3, ("super-elmar-m-18-3.8-asph",)),
        (11, 1, ("summaron-m-28-5.6",)),
        (16, 1, ("tri-elmar-m-16-18-21-asph",)),
        (42, 3, ("tri-elmar-m-28-35-50-asph",)),
        (47, 0, ("summilux-m-21-1.4-asph",)),
        (40, 0, ()),
        (0, 0, ()),
    ],
)
def test_codes_that_are_shared_are_told_apart_by_the_frame_selector(code, selector, slugs) -> None:
    assert codes.of_code(code, selector) == slugs


def test_what_cannot_be_told_apart_is_refused_with_what_would() -> None:
    wanted = r"tenbit.yaml:2:12: '35 lux asph' could be summilux-m-35-1.4-asph (1994-2010, order number 11874, 11883"
    with pytest.raises(RequestError, match=re.escape(wanted)):
        names.resolved("35 lux asph", "tenbit.yaml:2:12")


def test_lenses_of_one_design_count_as_one() -> None:
    assert names.resolved("elmarit 135") == tuple(f"elmarit-m-135-2.8-{n}" for n in ("I", "II", "III"))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("summilux 35 1.4 asf", "did you mean .*summilux-m-35-1.4-asph-fle"),
        ("helios 44", "tenbit lenses lists them"),
    ],
)
def test_an_unknown_lens_is_refused_with_a_hint(text, hint) -> None:
    with pytest.raises(RequestError, match=f"--lens: '{text}': no such lens; .*{hint}"):
        names.resolved(text, "--lens")


def test_a_profile_of_the_users_brings_its_lens_and_its_exif_names(tmp_path, monkeypatch) -> None:
    folder = tmp_path / "own"
    folder.mkdir()
    folder.joinpath("nokton-35-1.4-mc.yaml").write_text(
        "name: Nokton 35 f/1.4 MC\nexif_names: [Nokton classic]\n"
        "measurements: [{provenance: P0, source: me, valid_mm: 20, focal_mm: 35}]\n",
        "utf-8",
    )
    assert names.find("nokton 35").slugs == ("nokton-35-1.4-mc",)
    assert names.of_lens_name("NOKTON CLASSIC") == ("nokton-35-1.4-mc",)
