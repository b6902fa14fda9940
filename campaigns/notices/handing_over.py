"""The inbox when somebody leaves: it stays that person's, unread lines and all, until the sweep; nobody else reads it.

What its lines asked for goes to the successor by the steps of the rooms that asked. The successor is told.
"""

from django.utils.translation import gettext_lazy as _

from campaigns.lib.refs import ref
from campaigns.notices.sentences import register_notice
from campaigns.notices.services import tell
from campaigns.tenants.models import Person
from campaigns.tenants.scopes import Scope

register_notice(
    "notices.taken_over",
    _(
        "%(who)s has left: open work is yours from now on. What was sent back, and drafts, are on your home page."
    ),
    icon="move_down",
)


def tell_successor(*, scope: Scope, person: Person, successor: Person) -> int:
    """Tell the successor; counts as nothing handed over."""
    subject = ref("tenants.person", person.pk)
    tell(
        scope=scope,
        people=[successor.pk],
        code="notices.taken_over",
        key=f"notices.taken_over:{person.pk}:{scope.at:%Y%m%dT%H%M%S}",
        subject=subject,
        branch_id=successor.branch_id,
        opens="",
        who=person.name,
    )
    return 0
