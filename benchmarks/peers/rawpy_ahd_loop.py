"""rawpy over many files, two threads: AHD, the camera's white balance, JPEG q92. Run: rawpy_ahd_loop.py OUT FILE..."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio.v3 as imageio
import rawpy

OUT = Path(sys.argv[1])


def develop(name: str) -> None:
    with rawpy.imread(name) as raw:
        rgb = raw.postprocess(demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD, use_camera_wb=True)
    imageio.imwrite(OUT / f"{Path(name).stem}.jpg", rgb, quality=92)


with ThreadPoolExecutor(2) as pool:
    list(pool.map(develop, sys.argv[2:]))
