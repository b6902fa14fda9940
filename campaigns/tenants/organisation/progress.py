"""How far a change of the tree is, told to whoever watches."""

from collections.abc import Callable

# Told the step and how many of how many branches are done in it.
Progress = Callable[[str, int, int], None]


def quiet(step: str, done: int, total: int) -> None:
    """Progress that nobody watches."""
