"""Word lists in force, through the services."""

from campaigns.approvals.models import Revision
from campaigns.approvals.services.word_lists import add_word_list, submit_word_list
from tests.support.cast import Cast, Player
from tests.support.content import approve

LIST = """保本 | 承诺收益 | 禁止 | 不得承诺保本
最佳 | 绝对化用语 | 提示 | 请写明依据
! 确保本行
必须：理财 | 理财非存款、产品有风险、投资须谨慎
域名：bank.cn
"""


def list_in_force(
    cast: Cast, text: str = LIST, *, by: Player | None = None, checker: Player | None = None
) -> Revision:
    """A word list, approved and in force: head office's unless `by` is another administrator."""
    with (by or cast.ho_administrator).scope() as scope:
        draft = add_word_list(scope=scope, title="广告用语", text=text)
        revision = submit_word_list(scope=scope, word_list_id=draft.pk)
    return approve(checker or cast.ho_reviewer, revision)
