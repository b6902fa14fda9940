"""The columns of the telephone campaign's file (bank_marketing.py) as definitions of attributes."""

from collections.abc import Sequence
from typing import Any

# What the columns with words may hold: code, name, English name.
_YES_NO = [("yes", "是", "yes"), ("no", "否", "no")]
_UNKNOWN = ("unknown", "未知", "unknown")
_MONTHS = [
    (code, f"{n}月", name)
    for n, (code, name) in enumerate(
        [
            ("jan", "January"), ("feb", "February"), ("mar", "March"), ("apr", "April"), ("may", "May"),
            ("jun", "June"), ("jul", "July"), ("aug", "August"), ("sep", "September"), ("oct", "October"),
            ("nov", "November"), ("dec", "December"),
        ],
        start=1,
    )
]  # fmt: skip
_JOBS = [
    ("admin.", "文职人员", "office clerk"),
    ("blue-collar", "蓝领工人", "blue-collar worker"),
    ("entrepreneur", "企业主", "entrepreneur"),
    ("housemaid", "家政人员", "domestic worker"),
    ("management", "管理人员", "management"),
    ("retired", "退休人员", "retired"),
    ("self-employed", "自雇人士", "self-employed"),
    ("services", "服务业人员", "services"),
    ("student", "学生", "student"),
    ("technician", "技术人员", "technician"),
    ("unemployed", "待业", "unemployed"),
    _UNKNOWN,
]

# (code, name, English name, unit, choices); a number where there are no choices.
_COLUMNS: Sequence[tuple[str, str, str, str, Sequence[tuple[str, str, str]]]] = [
    ("age", "年龄", "age", "", ()),
    ("job", "职业", "job", "", _JOBS),
    ("marital", "婚姻状况", "marital status", "", [
        ("single", "未婚", "single"), ("married", "已婚", "married"), ("divorced", "离异或丧偶", "divorced"), _UNKNOWN,
    ]),
    ("education", "教育程度", "education", "", [
        ("primary", "小学", "primary school"), ("secondary", "中学", "secondary school"),
        ("tertiary", "高等教育", "higher education"), _UNKNOWN,
    ]),
    ("default", "信用违约", "credit in default", "", _YES_NO),
    ("balance", "年均余额", "yearly balance", "€", ()),
    ("housing", "住房贷款", "housing loan", "", _YES_NO),
    ("loan", "个人贷款", "personal loan", "", _YES_NO),
    ("contact", "联系方式", "contacted by", "", [
        ("cellular", "手机", "mobile phone"), ("telephone", "固定电话", "telephone"), _UNKNOWN,
    ]),
    ("day", "最近联系日", "last contact: day", "", ()),
    ("month", "最近联系月份", "last contact: month", "", _MONTHS),
    ("duration", "最近联系时长（秒）", "last contact: seconds", "", ()),
    ("campaign", "本次活动联系次数", "contacts in this campaign", "", ()),
    ("pdays", "距上次活动天数", "days since the previous campaign", "", ()),
    ("previous", "此前联系次数", "contacts before this campaign", "", ()),
    ("poutcome", "上次活动结果", "outcome of the previous campaign", "", [
        ("success", "成功", "success"), ("failure", "未成功", "failure"), ("other", "其他", "other"), _UNKNOWN,
    ]),
    ("y", "认购定期存款", "subscribed a term deposit", "", _YES_NO),
]  # fmt: skip


def definitions() -> list[dict[str, Any]]:
    """What `add_missing_attributes` takes."""
    return [
        {
            "code": code,
            "name": name,
            "name_en": name_en,
            "kind": "choice" if choices else "number",
            "choices": [dict(zip(("code", "name", "name_en"), choice, strict=True)) for choice in choices],
            "unit": unit,
            "place": 100 + place,
        }
        for place, (code, name, name_en, unit, choices) in enumerate(_COLUMNS)
    ]
