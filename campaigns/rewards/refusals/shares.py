"""Every "no" of quota down the tree and of budgets; `BY_WORD` finds the class of a verb's word."""

from campaigns.lib.refusals import NotFound, Refusal
from campaigns.rewards.refusals.coupons import BranchElsewhere, QuantityIsNotPositive


class ShareTooSmall(Refusal):
    code = "rewards.stock.share_too_small"
    status = 409
    zh = "“{branch}”只剩 {unused} 张未领取，不能再往下分配 {quantity} 张。请减少数量，或请上级增加额度。"
    en = "“{branch}” has {unused} unclaimed coupons left and cannot pass on {quantity}: allot fewer, or ask for more."


class PayersAreUnclear(Refusal):
    code = "rewards.batch.payers_are_unclear"
    status = 422
    zh = "总行、分支行、商户的出资比例须合计 100%，且“出资方”须出资；全部由出资方承担时，三项请留 0。"
    en = (
        "The percentages of head office, branch and merchant must sum to 100, and who it is paid by must pay a part;"
        " leave all three at 0 when that one pays everything."
    )


class AmountsAreReserved(Refusal):
    code = "rewards.batch.amounts_are_reserved"
    status = 409
    zh = "已按现有面额和出资比例为分配出去的券预留预算，不能再改。请先收回全部额度，或另建批次。"
    en = (
        "Money is reserved for what is allotted: draw everything back before changing amounts or payers, or make a"
        " new batch."
    )


class AmountsWait(Refusal):
    code = "rewards.budget.amounts_wait"
    status = 409
    zh = "草稿的面额或出资比例与已上线的不同，预算无法预留。请等修改审核通过后再分配。"
    en = "The draft's amounts or payers differ from what is live, so nothing can be reserved: allot after its approval."


class BudgetShort(Refusal):
    code = "rewards.budget.short"
    status = 409
    zh = "预算余额不足，无法为这些券预留资金。请减少数量，或申请追加预算。"
    en = "The budget has not enough left to reserve for these coupons: allot fewer, or ask for a larger budget."


class BudgetClosed(Refusal):
    code = "rewards.budget.closed"
    status = 409
    zh = "现在不在预算的使用期内，不能再预留资金。请为批次选择有效的预算。"
    en = "The budget's window does not include today, so nothing can be reserved from it: choose a budget that is open."


class BudgetElsewhere(Refusal):
    code = "rewards.budget.elsewhere"
    status = 422
    zh = "没有找到可用的预算：须属于批次所属机构或其上级，在您的机构范围内，并与批次的活动一致。"
    en = (
        "No such budget: it must be one of your branches', belong to the batch's branch or one above it, and to the"
        " batch's campaign if it has one."
    )


class FundingIsFixed(Refusal):
    code = "rewards.budget.funding_is_fixed"
    status = 409
    zh = "这个批次已有额度分配出去，不能更换预算。请先收回全部额度。"
    en = "Some of this batch is allotted already, so its budgets stay. Draw everything back first."


class BudgetIsUnclear(Refusal):
    code = "rewards.budget.is_unclear"
    status = 422
    zh = "请填写预算名称和大于 0 的金额，使用期的结束须晚于开始。"
    en = "Give the budget a name, an amount above zero, and a window that ends after it starts."


class BudgetIsOwn(Refusal):
    code = "rewards.budget.is_own"
    status = 409
    zh = "预算由您申请，须由另一个人批准。"
    en = "You asked for this budget yourself: another person must approve it."


class BudgetAskedAnew(Refusal):
    code = "rewards.budget.asked_anew"
    status = 409
    zh = "申请的金额已有变化，请刷新页面后再批准。"
    en = "The amount asked for has changed: reload the page before approving."


class BudgetBelowTaken(Refusal):
    code = "rewards.budget.below_taken"
    status = 409
    zh = "预算中已有更多资金被预留或支出，不能低于它。"
    en = "More than this is reserved or spent already: the budget cannot be lower."


BY_WORD: dict[str, type[Refusal]] = {
    "not_found": NotFound,
    "branch_elsewhere": BranchElsewhere,
    "quantity_is_not_positive": QuantityIsNotPositive,
    "amounts_wait": AmountsWait,
    "budget_short": BudgetShort,
    "budget_closed": BudgetClosed,
    "budget_is_own": BudgetIsOwn,
    "budget_asked_anew": BudgetAskedAnew,
    "budget_below_taken": BudgetBelowTaken,
}
