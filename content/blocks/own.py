"""The kinds of blocks that this room brings; the room community adds livestreams and groups."""

from content.blocks.countdown import COUNTDOWN
from content.blocks.coupon import COUPON
from content.blocks.picture import PICTURE
from content.blocks.text import TEXT
from content.blocks.video import VIDEO

OWN = (PICTURE, TEXT, VIDEO, COUPON, COUNTDOWN)
