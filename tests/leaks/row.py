"""One line of the table of addresses (tests/leaks/table.py)."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Row:
    """`who` asks; `takes`: parameter -> kind of thing; `method`; `own`: what reading one's own answers.

    `names`: form or body fields that name another thing -> its kind: a foreign one is answered like an absent one.
    """

    who: str
    takes: dict[str, str] = field(default_factory=dict)
    methods: tuple[str, ...] = ("get", "post")
    own: int = 200
    names: dict[str, str] = field(default_factory=dict)
    body: dict[str, object] = field(default_factory=dict)
