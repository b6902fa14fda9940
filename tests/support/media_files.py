"""Films, sounds and PDFs, made when a test asks for them: good ones, and the hostile ones of three families."""

import io
import random
import struct
import zlib
from collections.abc import Callable, Sequence

import pikepdf

Verdict = (
    str | None
)  # the code of the refusal it must meet, or None when it comes through without its foreign part
SECRET = b"+30.2672+120.1531/"  # where it was filmed
FOREIGN = b"<script>alert(document.domain)</script>"
DAMAGED, TOO_MUCH = "content.file.damaged", "content.file.takes_too_much"
RUNS, LOCKED, CODEC = "content.file.may_not_run", "content.file.locked", "content.file.codec_not_played"
FRAGMENTS, TOO_LONG = "content.file.in_fragments", "content.file.lasts_too_long"


# --- MP4 ------------------------------------------------------------------------------------------------------


def box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I4s", len(body) + 8, kind) + body


def full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    return box(kind, struct.pack(">I", flags), *parts)


def _header(seconds: float) -> bytes:
    """mvhd."""
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    return full(
        b"mvhd",
        struct.pack(">IIII", 0, 0, 1000, int(seconds * 1000)),
        struct.pack(">IH10x", 0x10000, 0x100),
        matrix,
        b"\0" * 24,
        struct.pack(">I", 9),
    )


def track(
    samples: Sequence[bytes],
    first: int,
    *,
    number: int = 1,
    handler: bytes = b"vide",
    codec: bytes = b"avc1",
    seconds: float = 2.0,
    size: tuple[int, int] = (640, 360),
    offsets: Sequence[int] | None = None,
    sizes: Sequence[int] | None = None,
    more: bytes = b"",
) -> bytes:
    """A trak whose samples lie one to a chunk from `first` on."""
    starts, at = [], first
    for sample in samples:
        starts.append(at)
        at += len(sample)
    starts = list(offsets) if offsets is not None else starts
    lengths = list(sizes) if sizes is not None else [len(sample) for sample in samples]
    matrix = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    is_picture = handler == b"vide"
    tkhd = full(
        b"tkhd",
        struct.pack(">IIIII", 0, 0, number, 0, int(seconds * 1000)),
        b"\0" * 16,
        matrix,
        struct.pack(">II", size[0] << 16 if is_picture else 0, size[1] << 16 if is_picture else 0),
        flags=3,
    )
    mdhd = full(b"mdhd", struct.pack(">IIIIHH", 0, 0, 1000, int(seconds * 1000), 0x55C4, 0))
    hdlr = full(b"hdlr", b"\0" * 4, handler, b"\0" * 12, b"iPhone of Wang\0")
    if is_picture:
        entry = box(
            codec,
            b"\0" * 6,
            struct.pack(">H16xHHIIIH32xHh", 1, *size, 0x480000, 0x480000, 0, 1, 24, -1),
            box(b"avcC", b"\1d\0\x1f"),
        )
        head = full(b"vmhd", b"\0" * 8, flags=1)
    else:
        entry = box(
            codec, b"\0" * 6, struct.pack(">H8xHHHHI", 1, 2, 16, 0, 0, 48_000 << 16), full(b"esds", b"\3\0")
        )
        head = full(b"smhd", b"\0" * 4)
    stbl = box(
        b"stbl",
        full(b"stsd", struct.pack(">I", 1), entry),
        full(b"stts", struct.pack(">III", 1, len(lengths), 40)),
        full(b"stsc", struct.pack(">IIII", 1, 1, 1, 1)),
        full(b"stsz", struct.pack(">II", 0, len(lengths)), *(struct.pack(">I", n) for n in lengths)),
        full(b"stco", struct.pack(">I", len(starts)), *(struct.pack(">I", n) for n in starts)),
    )
    dinf = box(b"dinf", full(b"dref", struct.pack(">I", 1), full(b"url ", flags=1)))
    minf = box(b"minf", head, dinf, stbl)
    return box(b"trak", tkhd, box(b"mdia", mdhd, hdlr, minf), more)


FTYP = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2avc1mp41")
PICTURES = [random.Random(5).randbytes(900) for _ in range(8)]
SOUNDS = [random.Random(6).randbytes(120) for _ in range(8)]


