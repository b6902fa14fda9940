"""Tasks that nobody confirmed: the owner is reminded twice, then the branch manager is told."""

from uuid import UUID

from campaigns.lib.refs import ref
from campaigns.notices.services import tell
from campaigns.tenants.models import Assignment
from campaigns.tenants.scopes import Scope
from community.plans.calling import call_owners
from community.plans.models import Post
from community.plans.selectors import Place, places_of
from community.plans.services.sending import reminder_after

LOT = 500
# How often the owner is reminded before the manager hears of it.
TIMES = 2


def remind_due(*, scope: Scope, limit: int = LOT) -> int:
    """One lot of tasks whose reminder is due; how many. Any number may do so side by side."""
    posts = list(
        Post.objects.within(scope)
        .filter(state=Post.State.DUE, remind_at__lte=scope.at)
        .order_by("remind_at", "id")
        .select_for_update(skip_locked=True, no_key=True, of=("self",))
        .select_related("group")[:limit]
    )
    if not posts:
        return 0
    places = places_of(scope=scope, branch_ids=list({post.branch_id for post in posts}))
    managers = _managers(scope, places) if any(post.reminded >= TIMES for post in posts) else {}
    again: dict[tuple[int, str], list[UUID]] = {}
    for post in posts:
        zone = places[post.branch_id].zone
        people = [post.assignee_id] if post.reminded < TIMES else managers.get(post.branch_id, [])
        code = "community.post.overdue" if post.reminded < TIMES else "community.post.not_confirmed"
        tell(
            scope=scope, people=[each for each in people if each], code=code,
            key=f"community.post:{post.pk}:{post.reminded + 1}", subject=ref("community.post", post.pk),
            branch_id=post.branch_id, title=post.title, group=post.group.name,
        )  # fmt: skip
        again.setdefault((post.reminded + 1, zone if post.reminded < TIMES else ""), []).append(post.pk)
    for (reminded, zone), keys in again.items():
        remind_at = reminder_after(scope=scope, zone=zone) if zone else None
        Post.objects.within(scope).filter(pk__in=keys, state=Post.State.DUE).update(
            reminded=reminded, remind_at=remind_at
        )
    call_owners(scope=scope, posts=[post for post in posts if post.reminded < TIMES])
    return len(posts)


def _managers(scope: Scope, places: dict[int, Place]) -> dict[int, list[UUID]]:
    """Who manages each of these branches, or the nearest above that has a manager."""
    line = {branch for place in places.values() for branch in place.line}
    held = Assignment.objects.within(scope).filter(
        role_id="branch_manager", branch_id__in=line, held_from__lte=scope.at, held_until__gt=scope.at
    )
    by_branch: dict[int, list[UUID]] = {}
    for branch, person in held.values_list("branch_id", "person_id"):
        by_branch.setdefault(branch, []).append(person)
    return {
        key: next((by_branch[branch] for branch in place.line if branch in by_branch), [])
        for key, place in places.items()
    }
