"""Which lens of the catalogue a text means: a slug, a name of EXIF, an order number, a 6-bit code, or loose words.

Nothing is guessed: what could be several lenses gives all of them.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.lenses import catalogue, codes

_FAMILIES = (
    *(
        "super-elmar",
        "tri-elmar",
        "tele-elmarit",
        "tele-elmar",
        "macro-elmar",
        "super-angulon",
        "summilux",
        "summicron",
    ),
    *("summarit", "summaron", "noctilux", "elmarit", "elmar", "telyt", "thambar", "hektor", "hologon", "elcan"),
)
_NICKNAMES = {
    "summilux": "lux",
    "summicron": "cron",
    "noctilux": "noct nocti nocty",
    "super-elmar m": "sem",
    "super-angulon": "sa",
    "tri-elmar 16-18-21": "wate",
    "tri-elmar 28-35-50": "mate",
    "aspherical": "aa aspheric",
    "preasph": "pre",
    "fle ii": "fle2",
    "dr": r"dual\Wrange",
}
_ROMAN = ("i", "ii", "iii", "iv", "v", "vi")
_IDLE = {"leica", "leitz", "wetzlar", "germany", "lens", "mm", "f", "version", "typ", "type", "mark", "mk", "mount"}
_LEAST_FOCAL_MM = 13.0  # of bare numbers: 12 is an f-number
_NUMBER = r"\d*\.?\d+"
_FORMS = (  # most telling first; what a form has eaten the next do not see
    r"1\s*:\s*(?P<speed>NUM)(?:\s*/\s*(?P<focal>\d+(?:-\d+)*))?",
    r"(?P<focal>\d{2,3}(?:-\d{2,3})+)\s*(?:mm)?",
    r"(?<![a-z])[fƒ]\s*/?\s*(?P<speed>NUM)",
    r"(?<!\S)(?P<one>NUM)\s*(?:mm)?\s*/\s*(?P<two>NUM)",
    r"(?P<focal>\d{2,3})\s*mm\b",
)
_CODE = re.compile(r"(?:6[\s-]*bit(?:\s*code)?|code)\s*[:=]?\s*(?P<code>\d{1,2})(?:[\s/.,:]+(?P<selector>[0-3]))?\s*$")
_MOST_SHOWN = 12


class Found(NamedTuple):
    """Slugs, and what made them: ``slug``, ``EXIF name``, ``order number``, ``code`` or ``words``."""

    slugs: tuple[str, ...]
    how: str = "words"


@dataclass(frozen=True)
class _Words:
    """A text taken apart."""

    families: frozenset[str]
    focals: tuple[float, ...]
    speeds: frozenset[float]
    words: frozenset[str]


class _Known(NamedTuple):
    """What a lens may be called."""

    slug: str
    said: _Words
    loose: frozenset[str]
    orders: tuple[str, ...]
    years: tuple[int | None, int | None]
    is_asph: bool
    is_apo: bool


def find(text: str) -> Found:
    """The lenses that a text may mean: none, one, or several that it does not tell apart."""
    text = " ".join(text.split())
    entries = catalogue.entries()
    if same := [entry.slug for entry in entries if entry.slug.lower() == text.lower()]:
        return Found((same[0],), "slug")
    if same := list(of_exif_name(text)):
        return Found(tuple(same), "EXIF name")
    if (code := _CODE.fullmatch(text.lower())) is not None:
        selector = code["selector"]
        return Found(codes.of_code(int(code["code"]), None if selector is None else int(selector)), "code")
    known = _vocabulary()
    if text.isdigit() and (same := [lens.slug for lens in known if text in lens.orders]):
        return Found(tuple(same), "order number")
    return Found(_best(_taken_apart(text, is_loose=True), known))


def resolved(text: str, place: str = "") -> tuple[str, ...]:
    """The lenses that a text means, all of one optical design.

    Parameters
    ----------
    text : str
    place : str
        Where it was said, for the message.

    Raises
    ------
    RequestError
        If there is none, or those that it could be are of several designs: with what tells them apart.
    """
    found = find(text)
    where = f"{place}: " if place else ""
    if not found.slugs:
        slugs = [entry.slug for entry in catalogue.entries()]
        near = difflib.get_close_matches(text.lower().replace(" ", "-"), slugs, 3, 0.55)
        hint = f"did you mean {' or '.join(near)}?" if near else "tenbit lenses lists them"
        raise RequestError(f"{where}{text!r}: no such lens; {hint}")
    if not is_one_design(found.slugs):
        raise RequestError(f"{where}{text!r} could be {'; or '.join(told_apart(found.slugs))}")
    return found.slugs


def is_one_design(slugs: Iterable[str]) -> bool:
    """Whether all are of one optical design that is known, or one lens."""
    slugs = set(slugs)
    designs = {entry.design for entry in catalogue.entries() if entry.slug in slugs}
    return len(slugs) == 1 or (len(designs) == 1 and None not in designs)


def told_apart(slugs: Iterable[str]) -> list[str]:
    """``slug (1994-2010, order number 11874, 11883)`` for each."""
    texts = []
    for slug in slugs:
        lens = catalogue.lens(slug)
        years = f"{lens.year_from or ''}-{lens.year_to or ''}" if lens.year_from or lens.year_to else ""
        numbers = f"order number {', '.join(lens.order_numbers)}" if lens.order_numbers else ""
        facts = ", ".join(part for part in (years, numbers) if part)
        texts.append(f"{slug} ({facts})" if facts else slug)
    more = len(texts) - _MOST_SHOWN
    return texts if more <= 0 else [*texts[:_MOST_SHOWN], f"{more} more"]


def of_exif_name(name: str) -> tuple[str, ...]:
    """Lenses that cameras call this: names that were seen before names that are assumed; none where it is unknown."""
    wanted, entries = _plain(name), catalogue.entries()
    seen = tuple(entry.slug for entry in entries if wanted in map(_plain, entry.exif_names))
    return seen or tuple(entry.slug for entry in entries if wanted in map(_plain, entry.exif_names_assumed))


def of_lens_name(name: str) -> tuple[str, ...]:
    """Lenses that a file's full name of a lens means, however it is written.

    Family, focal length and speed have to be there and every word has to be known, so that a Summilux of another mount
    is none; ASPH and APO say as much by missing.
    """
    if found := of_exif_name(name):
        return found
    said = _taken_apart(name)
    if not (said.families and said.focals and said.speeds):
        return ()
    is_asph, is_apo = bool(said.words & {"asph", "aspherical"}), "apo" in said.words
    return _best(said, [lens for lens in _vocabulary() if (lens.is_asph, lens.is_apo) == (is_asph, is_apo)])


def _plain(name: str) -> str:
    """A name of EXIF without what writers do differently."""
    text = re.sub(r"^(leica|leitz)\s+", "", name.strip().lower())
    return re.sub(r"[\s.]+$", "", re.sub(r"\s+", " ", text))


def _taken_apart(text: str, *, is_loose: bool = False) -> _Words:
    """A text's families, numbers and words; ``is_loose``: with nicknames and typing errors."""
    text = f" {text.lower().replace(',', '.')} "
    text = re.sub(r"\(m\)|((?:19|20)\d\d)-\d\d\b", r" \1 ", text)  # M mount; years
    text = re.sub(r"\b(\d)[\s-]?elements?\b", r" elements\1 ", text)
    text = re.sub(r"\b(1[0-2])[ -](\d{3})\b", r"\1\2", text)  # 11 663
    text = re.sub(r"\bpre[\s-]?asph\b\.?", " preasph ", text)
    text = re.sub(r"\b(?:version|mark|mk|v)\s*\.?([1-6])\b", lambda m: f" {_ROMAN[int(m[1]) - 1]} ", text)
    text = re.sub(r"\b([1-6])(?:st|nd|rd|th)\b", lambda m: f" {_ROMAN[int(m[1]) - 1]} ", text)
    if is_loose:
        for full, nicknames in _NICKNAMES.items():
            text = re.sub(rf"(?<![\w-])({nicknames.replace(' ', '|')})(?!\w)", full, text)
    focals: list[float] = []
    speeds: set[float] = set()
    for form in (form.replace("NUM", _NUMBER) for form in _FORMS):
        for match in re.finditer(form, text):
            groups = match.groupdict()
            if "one" in groups:
                small, large = sorted((float(groups["one"]), float(groups["two"])))
                groups = {"speed": str(small), "focal": f"{large:g}"}
            focals += [float(part) for part in (groups.get("focal") or "").split("-") if part]
            speeds |= {float(groups["speed"])} if groups.get("speed") else set()
        text = re.sub(form, " ", text)
    families = set()
    for family in _FAMILIES:
        pattern = rf"(?<![a-z]){family.replace('-', '[ -]?')}(?![a-z])"
        if re.search(pattern, text):
            families.add(family)
            text = re.sub(pattern, " ", text)
    words = set()
    for word in re.findall(r"\d+[a-z]\w*|[a-z]+\d*|\d*\.?\d+", text):
        if (re.fullmatch(_NUMBER, word) and len(word) < 4) or "." in word:
            value = float(word)
            if value >= _LEAST_FOCAL_MM:
                focals.append(value)
            else:
                speeds.add(value)
        elif is_loose and len(word) > 4 and (near := difflib.get_close_matches(word, _FAMILIES, 1, 0.8)):
            families.add(near[0])
        elif word not in _IDLE:
            words.add(word)
    return _Words(frozenset(families), tuple(focals), frozenset(speeds), frozenset(words))


