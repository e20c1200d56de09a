"""XMP files: RDF in XML to plain mappings, however it is spelt; what would expand or nest without end is refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn
from xml.etree.ElementTree import Element, TreeBuilder
from xml.parsers import expat

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.lenses.texts import bytes_of

_LARGEST_BYTES, _DEEPEST, _MOST_ELEMENTS = 32 << 20, 40, 1_000_000
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
_XML = "{http://www.w3.org/XML/1998/namespace}"
_LISTS = (f"{_RDF}Seq", f"{_RDF}Bag", f"{_RDF}Alt")

Value = Any
"""A text, a list of values, or a mapping of names without their namespaces to values."""


def read_tree(path: Path) -> Element:
    """The root element of an XML file.

    Raises
    ------
    ReadError
        If it cannot be read, is no XML, is cut off, has a document type (entities may grow without end), or is too
        large or too deep.
    """
    text = bytes_of(path, most_bytes=_LARGEST_BYTES, kind="lens profile")
    builder = TreeBuilder()
    depth = count = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1
        if depth > _DEEPEST or count > _MOST_ELEMENTS:
            raise ReadError(f"{path}:{parser.CurrentLineNumber}: nested too deep or too large for a lens profile")
        builder.start(_name(name), {_name(key): value for key, value in attributes.items()})

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        builder.end(_name(name))

    def refuse(*_: object) -> NoReturn:
        raise ReadError(f"{path}:{parser.CurrentLineNumber}: a document type or an entity, which no lens profile has")

    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, builder.data
    parser.StartDoctypeDeclHandler = parser.EntityDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        said = expat.errors.messages[error.code]
        raise ReadError(f"{path}:{error.lineno}:{error.offset + 1}: no XML: {said}") from None
    except (LookupError, ValueError) as error:
        raise ReadError(f"{path}: no XML: {error}") from None
    return builder.close()


def _name(found: str) -> str:
    """As ElementTree writes it: ``{namespace}name``."""
    return "{" + found if "}" in found else found


def named(root: Element, name: str) -> Iterator[Value]:
    """Values of all properties of a name, whatever its namespace."""
    for element in root.iter():
        if _local(element.tag) == name:
            yield value_of(element)


def value_of(element: Element) -> Value:
    """What a property says: by attributes, by elements inside, by a Description inside, or as a list."""
    for child in element:
        if child.tag in _LISTS:
            return [value_of(item) for item in child]
    fields: dict[str, Value] = {}
    for holder in (element, *element.findall(f"{_RDF}Description")):
        for key, text in holder.attrib.items():
            if not key.startswith((_RDF, _XML)):
                fields[_local(key)] = text.strip()
        for child in holder:
            if child.tag != f"{_RDF}Description":
                fields[_local(child.tag)] = value_of(child)
    return fields or (element.text or "").strip()


def text_of(fields: Mapping[str, Value], name: str) -> str | None:
    """A field's text; of a list its first one; None where there is none."""
    found = fields.get(name)
    if isinstance(found, list):
        found = next((item for item in found if isinstance(item, str)), None)
    return found if isinstance(found, str) and found else None


def _local(name: str) -> str:
    return name.rpartition("}")[2]