def film(
    *,
    sound: bool = True,
    telemetry: bool = True,
    before: bytes = b"",
    inside: bytes = b"",
    behind: bytes = b"",
    index: Callable[[bytes], bytes] = lambda moov: moov,
    **more: object,
) -> bytes:
    """A film of two seconds as a phone writes it: samples first, the place in its tags, a track of telemetry."""
    telling = [SECRET * 4] * 2
    mdat = b"".join([*PICTURES, *SOUNDS, *(telling if telemetry else []), inside])
    first = len(FTYP) + len(before) + 8
    tracks = [track(PICTURES, first, **more)]  # type: ignore[arg-type]
    if sound:
        tracks.append(track(SOUNDS, first + 7200, number=2, handler=b"soun", codec=b"mp4a"))
    if telemetry:
        tracks.append(track(telling, first + 8160, number=3, handler=b"meta", codec=b"mebx"))
    udta = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(SECRET), 0x15C7), SECRET))
    moov = box(b"moov", _header(2.0), *tracks, udta, box(b"meta", FOREIGN))
    return FTYP + before + box(b"mdat", mdat) + index(moov) + behind


def song(**more: object) -> bytes:
    """The same without pictures: an M4A."""
    mdat = b"".join(SOUNDS)
    moov = box(
        b"moov",
        _header(2.0),
        track(SOUNDS, len(FTYP) + 8, handler=b"soun", codec=b"mp4a", **more),  # type: ignore[arg-type]
    )
    return FTYP + box(b"mdat", mdat) + moov


