"""What a user's script does with rawpy: AHD, the camera's white balance, JPEG q92. Run: rawpy_ahd.py in.dng out.jpg"""

import sys

import imageio.v3 as imageio
import rawpy

with rawpy.imread(sys.argv[1]) as raw:
    rgb = raw.postprocess(demosaic_algorithm=rawpy.DemosaicAlgorithm.AHD, use_camera_wb=True)
imageio.imwrite(sys.argv[2], rgb, quality=92)
