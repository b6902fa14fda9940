"""One line of the audit about a livestream."""

from typing import Any

from campaigns.audit.services import record
from campaigns.lib.refs import ref
from campaigns.tenants.scopes import Scope
from community.livestreams.models import Livestream

CODE = "community.livestream"


def note(scope: Scope, livestream: Livestream, verb: str, **detail: Any) -> None:
    """`verb`: its last part."""
    record(
        scope=scope,
        verb=f"{CODE}.{verb}",
        subject=ref(CODE, livestream.pk),
        subject_name=livestream.title,
        branch_id=livestream.branch_id,
        branch_pos=livestream.branch_pos,
        **detail,
    )
