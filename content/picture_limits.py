"""What a picture may cost, and the refusals of one that would cost more or is none."""

from dataclasses import dataclass

from campaigns.lib.refusals import Refusal


class EmptyPicture(Refusal):
    code = "content.picture.empty"
    status = 422
    zh = "文件是空的，请重新选择图片。"
    en = "The file is empty: choose the picture again."


class PictureTooLarge(Refusal):
    """Values: `limit_mb`."""

    code = "content.picture.too_large"
    status = 413
    zh = "图片文件超过 {limit_mb} MB，请压缩后再上传。"
    en = "The picture file is larger than {limit_mb} MB: compress it and upload it again."


class TooManyPixels(Refusal):
    """Values: `width`, `height`, `limit` (pixels), `limit_wan` (the same in units of 10,000), `limit_mp`."""

    code = "content.picture.too_many_pixels"
    status = 422
    zh = "图片尺寸为 {width}×{height}，超过 {limit_wan} 万像素的上限，请缩小后再上传。"
    en = "The picture is {width}×{height}, above the limit of {limit_mp} megapixels: reduce it and upload it again."


class PictureTooLong(Refusal):
    """Values: `width`, `height`, `limit` (pixels a side)."""

    code = "content.picture.too_long"
    status = 422
    zh = "图片尺寸为 {width}×{height}，单边超过 {limit} 像素，请把长图切成几段上传。"
    en = "The picture is {width}×{height}, with a side above {limit} pixels: cut it into parts and upload those."


class ImplausiblePicture(Refusal):
    """A small file that unfolds to a huge even surface. Values: `width`, `height`."""

    code = "content.picture.implausible"
    status = 422
    zh = "图片文件很小，却声称有 {width}×{height} 像素，不像正常图片。请重新导出后再上传。"
    en = "The file is tiny for the {width}×{height} pixels it claims: export the picture again and upload that."


class NotAPicture(Refusal):
    code = "content.picture.not_a_picture"
    status = 415
    zh = "文件不是图片。请上传 JPEG、PNG、WebP 或 GIF。"
    en = "The file is not a picture: upload JPEG, PNG, WebP or GIF."


class PictureKindNotAllowed(Refusal):
    """Values: `kind`, as people call it (SVG, PDF, HEIC ...)."""

    code = "content.picture.kind_not_allowed"
    status = 415
    zh = "不支持 {kind} 格式。请导出为 JPEG、PNG、WebP 或 GIF 再上传。"
    en = "{kind} files are not accepted: export the picture as JPEG, PNG, WebP or GIF."


class DamagedPicture(Refusal):
    code = "content.picture.damaged"
    status = 422
    zh = "图片文件已损坏或不完整，请重新导出后再上传。"
    en = "The picture file is damaged or incomplete: export it again and upload that."


@dataclass(frozen=True, slots=True)
class Limits:
    """What an upload may cost. Sizes in bytes and pixels.

    The pixel limits follow what each decoder holds at once, so that one upload stays below 256 MB of memory: a JPEG
    in one pass is decoded at a reduced scale, a progressive one keeps its coefficients as well, PNG and GIF are only
    decoded whole, WebP in three copies.
    """

    file_bytes: int = 20 * 1024 * 1024
    side: int = 16_000  # WebP ends at 16,383; long posters reach a few thousand
    jpeg_pixels: int = 50_000_000  # the most that phones write by default
    progressive_pixels: int = 25_000_000
    png_pixels: int = 16_000_000
    gif_pixels: int = 16_000_000
    webp_pixels: int = 12_500_000
    jpeg_kept: int = 16_000_000  # a larger JPEG is halved, or quartered, until it fits: no screen shows more
    # Above `even_pixels`, more pixels than this per byte of file are a bomb: flat RGB in PNG reaches 343.
    even_pixels: int = 4_000_000
    pixels_a_byte: int = 500

    def check(self, *, kind: str, width: int, height: int, progressive: bool, file_bytes: int) -> None:
        """Refuse by what the header claims, before a pixel is decoded."""
        if width < 1 or height < 1:
            raise DamagedPicture
        limit = {
            "jpeg": self.progressive_pixels if progressive else self.jpeg_pixels,
            "png": self.png_pixels,
            "gif": self.gif_pixels,
            "webp": self.webp_pixels,
        }[kind]
        if width * height > limit:
            raise TooManyPixels(
                width=width,
                height=height,
                limit=limit,
                limit_wan=limit // 10_000,
                limit_mp=limit // 1_000_000,
            )
        if max(width, height) > self.side:
            raise PictureTooLong(width=width, height=height, limit=self.side)
        if width * height > self.even_pixels and width * height > self.pixels_a_byte * file_bytes:
            raise ImplausiblePicture(width=width, height=height)
