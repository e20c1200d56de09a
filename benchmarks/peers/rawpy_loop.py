"""rawpy over many files, two threads: the camera's white balance, JPEG q92. Run: rawpy_loop.py METHOD OUT FILE..."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import imageio.v3 as imageio
import rawpy

METHOD, OUT = rawpy.DemosaicAlgorithm[sys.argv[1]], Path(sys.argv[2])


def develop(name: str) -> None:
    with rawpy.imread(name) as raw:
        rgb = raw.postprocess(demosaic_algorithm=METHOD, use_camera_wb=True)
    imageio.imwrite(OUT / f"{Path(name).stem}.jpg", rgb, quality=92)


with ThreadPoolExecutor(2) as pool:
    list(pool.map(develop, sys.argv[3:]))
