"""Pictures that customers send: hostile until only their pixels are left."""

import base64
import binascii

from campaigns.lib.refusals import Refusal
from community.checkins.refusals import PictureNotExpected
from content.picture_limits import Limits
from content.pictures import read_picture, render

MOST_BYTES = 1_500_000
# As wide as a phone shows it; photographs of other people's things need no more to be recognised.
WIDTH = 1_080
_LIMITS = Limits(
    file_bytes=MOST_BYTES,
    side=8_000,
    jpeg_pixels=25_000_000,
    progressive_pixels=12_500_000,
    png_pixels=8_000_000,
    gif_pixels=4_000_000,
    webp_pixels=8_000_000,
    jpeg_kept=4_000_000,
)


def jpeg_of(text: str) -> bytes:
    """The picture in base64, written anew as JPEG. Raises PictureNotExpected for whatever is not a good one."""
    try:
        raw = base64.b64decode(text, validate=True)
        picture = read_picture(raw, limits=_LIMITS)
    except (binascii.Error, ValueError, Refusal) as error:
        raise PictureNotExpected from error
    return render(picture, width=min(WIDTH, picture.width), fmt="jpeg", quality=80)
