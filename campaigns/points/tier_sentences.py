"""What a scheme of tiers says, in Chinese and English. Pure."""

from campaigns.points.models import Ends
from campaigns.points.tier_terms import PLAIN, Tier, TierTerms

_ENDS = {
    Ends.DAY: ("", ""),
    Ends.MONTH: ("月", "month"),
    Ends.QUARTER: ("季", "quarter"),
    Ends.YEAR: ("年", "year"),
}


def scheme_sentence(*, terms: TierTerms, language: str) -> str:
    """「近 12 个月积分达到门槛即升级；等级保留 12 个月、至当月末；不足时提前 30 天通知后降级」, or in English."""
    zh = language.startswith("zh")
    chinese, english = _ENDS[Ends(terms.keep_ends)]
    if zh:
        span = "本自然年" if terms.months is None else f"近{terms.months}个月"
        kept = f"{terms.keep_months}个月" + (f"、至当{chinese}末" if chinese else "")
        return (
            f"{span}积分达到门槛即时升级；等级保留{kept}；届时积分不足，提前{terms.notice_days}天通知后降级"
        )
    span = "the calendar year" if terms.months is None else f"the last {_months(terms.months)}"
    kept = f"for {_months(terms.keep_months)}" + (f", to the end of that {english}" if english else "")
    return (
        f"Up at once when the points of {span} reach a tier; kept {kept}; if points do not suffice then, down after"
        f" {terms.notice_days} days of notice"
    )


def tier_sentence(*, tier: Tier, language: str) -> str:
    """「10,000 分；积分 1.5 倍；商城 9 折；贵宾厅：每年 2 次」, or in English."""
    zh = language.startswith("zh")
    said = [f"{tier.threshold:,} 分" if zh else f"{tier.threshold:,} points"]
    if tier.multiplier != PLAIN:
        said.append(f"积分 {times(tier.multiplier)} 倍" if zh else f"points ×{times(tier.multiplier)}")
    if tier.discount:
        said.append(
            f"积分商城 {fold(tier.discount)} 折" if zh else f"{tier.discount}% off in the points mall"
        )
    colon = "：" if zh else ": "
    said += [f"{perk.title}{colon}{perk.text}" if perk.text else perk.title for perk in tier.perks]
    return ("；" if zh else "; ").join(said)


def times(multiplier: int) -> str:
    """Tenths as "1.5" or "2"."""
    return f"{multiplier / 10:g}"


def fold(discount: int) -> str:
    """Percent off as Chinese says it: 10 off is 9, 15 off is 8.5."""
    return f"{(100 - discount) / 10:g}"


def _months(many: int) -> str:
    return f"{many} month{'' if many == 1 else 's'}"