def _best(said: _Words, lenses: Iterable[_Known]) -> tuple[str, ...]:
    """Those that all is true of, of which the most is said by their own slug."""
    scores: dict[str, int] = {}
    for lens in lenses:
        if not (said.families <= lens.said.families and said.speeds <= lens.said.speeds):
            continue
        if not set(said.focals) <= set(lens.said.focals):
            continue
        strong = said.words & (lens.said.words | {*lens.orders, str(lens.years[0])})
        if all(word in lens.loose or _is_within(word, lens.years) for word in said.words - strong):
            scores[lens.slug] = len(strong)
    is_anything = said.families or said.focals or said.speeds or said.words
    most = max(scores.values(), default=0)
    return tuple(slug for slug, score in scores.items() if score == most) if is_anything else ()


def _is_within(word: str, years: tuple[int | None, int | None]) -> bool:
    return re.fullmatch(r"(19|20)\d\d", word) is not None and (years[0] or 9999) <= int(word) <= (years[1] or 9999)


_LAST: list[tuple[object, tuple[_Known, ...]]] = []


def _vocabulary() -> tuple[_Known, ...]:
    """What each lens of the catalogue may be called, made anew only when the catalogue is."""
    entries = catalogue.entries()
    if not _LAST or _LAST[0][0] is not entries:
        _LAST[:] = [(entries, tuple(map(_known, entries)))]
    return _LAST[0][1]


def _known(entry: catalogue.Entry) -> _Known:
    lens = catalogue.lens(entry.slug)
    said, loose = _taken_apart(entry.slug.replace("_", "-")), _taken_apart(entry.name)
    own = said.words | ({"preasph"} if "preasph" in loose.words else set())
    flags = {"apo"} if lens.apo else set()
    flags |= {"asph"} if lens.asph and "aspherical" not in own else {"preasph"} if not lens.asph else set()
    return _Known(
        slug=entry.slug,
        said=_Words(
            said.families or loose.families,
            entry.focal_mm or said.focals,
            frozenset({entry.max_aperture} if entry.max_aperture else said.speeds),
            frozenset(own),
        ),
        loose=frozenset(loose.words | flags),
        orders=lens.order_numbers,
        years=(lens.year_from, lens.year_to),
        is_asph=lens.asph,
        is_apo=lens.apo,
    )
