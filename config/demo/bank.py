"""The demo bank's tree and people. Real provinces and cities; the bank and everybody in it are invented."""

BANK = ("HO", "分行银行总行")

# province -> city -> branches
PLACES: dict[tuple[str, str], dict[tuple[str, str], list[str]]] = {
    ("BJ", "北京市分行"): {
        ("BJ01", "北京城区分行"): ["西单支行", "中关村支行", "望京支行"],
    },
    ("ZJ", "浙江省分行"): {
        ("ZJ01", "杭州分行"): ["西湖支行", "滨江支行", "武林支行"],
        ("ZJ02", "宁波分行"): ["三江口支行", "鄞州支行"],
    },
    ("GD", "广东省分行"): {
        ("GD01", "广州分行"): ["天河支行", "越秀支行", "番禺支行"],
        ("GD02", "深圳分行"): ["南山支行", "福田支行", "前海支行"],
    },
    ("SC", "四川省分行"): {
        ("SC01", "成都分行"): ["春熙路支行", "高新支行"],
        ("SC02", "绵阳分行"): ["涪城支行"],
    },
    ("HB", "湖北省分行"): {
        ("HB01", "武汉分行"): ["江汉路支行", "光谷支行"],
    },
}

# log-in -> (name, branch code, role). The two branches of the story are 西湖支行 and 天河支行.
PEOPLE: dict[str, tuple[str, str, str]] = {
    "admin": ("赵敏", "HO", "administrator"),
    "editor": ("王芳", "HO", "editor"),
    "reviewer": ("李静", "HO", "reviewer"),
    "rewards": ("张磊", "HO", "rewards_operator"),
    "community": ("孙悦", "HO", "community_operator"),
    "analyst": ("吴昊", "HO", "analyst"),
    "auditor": ("周正", "HO", "auditor"),
    "zj.editor": ("陈晨", "ZJ", "editor"),
    "zj.reviewer": ("林涛", "ZJ", "reviewer"),
    "zj.rewards": ("何雨", "ZJ", "rewards_operator"),
    "xihu.editor": ("沈洁", "ZJ0101", "editor"),
    "xihu.manager": ("徐行", "ZJ0101", "branch_manager"),
    "xihu.clerk": ("杨帆", "ZJ0101", "clerk"),
    "gd.editor": ("黄欣", "GD", "editor"),
    "gd.reviewer": ("梁文", "GD", "reviewer"),
    "tianhe.manager": ("冯远", "GD0101", "branch_manager"),
    "tianhe.clerk": ("邓明", "GD0101", "clerk"),
    # At the till of a merchant (config/demo/merchants.py).
    "xihu.cashier": ("蒋琪", "ZJ0101", "merchant_clerk"),
    # What needs a second person at head office: large files and exports, two known customers who are one.
    "admin2": ("钱卫国", "HO", "administrator"),
}
PASSWORD = "fenhang-demo"  # noqa: S105 - printed, and good in demo mode alone


def tree_rows() -> list[dict[str, str]]:
    """The tree as `add_tree` takes it: parents first."""
    rows = [{"code": BANK[0], "name": BANK[1], "level": "head_office", "parent": ""}]
    for (province, province_name), cities in PLACES.items():
        rows.append({"code": province, "name": province_name, "level": "province", "parent": BANK[0]})
        for (city, city_name), branches in cities.items():
            rows.append({"code": city, "name": city_name, "level": "city", "parent": province})
            place = city_name.removesuffix("分行")
            for number, name in enumerate(branches, start=1):
                rows.append(
                    {"code": f"{city}{number:02d}", "name": place + name, "level": "branch", "parent": city}
                )
    return rows


def unionid(branch_code: str, number: int) -> str:
    """The WeChat unionid of a demo customer."""
    return f"{branch_code}-{number}"
