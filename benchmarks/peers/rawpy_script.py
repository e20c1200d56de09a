"""What a user's script does with rawpy: the camera's white balance, JPEG q92. Run: rawpy_script.py METHOD IN OUT"""

import sys

import imageio.v3 as imageio
import rawpy

with rawpy.imread(sys.argv[2]) as raw:
    rgb = raw.postprocess(demosaic_algorithm=rawpy.DemosaicAlgorithm[sys.argv[1]], use_camera_wb=True)
imageio.imwrite(sys.argv[3], rgb, quality=92)
