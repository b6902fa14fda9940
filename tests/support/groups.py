"""A branch with everything that groups have."""

from campaigns.tenants.scopes import system_scope
from community.groups.health_models import OwnerFigures
from community.groups.models import Group
from community.groups.services.accounts import bind_account
from community.groups.services.entries import add_code, add_line, set_place, show_code
from community.groups.services.groups import add_group, add_member
from community.groups.services.healths import judge_groups, note_sign
from tests.support.cast import AT, Cast


def plant_branch_groups(cast: Cast, *, by: str = "nb_manager") -> Group:
    """At the branch of `by`: an open group with a member, one that is over, a code that was shown, an account."""
    player = cast.play(by)
    branch_id = player.assignment.branch_id
    with player.scope() as scope:
        group = add_group(scope=scope, name="宝妈群", owner_id=player.person.pk)
        add_member(scope=scope, group_id=group.pk, customer_id=cast.customers["nb"].customer.pk)
        note_sign(scope=scope, group_id=group.pk, note="打卡")
        code = add_code(scope=scope, title="入群")
        add_line(scope=scope, code_id=code.pk, group_id=group.pk, link="https://example.test/g")
        set_place(scope=scope, branch_id=branch_id, lat_micro=39_900_000, lon_micro=116_400_000)
    show_code(slug=code.slug, at=AT)
    with system_scope(at=AT, cause="test") as scope:
        account = bind_account(scope=scope, person_id=player.person.pk, userid=by)
        OwnerFigures.objects.create(
            branch_id=account.branch_id, branch_pos=account.branch_pos, account=account, day=AT.date()
        )
        judge_groups(scope=scope)
    return group
