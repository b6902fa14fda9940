"""What `manage.py up` prints of the demo bank: who may log in, and how a customer does."""

from collections.abc import Iterator

from config.demo.bank import PASSWORD, PEOPLE, unionid

_ROLES = {
    "administrator": "总行管理员",
    "editor": "内容编辑",
    "reviewer": "审核",
    "rewards_operator": "权益运营",
    "branch_manager": "支行行长",
    "clerk": "柜员",
    "auditor": "审计",
    "merchant_clerk": "商户收银员",
}
_SHOWN = [
    "admin",
    "admin2",
    "editor",
    "reviewer",
    "rewards",
    "xihu.editor",
    "xihu.manager",
    "xihu.clerk",
    "xihu.cashier",
    "tianhe.manager",
]
_STORY = [("ZJ0101", "西湖支行"), ("GD0101", "天河支行")]


def log_ins(url: str) -> Iterator[str]:
    """Lines: staff with role and password, then a `curl` line for a customer of each branch of the story."""
    yield ""
    yield f"演示登录（密码均为 {PASSWORD}）:"
    for username in _SHOWN:
        name, code, role = PEOPLE[username]
        yield f"  {username:<16}{name}  {_ROLES[role]}（{code}）"
    yield ""
    yield "以客户身份登录小程序接口，并取首页:"
    for code, name in _STORY:
        yield f"  # {name}"
        yield (
            f"  curl -s {url}/api/v1/auth/wechat -H 'Content-Type: application/json'"
            f' -d \'{{"code": "demo-{unionid(code, 1)}"}}\''
        )
    yield f"  curl -s {url}/api/v1/home -H 'Authorization: Bearer <access>'"
