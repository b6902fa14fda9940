"""Rights that end: whoever answers for an asset is told thirty and seven days before, and on the day."""

from datetime import timedelta
from uuid import UUID

from campaigns.jobs.due_models import Due
from campaigns.jobs.services.due import cancel, lay
from campaigns.lib.clock import FOREVER
from campaigns.lib.refs import read_ref, ref
from campaigns.notices.services import tell
from campaigns.tenants.scopes import Scope
from content.asset_selectors import uses_of
from content.models import Asset, Item

KIND, CODE, OVER = "content.asset.warn", "content.asset.rights_end", "content.asset.rights_over"
DAYS = (30, 7, 0)


def lay_warnings(*, scope: Scope, asset: Asset) -> None:
    """Lay due rows for the asset's rights as they are now; those for an end that was said before do nothing."""
    subject = ref("content.asset", asset.pk)
    cancel(scope=scope, kind=KIND, subject=subject, after=scope.at)
    if asset.rights_until >= FOREVER:
        return
    for days in DAYS:
        moment = asset.rights_until - timedelta(days=days)
        if moment > scope.at:
            lay(
                scope=scope,
                kind=KIND,
                subject=subject,
                version=f"{days}:{asset.rights_until.isoformat()}",
                at=moment,
                branch_id=asset.branch_id,
                branch_pos=asset.branch_pos,
                args={"days": days, "until": asset.rights_until.isoformat()},
            )


def warn_of_rights(*, scope: Scope, due: Due) -> int:
    """Tell the asset's owner, and who made what shows it, that its rights end; how many people. An end that was moved,
    and an asset that was removed, is no news.
    """
    asset = Asset.objects.within(scope).filter(pk=UUID(read_ref(due.subject).id), retired_at=None).first()
    if asset is None or asset.rights_until.isoformat() != due.args["until"]:
        return 0
    shown = {use.item_id for use in uses_of(scope=scope, asset=asset) if use.is_live}
    makers = Item.objects.within(scope).filter(pk__in=shown).values_list("author_id", flat=True)
    people = {person for person in [asset.owner_id, *makers] if person is not None}
    tell(
        scope=scope,
        people=people,
        code=OVER if due.args["days"] == 0 else CODE,
        key=f"{KIND}:{asset.pk}:{due.version}",
        subject=due.subject,
        branch_id=asset.branch_id,
        title=asset.name,
        until_at=asset.rights_until.isoformat(),
        count=len(shown),
    )
    return len(people)
