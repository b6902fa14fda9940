"""What an asset may be and say, and the refusals of one that may not. Pure."""

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from campaigns.lib.refusals import Refusal

MOST_TAGS, TAG_LENGTH, TEXT_LENGTH, FOLDER_DEPTH = 12, 20, 4000, 4


class RightsAreBackward(Refusal):
    code = "content.asset.rights_are_backward"
    status = 422
    zh = "版权的结束时间必须晚于开始时间。"
    en = "The rights must end after they begin."


class TooManyTags(Refusal):
    """Values: `most`, `longest`."""

    code = "content.asset.too_many_tags"
    status = 422
    zh = "标签最多 {most} 个，每个不超过 {longest} 个字。"
    en = "At most {most} tags, of {longest} characters each."


class TextIsMissing(Refusal):
    """Values: `most`."""

    code = "content.asset.text_is_missing"
    status = 422
    zh = "请填写话术内容，不超过 {most} 字。"
    en = "Give the snippet its words, {most} characters at most."


class AddressIsUnsafe(Refusal):
    code = "content.asset.address_is_unsafe"
    status = 422
    zh = "链接必须以 https:// 开头，不带用户名、空格或控制字符。"
    en = "A link begins with https:// and has no user name, blanks or control characters."


class CardIsIncomplete(Refusal):
    code = "content.asset.card_is_incomplete"
    status = 422
    zh = "请填写小程序 AppID（wx 开头的 18 位）和页面路径。"
    en = "Give the mini-program's AppID (18 characters that begin with wx) and the page's path."


class FocalPointIsOutside(Refusal):
    code = "content.asset.focal_point_is_outside"
    status = 422
    zh = "焦点必须在图片之内。"
    en = "The focal point lies outside the picture."


class NoFocalPoint(Refusal):
    code = "content.asset.no_focal_point"
    status = 422
    zh = "只有图片可以设置焦点。"
    en = "Only a picture has a focal point."


class OtherKind(Refusal):
    """Values: `kind`, what the asset is."""

    code = "content.asset.other_kind"
    status = 422
    zh = "新版本必须仍是{kind}。其他类型请作为新素材上传。"
    en = "A new version is a {kind} again: upload anything else as an asset of its own."


class SameAsNow(Refusal):
    code = "content.asset.same_as_now"
    status = 409
    zh = "内容与当前版本相同，无需更新。"
    en = "This is what the asset is already."


class CoverIsNoPicture(Refusal):
    code = "content.asset.cover_is_no_picture"
    status = 422
    zh = "封面必须是素材库中的图片。"
    en = "A cover is a picture of the library."


class AssetIsInUse(Refusal):
    """Values: `where`, titles of what shows it; empty when they lie outside the reader's branches."""

    code = "content.asset.is_in_use"
    status = 409
    zh = "素材正在使用，不能移除：{where}。请先在这些内容中换掉它。"
    en = "The asset is in use and stays: {where}. Take it out of these first."


class AssetIsGone(Refusal):
    code = "content.asset.is_gone"
    status = 409
    zh = "素材已从素材库移除，不能使用。请先恢复它，或换一个。"
    en = "The asset was removed from the library: restore it first, or choose another."


class FolderIsThere(Refusal):
    """Values: `name`."""

    code = "content.folder.is_there"
    status = 409
    zh = "这里已有文件夹“{name}”。"
    en = "There is a folder “{name}” here already."


class FolderIsNotEmpty(Refusal):
    """Values: `name`."""

    code = "content.folder.is_not_empty"
    status = 409
    zh = "文件夹“{name}”里还有素材或文件夹，请先移走。"
    en = "The folder “{name}” is not empty: move what lies in it first."


class FolderIsTooDeep(Refusal):
    """Values: `most`."""

    code = "content.folder.is_too_deep"
    status = 422
    zh = "文件夹最多 {most} 层。"
    en = "Folders lie {most} deep at most."


class FolderIsElsewhere(Refusal):
    code = "content.folder.is_elsewhere"
    status = 422
    zh = "文件夹和素材必须属于同一机构。"
    en = "A folder and what lies in it belong to the same branch."


def check_rights(*, rights_from: datetime, rights_until: datetime) -> None:
    """Raise RightsAreBackward unless the rights (exclusive end) are forward."""
    if rights_until <= rights_from:
        raise RightsAreBackward


def clean_tags(*, tags: Sequence[str]) -> list[str]:
    """Tags without blanks and doubles, in the order given. Raises TooManyTags."""
    kept = list(dict.fromkeys(word for tag in tags if (word := " ".join(tag.split()))))
    if len(kept) > MOST_TAGS or any(len(tag) > TAG_LENGTH for tag in kept):
        raise TooManyTags(most=MOST_TAGS, longest=TAG_LENGTH)
    return kept


def clean_text(*, text: str) -> str:
    """A snippet's words, paragraphs kept. Raises TextIsMissing for none and for too many."""
    text = "\n".join(line.rstrip() for line in text.replace("\x00", "").splitlines()).strip()
    if not text or len(text) > TEXT_LENGTH:
        raise TextIsMissing(most=TEXT_LENGTH)
    return text


_LINK = re.compile(r"https://[^\s/?#@\\\x00-\x20\x7f]+(?:[/?#][^\s\\\x00-\x20\x7f]*)?", re.ASCII)
_APP = re.compile(r"wx[0-9a-z]{16}", re.ASCII)
_PATH = re.compile(r"/?[A-Za-z0-9_\-]+(?:/[A-Za-z0-9_\-.]+)*(?:\?[A-Za-z0-9_\-.~%=&]*)?", re.ASCII)


def clean_link(*, url: str) -> dict[str, Any]:
    """What is kept of a link. Raises AddressIsUnsafe: `javascript:` is no link, and neither is a plain http one."""
    url = url.strip()
    if len(url) > 500 or not _LINK.fullmatch(url):
        raise AddressIsUnsafe
    return {"url": url}


def clean_card(*, app_id: str, path: str) -> dict[str, Any]:
    """What is kept of a mini-program card. Raises CardIsIncomplete."""
    app_id, path = app_id.strip(), path.strip()
    if not _APP.fullmatch(app_id) or len(path) > 200 or not _PATH.fullmatch(path):
        raise CardIsIncomplete
    return {"app_id": app_id, "path": path}


def hash_of_values(*, kind: str, text: str, details: dict[str, Any]) -> str:
    """The hash that names what a text, link or card says: 64 hexadecimal digits."""
    said = orjson.dumps({"kind": kind, "text": text, **details}, option=orjson.OPT_SORT_KEYS)
    return sha256(said).hexdigest()


def search_words(*, tags: Sequence[str], text: str, details: dict[str, Any], note: str) -> str:
    """What search finds an asset by beside its name and description."""
    told = [*tags, note, str(details.get("url", "")), str(details.get("path", "")), " ".join(text.split())]
    return " ".join(word for word in told if word)[:1000]


def differing_bits(one: int, other: int) -> int:
    """How many of their 64 bits differ; up to 6 for pictures that look alike."""
    return ((one ^ other) & (2**64 - 1)).bit_count()
