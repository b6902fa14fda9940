"""What a file of the library may be, and the refusals of one that is more, less or something else."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.lib.refusals import Refusal

MEGABYTE = 1024 * 1024


class FileRefused(Refusal):
    """The base of the refusals of files that are not pictures. Values: `kind`, as people call it."""

    code = "content.file.refused"
    status = 422
    zh = "文件未通过检查，请重新导出后再上传。"
    en = "The file did not pass the check: export it again and upload that."


class FileTooLarge(FileRefused):
    """Values: `kind`, `limit_mb`."""

    code = "content.file.too_large"
    status = 413
    zh = "{kind}文件超过 {limit_mb} MB，请压缩后再上传。"
    en = "The {kind} is larger than {limit_mb} MB: compress it and upload it again."


class FileDamaged(FileRefused):
    """Values: `kind`."""

    code = "content.file.damaged"
    zh = "{kind}文件已损坏或不完整，请重新导出后再上传。"
    en = "The {kind} is damaged or incomplete: export it again and upload that."


class FileTakesTooMuch(FileRefused):
    """Looking at it took too much time or memory. Values: `kind`."""

    code = "content.file.takes_too_much"
    zh = "{kind}文件过于复杂，检查未能在限定的时间和内存内完成。请重新导出后再上传。"
    en = "The {kind} is too involved to be checked in time: export it again and upload that."


class FileIsLocked(FileRefused):
    """Values: `kind`."""

    code = "content.file.locked"
    zh = "{kind}文件已加密或受版权保护，请上传未加密的版本。"
    en = "The {kind} is encrypted: upload one that is not."


class MayNotRun(FileRefused):
    """Values: `kind`, `what` (as the format calls it)."""

    code = "content.file.may_not_run"
    zh = "{kind}文件含有会执行动作的内容（{what}），请另存为不含它的版本再上传。"
    en = "The {kind} holds something that acts by itself ({what}): save it without that and upload it again."


class CodecNotPlayed(FileRefused):
    """Values: `kind`, `codec`."""

    code = "content.file.codec_not_played"
    zh = "{kind}的编码“{codec}”不是所有手机都能播放，请导出为 H.264 视频、AAC 声音的 MP4。"
    en = "Not every phone plays “{codec}” in a {kind}: export MP4 with H.264 pictures and AAC sound."


class InFragments(FileRefused):
    """Values: `kind`."""

    code = "content.file.in_fragments"
    zh = "{kind}是分段（fragmented）格式，请导出为普通 MP4。"
    en = "The {kind} is in fragments: export an ordinary MP4."


class TooManyPages(FileRefused):
    """Values: `kind`, `limit`."""

    code = "content.file.too_many_pages"
    zh = "{kind}超过 {limit} 页，请拆分后再上传。"
    en = "The {kind} has more than {limit} pages: split it and upload the parts."


class LastsTooLong(FileRefused):
    """Values: `kind`, `minutes`."""

    code = "content.file.lasts_too_long"
    zh = "{kind}长于 {minutes} 分钟，请剪辑后再上传。"
    en = "The {kind} lasts longer than {minutes} minutes: cut it and upload it again."


VIDEO, AUDIO, PDF = _("video"), _("audio file"), _("PDF file")

VIDEO_BYTES, AUDIO_BYTES, PDF_BYTES = 200 * MEGABYTE, 50 * MEGABYTE, 20 * MEGABYTE
PDF_PAGES = 500
MOST_SECONDS = 2 * 3600


@dataclass(frozen=True, slots=True)
class Media:
    """What is kept of a file: its format, what is said about it, and the size of a video's picture (0: none)."""

    format: str  # mp4, m4a, mp3, pdf
    details: dict[str, Any]
    width: int = 0
    height: int = 0
