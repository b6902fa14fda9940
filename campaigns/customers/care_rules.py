"""Who may look after whom. Pure."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Carer:
    """Somebody who may look after customers whose home branch stands in one of the `spans` of positions."""

    person_id: UUID
    spans: tuple[tuple[int, int], ...]

    def may_have(self, home_pos: int) -> bool:
        """As `care_selectors.people_for` says it of one branch."""
        return any(lo <= home_pos <= hi for lo, hi in self.spans)
