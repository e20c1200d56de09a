"""Which format the outputs have, by what their template's suffix says."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from tenbit.pipeline.config import Format
from tenbit.pipeline.errors import RequestError, WriteError
from tenbit.pipeline.images import format_of
from tenbit.pipeline.jobs.found import kind_of


def output_format(template: str, format: Format | None, *, is_asked: bool = False) -> Format:  # noqa: A002
    """The format of all outputs: what the template's suffix says, else the chain's, else jpeg.

    Parameters
    ----------
    template : str
        See `name_outputs`.
    format : Format or None
        The chain's.
    is_asked : bool
        Whether it was asked for beside the chain file: then the suffix may not say otherwise.

    Raises
    ------
    RequestError
        If the suffix is not known or contradicts the format asked for.
    """
    if _says_nothing(template):
        return format or "jpeg"
    try:
        return cast(Format, format_of(Path(template), format if is_asked else None))
    except WriteError as error:
        raise RequestError(str(error)) from None


def suffix_format(template: str) -> Format | None:
    """The format that a template's suffix says, None where it says nothing; see `output_format` for the errors."""
    return None if _says_nothing(template) else output_format(template, None)


def _says_nothing(template: str) -> bool:
    suffix = Path(template).suffix
    is_folder = template.endswith("/") or kind_of(template) == "folder"
    return not suffix or "{" in suffix or "}" in suffix or is_folder
