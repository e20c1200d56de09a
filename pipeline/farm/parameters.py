"""Parameters of a job template: what users and their files are called, taken as it stands."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import RequestError
from tenbit.pipeline.farm.wanted import check_names

# Of a value, by the specification.
_LONGEST = 1024


class Parameters:
    """The job's parameters, gathered as they are needed."""

    def __init__(self, folder: Path) -> None:
        self.definitions: list[dict[str, Any]] = []
        self.values: dict[str, str] = {}
        self._folder = folder

    def text(self, name: str, default: str, about: str, **more: Any) -> None:
        check_names([default])
        if len(default) > _LONGEST:
            raise RequestError(f"{name}: {len(default)} characters, and a template's parameters hold {_LONGEST}")
        self.definitions.append({"name": name, "type": "STRING", "description": about, "default": default, **more})

    def number(self, name: str, default: int, about: str, **more: Any) -> None:
        found = {"name": name, "type": "INT", "description": about, "default": default, "minValue": 1}
        self.definitions.append({**found, **more})

    def path(self, name: str, path: Path, about: str, *, flow: str = "IN", kind: str = "FILE") -> None:
        """One that farms map from host to host."""
        there = Path(os.path.normpath(path.absolute()))
        check_names([str(there)])
        found = {"name": name, "type": "PATH", "objectType": kind, "dataFlow": flow, "description": about}
        if there.is_relative_to(self._folder):
            found["default"] = there.relative_to(self._folder).as_posix()
        else:
            self.values[name] = str(there)
        self.definitions.append(found)

    def value(self, option: str, value: str | Path) -> str:
        """What an argument says for an option's value: a file is a parameter."""
        if isinstance(value, str):
            check_names([value])
            return self.escaped(value)
        name = "".join(part.title() for part in option.strip("-").split("-"))
        number = sum(one["name"].startswith(name) for one in self.definitions)
        name = f"{name}{number + 1}" if number else name
        kind = "DIRECTORY" if value.is_dir() else "FILE"
        # One that is not there is what the tasks will make.
        self.path(name, value, f"The file of {option}.", kind=kind, flow="IN" if value.exists() else "INOUT")
        return f"{{{{Param.{name}}}}}"

    def escaped(self, text: str) -> str:
        """The text for where a format string stands: double braces are given by parameters."""
        if "{{" not in text and "}}" not in text:
            return text
        for name, brace in (("LeftBrace", "{"), ("RightBrace", "}")):
            if not any(one["name"] == name for one in self.definitions):
                self.text(name, brace, "A brace in a name.", userInterface={"control": "HIDDEN"})
        braces = {"{": "{{Param.LeftBrace}}", "}": "{{Param.RightBrace}}"}
        return "".join(braces.get(c, c) for c in text)
