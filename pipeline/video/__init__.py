"""The frames of a shot as one video file.

======== ================================================================
codec    which codecs there are, in which files, with which options
rate     frames per second and timecode, exact
planes   16-bit RGB to the planes of a codec, and what says their colours
encode   pictures into one file, in a thread of their own
assembly the frames of a batch into a video, whatever fails on the way
======== ================================================================
"""

from tenbit.pipeline.video.assembly import Film, Missing, film, for_video, lacking
from tenbit.pipeline.video.codec import CODECS, codec_for
from tenbit.pipeline.video.rate import rate_from, timecode_from

__all__ = ["CODECS", "Film", "Missing", "codec_for", "film", "for_video", "lacking", "rate_from", "timecode_from"]
