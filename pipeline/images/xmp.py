"""The record of how a picture was made, carried inside the picture as XMP."""

from __future__ import annotations

import json
import mmap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tenbit.pipeline.errors import ReadError

NAMESPACE = "urn:uuid:4d9031f3-f5a4-4641-89b5-575a15ca6a89#"
"""A random UUID (RFC 9562) and no web address: it needs no owner. It stays as it is, or older records are not found."""

_BEGIN = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'
_END = '<?xpacket end="r"?>'
_PACKET = (
    _BEGIN + '\n<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    f'<rdf:Description rdf:about="" xmlns:tenbit="{NAMESPACE}">'
    "<tenbit:record>{record}</tenbit:record>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>\n" + _END
)


def xmp_packet(record: Mapping[str, Any]) -> bytes:
    """An XMP packet with ``record`` as JSON in the property ``tenbit:record``.

    Parameters
    ----------
    record : mapping
        JSON types; numpy numbers and arrays become numbers and lists, anything else its text.

    Notes
    -----
    ISO 16684-1, section 7.
    """
    # ASCII only: JSON then escapes the control characters that XML cannot hold.
    text = json.dumps(record, ensure_ascii=True, separators=(",", ":"), default=_plain)
    # By hand: xml.sax.saxutils loads urllib, http and ssl, 15 ms of a process.
    for raw, escaped in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;")):
        text = text.replace(raw, escaped)
    return _PACKET.format(record=text).encode()


def read_record(path: Path) -> dict[str, Any]:
    """The record inside a picture that tenbit wrote: a JPEG, PNG or TIFF.

    It looks for the packet's frame in the file's bytes, which XMP lays down so that any format can be read, and for
    the property by its namespace, so that a picture whose metadata were edited since is still read.

    Raises
    ------
    ReadError
        If the file is not there or holds no such record.
    """
    try:
        with path.open("rb") as handle:
            packets = _packets(handle.fileno()) if path.stat().st_size else []
    except OSError as error:
        raise ReadError(f"cannot be read: {error.strerror}") from error
    for packet in packets:
        if (record := record_in(packet)) is not None:
            return record
    raise ReadError("holds no tenbit record")


def record_in(packet: bytes) -> dict[str, Any] | None:
    """The record in the XML of one XMP packet; None where there is none.

    Raises
    ------
    ReadError
        If it is not JSON.
    """
    from xml.etree import ElementTree

    try:
        tree = ElementTree.fromstring(packet)
    except ElementTree.ParseError:
        return None
    name = f"{{{NAMESPACE}}}record"
    texts = [node.get(name) or (node.text if node.tag == name else None) for node in tree.iter()]
    for text in filter(None, texts):
        try:
            record = json.loads(text)
        except ValueError as error:
            raise ReadError(f"the tenbit record inside is not JSON: {error}") from error
        if isinstance(record, dict):
            return record
    return None


def _packets(descriptor: int) -> list[bytes]:
    """The XML of every XMP packet in an open file, in order."""
    found = []
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as content:
        start = content.find(b"<?xpacket begin=")
        while start >= 0:
            start = content.find(b"?>", start) + 2
            end = content.find(b"<?xpacket end=", start)
            if start < 2 or end < 0:
                break
            found.append(content[start:end].strip())
            start = content.find(b"<?xpacket begin=", end)
    return found


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(value)