def _swapped(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda moov: moov.replace(old, new, 1)


def _bloated(count: int) -> bytes:
    """A table that says it has `count` samples."""
    return struct.pack(">III", 0, 0, count)


def hostile_films() -> dict[str, tuple[bytes, Verdict]]:
    good = film()
    at = good.index(b"moov") - 4
    cut = {f"film cut at {n} of 24": (good[: len(good) * n // 24], DAMAGED) for n in range(1, 24)}
    stsz = full(b"stsz", struct.pack(">II", 0, 8))[8:]
    found: dict[str, tuple[bytes, Verdict]] = {
        "film with a place": (good, None),
        "film with html inside": (film(inside=FOREIGN), None),
        "film with html in a free box": (film(before=box(b"free", FOREIGN)), None),
        "film with a zip behind": (film(behind=box(b"skip", b"PK\3\4" + FOREIGN)), None),
        "film with html behind": (film(behind=b"\n" + FOREIGN), DAMAGED),
        "film with a second film behind": (good + good, DAMAGED),
        "film without an index": (good[:at], DAMAGED),
        "film of an index alone": (FTYP + good[at:], DAMAGED),
        "film with two indexes": (good + good[at:], DAMAGED),
        "film whose index is 4 GB": (good[:at] + struct.pack(">I", 0xFFFFFFFF) + good[at + 4 :], DAMAGED),
        "film whose index is 7 bytes": (good[:at] + struct.pack(">I", 7) + good[at + 4 :], DAMAGED),
        "film whose box is 16 EB": (FTYP + struct.pack(">I4sQ", 1, b"mdat", 2**63), DAMAGED),
        "film whose box is of no letters": (
            FTYP + struct.pack(">I4s", 8, b"\0\1\2\3") + good[len(FTYP) :],
            DAMAGED,
        ),
        "film of a million boxes": (FTYP + box(b"free") * 1_000_000, DAMAGED),
        "film with an index of a million boxes": (
            FTYP + box(b"mdat", b"x") + box(b"moov", box(b"free") * 1_000_000),
            DAMAGED,
        ),
        "film of boxes within boxes": (
            film(index=lambda moov: box(b"moov", _header(2), _nested(b"trak", 5000))),
            DAMAGED,
        ),
        "film of 500 tracks": (
            film(index=lambda moov: box(b"moov", _header(2), *[track(PICTURES, 40, size=(64, 64))] * 500)),
            DAMAGED,
        ),
        "film of 4 billion samples": (film(index=_swapped(stsz, stsz[:8] + b"\xff\xff\xff\xff")), DAMAGED),
        "film of samples of 4 GB": (film(sizes=[0xFFFFFFF0] * 8), DAMAGED),
        "film of samples of no size": (
            film(index=_swapped(b"stsz" + stsz, b"stsz" + _bloated(0xFFFFFF))),
            DAMAGED,
        ),
        "film that shows one sample a thousand times": (
            film(offsets=[44] * 8, sizes=[900] * 8),
            DAMAGED,
        ),
        "film that reads before its samples": (film(offsets=[0] * 8), DAMAGED),
        "film that reads behind its end": (film(offsets=[0xFFFFFF00] * 8), DAMAGED),
        "film that reads its own index": (film(offsets=[len(good) - 900] * 8), DAMAGED),
        "film of no pixels": (film(size=(0, 0)), DAMAGED),
        "film of 60,000 pixels a side": (film(size=(60_000, 60_000)), DAMAGED),
        "film of a year": (film(seconds=31_000_000.0 / 8), TOO_LONG),
        "film without a clock": (
            film(index=lambda m: m.replace(struct.pack(">III", 0, 0, 1000), b"\0" * 12)),
            DAMAGED,
        ),
        "film in fragments": (
            film(index=lambda moov: box(b"moov", _header(2), box(b"mvex", b""))),
            FRAGMENTS,
        ),
        "film with a fragment behind": (film(behind=box(b"moof", b"")), FRAGMENTS),
        "film with a packed index": (film(index=lambda moov: box(b"moov", box(b"cmov", b"x" * 40))), DAMAGED),
        "film of an unknown codec": (film(codec=b"av01"), CODEC),
        "film of a codec of no letters": (film(codec=b"\0<>\xff"), CODEC),
        "film that is locked": (film(codec=b"encv"), LOCKED),
        "film of html": (FTYP + FOREIGN, DAMAGED),
        "film of nothing": (FTYP, DAMAGED),
        "film whose name comes second": (box(b"free") + good, None),
    }
    # Not even begun as a film: it is held for a picture, and is none.
    found["film whose name comes second"] = (box(b"free") + good, "content.picture.not_a_picture")
    for nth, what in enumerate(
        (b"mvhd", b"tkhd", b"mdia", b"mdhd", b"hdlr", b"minf", b"stbl", b"stsd", b"stsc", b"stco")
    ):
        found[f"film without {what.decode()}"] = (film(index=_swapped(what, b"free")), DAMAGED)
        noise = random.Random(nth).randbytes(60)
        start = good.index(what, at) + 4
        found[f"film with noise in {what.decode()}"] = (good[:start] + noise + good[start + 60 :], DAMAGED)
    # Noise in a header's free fields does no harm; then nothing but a film comes through.
    for name in ("hdlr", "mdia", "minf", "stbl", "tkhd", "mvhd", "mdhd", "stsd"):
        found[f"film with noise in {name}"] = (found[f"film with noise in {name}"][0], "any")
    return cut | found


def _nested(kind: bytes, depth: int) -> bytes:
    body = b""
    for _ in range(depth):
        body = box(kind, body)
    return body


# --- MP3 ------------------------------------------------------------------------------------------------------

FRAME = b"\xff\xfb\x90\x44" + random.Random(3).randbytes(413).replace(b"\xff", b"\0")
ID3 = b"ID3\4\0\0" + bytes([0, 0, 1, 0]) + b"GEOB" + FOREIGN.ljust(124, b"\0")


def tune(frames: int = 40) -> bytes:
    """A sound of a second as a phone writes it, with a tag before and one behind."""
    return ID3 + FRAME * frames + b"TAG" + FOREIGN.ljust(125, b"\0")


def hostile_tunes() -> dict[str, tuple[bytes, Verdict]]:
    return {
        "sound with tags": (tune(), None),
        "sound with html between": (ID3 + FRAME * 10 + FOREIGN + FRAME * 10, None),
        "sound with a program between": (FRAME * 10 + b"MZ" + b"\x90" * 9000 + FRAME * 10, DAMAGED),
        "sound with html behind": (FRAME * 10 + FOREIGN * 200, DAMAGED),
        "sound of a tag alone": (ID3, DAMAGED),
        "sound of one frame": (FRAME, DAMAGED),
        "sound of seven frames": (FRAME * 7, DAMAGED),
        "sound whose tag is 256 MB": (b"ID3\4\0\0\x7f\x7f\x7f\x7f" + FRAME * 40, DAMAGED),
        "sound whose tag has no length": (b"ID3\4\0\0\xff\xff\xff\xff" + FRAME * 40, DAMAGED),
        "sound of html": (b"ID3" + FOREIGN * 40, DAMAGED),
        "sound of headers alone": (b"\xff\xfb\x90\x44" * 4000, "any"),
        "sound of noise": (FRAME[:4] + random.Random(9).randbytes(60_000), DAMAGED),
        "sound of three hours": ((b"\xff\xf3\x10\xc4" + b"\0" * 22) * 600_000, TOO_LONG),
        **{f"sound cut at {n} of 6": (tune()[: len(ID3) * n // 6], DAMAGED) for n in range(1, 7)},
    }


# --- PDF ------------------------------------------------------------------------------------------------------


def _saved(pdf: pikepdf.Pdf, **more: object) -> bytes:
    out = io.BytesIO()
    pdf.save(out, **more)  # type: ignore[arg-type]
    return out.getvalue()


def leaflet(pages: int = 1) -> pikepdf.Pdf:
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page()
    pdf.docinfo["/Author"] = "Wang"
    return pdf


def _acting(**entries: object) -> bytes:
    pdf = leaflet()
    for name, value in entries.items():
        pdf.Root[f"/{name}"] = pdf.make_indirect(value)  # type: ignore[arg-type]
    return _saved(pdf)


def _noted(kind: str, **entries: object) -> bytes:
    """A page with an annotation that does something."""
    pdf = leaflet()
    action = pikepdf.Dictionary(S=pikepdf.Name(f"/{kind}"), **entries)  # type: ignore[arg-type]
    note = pikepdf.Dictionary(Type=pikepdf.Name.Annot, Subtype=pikepdf.Name.Link, Rect=[0, 0, 9, 9], A=action)
    pdf.pages[0].obj["/Annots"] = pikepdf.Array([pdf.make_indirect(note)])
    return _saved(pdf)


def raw_pdf(*objects: bytes, root: int = 1) -> bytes:
    """Objects written by hand, with a table that fits."""
    parts, places, start = [b"%PDF-1.7\n"], [], 9
    for nth, body in enumerate(objects, start=1):
        places.append(start)
        parts.append(b"%d 0 obj\n" % nth + body + b"\nendobj\n")
        start += len(parts[-1])
    out = b"".join(parts) + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1,
        root,
        start,
    )


CATALOG, PAGES = b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[3 0 R]/Count 1>>"
PAGE = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>"


def hostile_pdfs() -> dict[str, tuple[bytes, Verdict]]:
    good = _saved(leaflet())

    def script() -> pikepdf.Dictionary:
        # Each its own: an object belongs to the file that it was first written into.
        return pikepdf.Dictionary(S=pikepdf.Name.JavaScript, JS=FOREIGN.decode())

    named = pikepdf.Dictionary(Names=pikepdf.Array(["x", script()]))
    odd = raw_pdf(
        b"<</Type/Catalog/Pages 2 0 R/OpenAction<</S/Java#53cript/J#53(app.alert(1))>>>>", PAGES, PAGE
    )
    bomb = zlib.compress(b"\0" * 300_000_000, 1)
    packed = (
        b"<</Type/ObjStm/N 1/First 4/Filter/FlateDecode/Length %d>>stream\n" % len(bomb)
        + bomb
        + b"\nendstream"
    )
    return {
        "pdf": (good, None),
        "pdf with html before": (FOREIGN + b"\n" + good, "any"),
        "pdf with a zip behind": (good + b"\nPK\3\4" + FOREIGN * 50, "any"),
        "pdf with a script": (_acting(OpenAction=script()), RUNS),
        "pdf with a script under an odd name": (odd, RUNS),
        "pdf with a named script": (_acting(Names=pikepdf.Dictionary(JavaScript=named)), RUNS),
        "pdf with a script on closing": (_acting(AA=pikepdf.Dictionary(WC=script())), RUNS),
        "pdf with a script in a packed object": (
            _saved(_with(script()), object_stream_mode=pikepdf.ObjectStreamMode.generate),
            RUNS,
        ),
        "pdf that starts a program": (_noted("Launch", F="cmd.exe"), RUNS),
        "pdf that sends a form": (_noted("SubmitForm", F="https://evil"), RUNS),
        "pdf that imports": (_noted("ImportData", F="x"), RUNS),
        "pdf that opens another": (_noted("GoToR", F="x.pdf"), RUNS),
        "pdf that opens one within": (_noted("GoToE", F="x.pdf"), RUNS),
        "pdf with a link of script": (_noted("URI", URI="javascript:alert(1)"), RUNS),
        "pdf with a link to a file": (_noted("URI", URI="file:///etc/passwd"), RUNS),
        "pdf with a link to data": (_noted("URI", URI="data:text/html,x"), RUNS),
        "pdf with an honest link": (_noted("URI", URI="https://bank.example/x"), None),
        "pdf with a film": (_noted("Movie"), RUNS),
        "pdf with a sound": (_noted("Sound"), RUNS),
        "pdf with a rendition": (_noted("Rendition", JS="x"), RUNS),
        "pdf with a file inside": (
            _acting(Names=pikepdf.Dictionary(EmbeddedFiles=pikepdf.Dictionary())),
            RUNS,
        ),
        "pdf with a form of xfa": (_acting(AcroForm=pikepdf.Dictionary(XFA="x")), RUNS),
        "pdf with a model": (_acting(X=pikepdf.Dictionary(Subtype=pikepdf.Name("/3D"))), RUNS),
        "pdf with rich media": (_acting(X=pikepdf.Dictionary(RichMediaContent=pikepdf.Dictionary())), RUNS),
        "pdf under a password": (
            _saved(leaflet(), encryption=pikepdf.Encryption(owner="a", user="b")),
            LOCKED,
        ),
        "pdf under an owner's password": (
            _saved(leaflet(), encryption=pikepdf.Encryption(owner="a", user="")),
            LOCKED,
        ),
        "pdf of no pages": (_saved(pikepdf.new()), DAMAGED),
        "pdf of 501 pages": (_saved(leaflet(501)), "content.file.too_many_pages"),
        "pdf of pages within pages": (
            raw_pdf(CATALOG, b"<</Type/Pages/Kids[2 0 R]/Count 1>>", PAGE),
            DAMAGED,
        ),
        "pdf of a billion pages": (
            raw_pdf(CATALOG, b"<</Type/Pages/Kids[3 0 R]/Count 999999999>>", PAGE),
            "any",
        ),
        "pdf of deep arrays": (
            raw_pdf(CATALOG, PAGES, PAGE[:-2] + b"/X" + b"[" * 90_000 + b"]" * 90_000 + b">>"),
            DAMAGED,
        ),
        "pdf of deep dictionaries": (
            raw_pdf(CATALOG, PAGES, PAGE[:-2] + b"/X" + b"<</X" * 3000 + b" 1" + b">>" * 3000 + b">>"),
            DAMAGED,
        ),
        "pdf of a packed bomb": (raw_pdf(CATALOG, PAGES, PAGE, packed), "any"),
        "pdf of 300,000 objects": (raw_pdf(CATALOG, PAGES, PAGE, *[b"[]"] * 300_000), TOO_MUCH),
        "pdf of a mark alone": (b"%PDF-1.7", DAMAGED),
        "pdf of html": (b"%PDF-1.7\n" + FOREIGN * 20, DAMAGED),
        "pdf without a table": (good[: good.rindex(b"startxref")], DAMAGED),
        "pdf whose table points nowhere": (good.replace(b"startxref\n", b"startxref\n9"), DAMAGED),
        "pdf whose table is itself": (raw_pdf(CATALOG, PAGES, PAGE, root=9), DAMAGED),
        **{f"pdf cut at {n} of 8": (good[: len(good) * n // 8], DAMAGED) for n in range(1, 8)},
    }


def _with(script: pikepdf.Dictionary) -> pikepdf.Pdf:
    pdf = leaflet()
    pdf.Root["/OpenAction"] = pdf.make_indirect(script)
    return pdf


def hostile_media() -> dict[str, tuple[bytes, Verdict]]:
    """All three families by name."""
    return hostile_films() | hostile_tunes() | hostile_pdfs()
