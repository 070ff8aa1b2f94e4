"""Logos: what is sent in is looked at and drawn anew, so that nothing of the file itself is ever stored or served."""

from hashlib import sha256
from io import BytesIO
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps

from accounts.brands import MOST_LOGO_BYTES, ClientLogo
from accounts.errors import Refused

CONTENT_TYPE = "image/webp"
FORMATS = ("PNG", "JPEG", "WEBP")
BOX = (480, 160)
MOST_SENT_BYTES = 5 * 1024 * 1024
MOST_PIXELS = 25_000_000
# Without loss where that is small enough for a phone's first page; else ever more lightly.
SMALL = 24 * 1024
QUALITIES = (85, 60, 30)
SVG = _("SVG drawings can run scripts and are not taken; export the logo as a PNG.")
UNREADABLE = _("This is not a PNG, JPEG or WebP picture, or it is damaged.")
# All that Pillow raises for a file that is damaged or not what it says.
BROKEN = (
    *(OSError, SyntaxError, ValueError, EOFError, OverflowError, MemoryError),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)


class LogoRefused(Refused):
    """This file cannot be a logo."""


class Picture(NamedTuple):
    """A logo ready to be stored."""

    image: bytes
    digest: str
    width: int
    height: int


def drawn(data):
    """The Picture of a file's bytes, told by its content and not by its name; raises LogoRefused."""
    if len(data) > MOST_SENT_BYTES:
        raise LogoRefused(_("The file is larger than 5 MB."))
    picture = _fitted(_pixels(data))
    image = _encoded(picture)
    return Picture(image, sha256(image).hexdigest()[:20], *picture.size)


@transaction.atomic
def put(client, picture):
    """Store a Picture as the client's logo, in place of the one that it had."""
    ClientLogo.objects.update_or_create(client=client, defaults=picture._asdict())


def take_away(client):
    """Leave the client without a logo; its name stands in its place."""
    ClientLogo.objects.for_client(client).delete()


def _pixels(data):
    """The picture of a file, upright, in red, green, blue and opacity, and nothing else of it."""
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise LogoRefused(_("The picture has more than 25 million pixels."))
            return ImageOps.exif_transpose(image).convert("RGBA")
    except BROKEN as error:
        raise LogoRefused(SVG if b"<svg" in data[:1000].lower() else UNREADABLE) from error


def _fitted(picture):
    """What of a picture is not clear, no larger than BOX, on a new sheet that knows nothing of the file."""
    seen = picture.getchannel("A").getbbox()
    if seen is None:
        raise LogoRefused(_("There is nothing to be seen in this picture."))
    fitted = picture.crop(seen)
    fitted.thumbnail(BOX)
    return Image.frombytes("RGBA", fitted.size, fitted.tobytes())


def _encoded(picture):
    whole = _webp(picture, lossless=True)
    if len(whole) <= SMALL:
        return whole
    tries = (_webp(picture, quality=quality) for quality in QUALITIES)
    found = next((image for image in tries if len(image) <= MOST_LOGO_BYTES), None)
    if found is None:
        raise LogoRefused(_("The picture is too intricate for a logo."))
    return min(whole, found, key=len)


def _webp(picture, **options):
    written = BytesIO()
    picture.save(written, "WEBP", method=4, **options)
    return written.getvalue()
