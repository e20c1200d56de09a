"""Where things stand on a page, and what they are called there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tenbit.pipeline.profile.record import Profile


@dataclass(frozen=True)
class Told:
    """A profile with its place on the page."""

    ident: str
    name: str
    profile: Profile


def told(profiles: Sequence[Profile]) -> list[Told]:
    """Profiles with names that tell them apart: by frame, device, threads and commit, as far as these differ."""
    parts: list[Callable[[Profile], str]] = [
        lambda one: one.name,
        lambda one: str(one.frame.get("name", "")),
        lambda one: one.device,
        lambda one: f"{one.threads} threads" if one.target == "cpu" else "",
        lambda one: one.commit or "",
    ]
    kept = [part for n, part in enumerate(parts) if n == 0 or len({part(one) for one in profiles}) > 1]
    names = [" · ".join(filter(None, (part(one) for part in kept))) for one in profiles]
    return [
        Told(f"p{n}", name if names.count(name) == 1 else f"{name} ({names[: n + 1].count(name)})", one)
        for n, (name, one) in enumerate(zip(names, profiles, strict=True))
    ]
