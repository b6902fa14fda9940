"""What a new release lets preset roles do in a bank that has them already; a new bank loads its presets."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.migrations import RunSQL

_OFFER = """
WITH offered (role, verb) AS (VALUES {pairs}), missing AS (
    SELECT o.role, array_agg(DISTINCT o.verb) AS verbs
      FROM offered o JOIN tenants_role r ON r.code = o.role AND NOT o.verb = ANY (r.verbs)
     GROUP BY o.role
)
UPDATE tenants_role r SET verbs = r.verbs || missing.verbs FROM missing WHERE missing.role = r.code;
"""


class OfferRights(RunSQL):
    """Gives preset roles (code -> verbs) what they lack, as a migration operation: `OfferRights({"clerk": [...]})`.

    A dozen rows that nobody waits for. A role that the bank has removed stays removed.
    """

    def __init__(self, rights: Mapping[str, Sequence[str]]) -> None:
        self.rights = rights
        pairs = ", ".join(f"('{role}', '{verb}')" for role, verbs in rights.items() for verb in verbs)
        super().__init__(_OFFER.format(pairs=pairs), RunSQL.noop)

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        return (type(self).__qualname__, [self.rights], {})
