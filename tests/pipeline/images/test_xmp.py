"""The record of how a picture was made travels inside it."""

from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tenbit.pipeline.errors import ReadError
from tenbit.pipeline.images import read_record, write
from tenbit.pipeline.images.xmp import NAMESPACE, xmp_packet

RECORD = {
    "tenbit": "0.1.0",
    "device": "cpu",
    "chain": [{"demosaic": {"method": "malvar <&> \"'"}}],
    "note": "Ä\x00\x07]]>\ufffe\ud800",
}


def written(folder: Path, name: str) -> Path:
    write(folder / name, np.zeros((3, 5, 3), np.uint8), space="srgb", state="display", record=RECORD)
    return folder / name


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_the_record_comes_back(tmp_path, name):
    assert read_record(written(tmp_path, name)) == RECORD


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.tif"])
def test_pillow_finds_the_packet_where_the_format_keeps_it(tmp_path, name):
    with Image.open(written(tmp_path, name)) as image:
        packet = {
            "JPEG": lambda: image.info["xmp"],
            "PNG": lambda: image.info["XML:com.adobe.xmp"].encode(),
            "TIFF": lambda: image.tag_v2[700],
        }[image.format]()
    assert packet == xmp_packet(RECORD)
    assert packet.startswith('<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>'.encode())
    ElementTree.fromstring(packet)


def test_the_property_has_a_uri_that_nobody_else_has():
    (node,) = (node for node in ElementTree.fromstring(xmp_packet(RECORD)).iter() if node.tag.endswith("}record"))
    uri = urlsplit(node.tag.replace("{", "").replace("}", ""))
    assert (uri.scheme, uri.fragment) == ("urn", "record")
    assert uri.path == UUID(uri.path.removeprefix("uuid:")).urn.removeprefix("urn:")


def test_numpy_values_and_paths_become_json(tmp_path):
    record = {"gain": np.float32(0.5), "bins": np.arange(3), "source": Path("a") / "b.dng"}
    write(tmp_path / "a.png", np.zeros((3, 5, 3), np.uint8), space="srgb", state="display", record=record)
    assert read_record(tmp_path / "a.png") == {"gain": 0.5, "bins": [0, 1, 2], "source": str(Path("a") / "b.dng")}


def test_a_packet_that_another_tool_wrote_anew_is_read(tmp_path):
    packet = (
        b"<?xpacket begin='' id='other'?><broken><?xpacket end='w'?> ..."
        b"<?xpacket begin='' id='W5M0MpCehiHzreSzNTczkc9d'?><r:RDF xmlns:r='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        b"<r:Description xmlns:n='"
        + NAMESPACE.encode()
        + b"' n:record='{&quot;device&quot;: 1}'/></r:RDF><?xpacket end='w'?>"
    )
    (tmp_path / "a.bin").write_bytes(b"junk" + packet)
    assert read_record(tmp_path / "a.bin") == {"device": 1}


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "holds no tenbit record"),
        (b"no packet", "holds no tenbit record"),
        (b"<?xpacket begin= never closed", "holds no tenbit record"),
        (xmp_packet({}).replace(b"{}", b"[]"), "holds no tenbit record"),
        (xmp_packet({}).replace(b"{}", b"{"), "the tenbit record inside is not JSON"),
    ],
)
def test_a_file_without_a_record_is_told(tmp_path, content, text):
    (tmp_path / "a.bin").write_bytes(content)
    with pytest.raises(ReadError, match=text):
        read_record(tmp_path / "a.bin")


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(ReadError, match="cannot be read: No such file"):
        read_record(tmp_path / "none.jpg")


def test_a_picture_without_a_record_has_no_packet(tmp_path):
    write(tmp_path / "a.jpg", np.zeros((3, 5, 3), np.uint8), space="srgb", state="display")
    assert b"xpacket" not in (tmp_path / "a.jpg").read_bytes()
