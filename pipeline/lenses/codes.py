"""Which lens of the catalogue a 6-bit code and the frame selector mean."""

from __future__ import annotations

from tenbit.pipeline.lenses import catalogue


def of_code(code: int, selector: int | None = None) -> tuple[str, ...]:
    """Lenses of a 6-bit code and the position of the frame selector; none for a code that no lens has.

    Parameters
    ----------
    code : int
        0 is an uncoded lens.
    selector : int, optional
        1 … 3 as the mount sets it; 0 for a lens that was chosen in the camera's menu.

    Notes
    -----
    Where no lens of the code brings the selector there, all are given that have the code on their mount: whether to
    believe them says `is_fitting`.
    """
    coded = [(entry.slug, theirs) for entry in catalogue.entries() for theirs in entry.codes if theirs.code == code > 0]
    having = [(slug, theirs.frame_selector) for slug, theirs in coded]
    if selector is not None and (exact := [slug for slug, theirs in having if theirs == selector]):
        return tuple(dict.fromkeys(exact))
    on_mount = [slug for slug, theirs in having if theirs != 0]
    return tuple(dict.fromkeys(on_mount or [slug for slug, _ in having]))


def is_fitting(slug: str, code: int, selector: int | None) -> bool:
    """Whether a lens brings the frame selector where the file says that it is; of a lens chosen in the menu nothing is.

    A selector elsewhere speaks against the code: a lens of another maker, coded by hand, or a worn code.
    """
    entry = next(entry for entry in catalogue.entries() if entry.slug == slug)
    fitting = [theirs.frame_selector for theirs in entry.codes if theirs.code == code]
    return selector in (None, 0) or None in fitting or selector in fitting
