"""How fast a long job goes, and how long it may still take. Pure."""

from dataclasses import dataclass

# Before that much was done, a guess would jump about.
_ENOUGH_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`per_minute`: parts a minute; `seconds_left` until all is done. None while there is too little to tell by."""

    per_minute: int | None
    seconds_left: int | None


def pace_of(*, done: int, left: int, seconds: float) -> Pace:
    """From what the present run has `done` in so many seconds."""
    if done <= 0 or seconds < _ENOUGH_SECONDS:
        return Pace(None, None)
    speed = done / seconds
    return Pace(max(1, round(speed * 60)), round(left / speed) if left else 0)
