"""The canvas that writes SVG: sound XML of the same geometry."""

import base64
import io
import xml.etree.ElementTree as ET

import numpy as np
from PIL import Image

from tenbit.pipeline.overlay.canvas import PictureCanvas
from tenbit.pipeline.overlay.svg import SvgCanvas

NAME = "{http://www.w3.org/2000/svg}"


def drawn(what, *, opacity=1.0):
    canvas = SvgCanvas(200, 300, 1.5, opacity)
    what(canvas)
    root = ET.fromstring(canvas.svg())
    assert (root.get("width"), root.get("height"), root.get("viewBox")) == ("300", "200", "0 0 300 200")
    return root


def test_shapes():
    points = np.array([(10, 20.5), (30.25, 40), (-1, 7)])

    def what(canvas):
        canvas.rect(10, 20, 30.5, 40, (1.0, 0.5, 0.0), 0.25)
        canvas.polyline(points, (0, 0, 0), 2)
        canvas.polygon(points, (1, 1, 1))

    rect, line, polygon = drawn(what, opacity=0.5)
    assert rect.tag == f"{NAME}rect"
    assert [rect.get(n) for n in ("x", "y", "width", "height")] == ["20", "10", "40", "30.5"]
    assert (rect.get("fill"), rect.get("fill-opacity")) == ("#ff8000", "0.125")
    assert line.get("points") == polygon.get("points") == "20.5,10 40,30.25 7,-1"
    assert (line.get("fill"), line.get("stroke-width"), line.get("stroke-opacity")) == ("none", "3", "0.5")


def test_text_is_text_in_a_font_that_others_stand_in_for():
    canvas = SvgCanvas(200, 300, 1.5)
    canvas.text(50, 60, 'R < 1 & "G"', size=20, anchor="right")
    root = ET.fromstring(canvas.svg())
    (text,) = root
    assert text.text == 'R < 1 & "G"'
    assert (text.get("text-anchor"), text.get("font-size"), text.get("x")) == ("end", "30", "60")
    assert root.get("font-family").startswith("DejaVu Sans, ")
    assert canvas.text_cols("abc") == PictureCanvas(np.zeros((200, 300, 3)), 1.5).text_cols("abc") > 0
    small = SvgCanvas(60, 80, 0.1)
    small.text(30, 4, "left out")
    assert len(ET.fromstring(small.svg())) == 0


def test_images_are_inside():
    colours, alpha = np.random.default_rng(1).random((3, 4, 3)), np.linspace(0, 1, 12).reshape(3, 4)
    (image,) = drawn(lambda c: c.image(5, 6, 30, 40, colours, alpha))
    kind, _, body = image.get("href").partition(",")
    assert kind == "data:image/png;base64"
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(body))))
    np.testing.assert_array_equal(found[..., :3], np.floor(colours * 255 + 0.5))
    np.testing.assert_array_equal(found[..., 3], np.floor(alpha * 255 + 0.5))
    assert image.get("preserveAspectRatio") == "none" and "pixelated" in image.get("style")
    (smooth,) = drawn(lambda c: c.image(5, 6, 30, 40, colours, is_smooth=True))
    assert smooth.get("style") is None


def test_marks_are_cells():
    mask = np.array([[0, 1, 0.5]])
    (image,) = drawn(lambda c: c.marks(mask, 4, (1.0, 0, 0)))
    assert [image.get(n) for n in ("x", "y", "width", "height")] == ["0", "0", "12", "4"]
    found = np.asarray(Image.open(io.BytesIO(base64.b64decode(image.get("href").partition(",")[2]))))
    assert found[0, :, 3].tolist() == [0, 255, 128]
