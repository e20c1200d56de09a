"""NumPy and OpenCV over many files, two threads: edge-aware demosaic, matrix, curve, JPEG q92.

What a competent user writes for one kind of file: levels, gains and matrix are known. Run: opencv_loop.py OUT FILE...
"""

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import tifffile

OUT = Path(sys.argv[1])
BLACK, WHITE = 4096, 65535
GAINS = (2.0, 1.0, 1.6)
MATRIX = np.array([[1.7, -0.5, -0.2], [-0.2, 1.5, -0.3], [0.0, -0.5, 1.5]], np.float32)
LINEAR = np.linspace(0, 1, 65536)
CURVE = np.where(LINEAR <= 0.0031308, 12.92 * LINEAR, 1.055 * LINEAR ** (1 / 2.4) - 0.055)
CODES = np.rint(255 * CURVE).astype(np.uint8)
KEPT = threading.local()


def develop(name: str) -> None:
    with tifffile.TiffFile(name) as tiff:
        mosaic = tiff.pages[0].asarray()
    if not hasattr(KEPT, "gain"):
        red, green, blue = np.rint(256 * 65535 / (WHITE - BLACK) * np.array(GAINS)).astype(np.uint16)
        tile = np.array([[red, green], [green, blue]], np.uint16)
        KEPT.gain = np.tile(tile, (mosaic.shape[0] // 2, mosaic.shape[1] // 2))
        KEPT.black = np.full(mosaic.shape, BLACK, np.uint16)
        KEPT.rgb = np.empty((*mosaic.shape, 3), np.uint16)
    mosaic = cv2.subtract(mosaic, KEPT.black)
    cv2.multiply(mosaic, KEPT.gain, mosaic, 1 / 256)
    # Its BayerBG is everybody else's RGGB.
    rgb = cv2.cvtColor(mosaic, cv2.COLOR_BayerBG2BGR_EA, KEPT.rgb)
    cv2.transform(rgb, MATRIX[::-1, ::-1], rgb)
    cv2.imwrite(str(OUT / f"{Path(name).stem}.jpg"), cv2.LUT(rgb, CODES), [cv2.IMWRITE_JPEG_QUALITY, 92])


# A file alone gets OpenCV's own threads.
if len(sys.argv) > 3:
    cv2.setNumThreads(1)
with ThreadPoolExecutor(2) as pool:
    list(pool.map(develop, sys.argv[2:]))
