"""Every "no" of logging in."""

from campaigns.lib.refusals import Refusal


class LogInRefused(Refusal):
    """Wrong name, wrong password, a closed log-in: one answer for all, so that names cannot be found out."""

    code = "log_in.refused"
    status = 401
    zh = "登录名或密码不正确，请重新输入。"
    en = "Wrong log-in name or password: please try again."


class LogInLocked(Refusal):
    """Too many tries. `seconds` until the next one is looked at."""

    code = "log_in.locked"
    status = 429
    zh = "尝试次数过多，为保护您的账号，请在 {minutes} 分钟后再试。"
    en = "Too many tries: to protect the account, try again in {minutes} minutes."


class TemporaryPasswordOver(Refusal):
    """Said only to who knows the password."""

    code = "log_in.temporary_password_over"
    status = 401
    zh = "临时密码已过期，请再请人重置一次。"
    en = "The temporary password is no longer good: have it reset once more."


class CodeNeeded(Refusal):
    """The password was right; it does not suffice."""

    code = "log_in.code_needed"
    status = 401
    zh = "此账号已启用动态口令，请输入动态口令。"
    en = "This log-in has a second factor: give its one-time code."


class CodeRefused(Refusal):
    """Wrong, used before, or of another half minute."""

    code = "log_in.code_refused"
    status = 401
    zh = "动态口令不正确或已使用过，请输入应用中最新的 6 位口令。"
    en = "The one-time code is wrong or was used already: enter the newest one."


class SecondStepOver(Refusal):
    code = "log_in.second_step_over"
    status = 401
    zh = "等待动态口令的时间已过，请重新输入登录名和密码。"
    en = "Entering the one-time code took too long: log in again."


class PasswordChangeNeeded(Refusal):
    code = "log_in.password_change_needed"
    status = 403
    zh = "请先登录管理后台设置您自己的新密码。"
    en = "Log in to the admin first and choose a password of your own."


class SecondFactorNeeded(Refusal):
    code = "log_in.second_factor_needed"
    status = 403
    zh = "本行要求启用动态口令，请先登录管理后台完成启用。"
    en = "This bank requires a second factor: log in to the admin first and set it up."


class OldPasswordWrong(Refusal):
    code = "access.password.old_wrong"
    status = 403
    zh = "当前密码不正确，请重新输入。"
    en = "The present password is wrong: please try again."


class PasswordTooWeak(Refusal):
    """`reasons` are sentences in the reader's language."""

    code = "access.password.too_weak"
    status = 422
    zh = "新密码不符合要求：{reasons}"
    en = "The new password does not meet the rules: {reasons}"


class PasswordUsedBefore(Refusal):
    code = "access.password.used_before"
    status = 422
    zh = "新密码不能与最近用过的密码相同，请换一个。"
    en = "The new password may not be one of the last ones: choose another."


class PasswordChangedMeanwhile(Refusal):
    code = "access.password.changed_meanwhile"
    status = 409
    zh = "密码刚刚已被更改，请重新登录。"
    en = "The password has just been changed: log in again."


class EnrolmentOver(Refusal):
    code = "access.second_factor.enrolment_over"
    status = 409
    zh = "这个二维码已失效，请扫描新的二维码。"
    en = "This QR code is no longer good: scan the new one."


class NewCodeWrong(Refusal):
    """The phone does not have the secret that was offered, or its clock is minutes off."""

    code = "access.second_factor.new_code_wrong"
    status = 422
    zh = "口令与二维码不符：请输入应用此刻显示的 6 位口令，并确认手机时间准确。"
    en = "The code does not fit the QR code: enter the one shown right now, and check the phone's clock."


class NotEnrolled(Refusal):
    code = "access.second_factor.not_enrolled"
    status = 409
    zh = "此账号没有启用动态口令。"
    en = "This log-in has no second factor."


class NotForOneself(Refusal):
    code = "access.reset.oneself"
    status = 403
    zh = "不能为自己的账号执行此操作，请由另一位同事办理。"
    en = "Nobody does this for a log-in of their own: ask another person."


class ActsElsewhere(Refusal):
    """Whoever could reset such a log-in would act where it acts."""

    code = "access.reset.acts_elsewhere"
    status = 403
    zh = "此人在您所辖机构之外还有岗位，请由上级机构办理。"
    en = "This person also acts outside your branches: a branch above must do it."


class AlreadySo(Refusal):
    code = "access.login.already_so"
    status = 409
    zh = "此账号已经是这个状态。"
    en = "The log-in is in that state already."
