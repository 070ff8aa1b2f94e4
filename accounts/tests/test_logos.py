"""Logos are told by their content, drawn anew, small, and the only thing that is kept of a file."""

from io import BytesIO

import pytest
from django.db import IntegrityError, transaction
from PIL import Image, PngImagePlugin

from accounts import logos
from accounts.logos import LogoRefused, drawn
from accounts.models import ClientLogo
from accounts.tests.brands import picture
from accounts.tests.factories import ClientFactory


def opened(found):
    image = Image.open(BytesIO(found.image))
    image.load()
    return image


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "L"), ("PNG", "1"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("WEBP", "RGBA")],
)
def test_a_picture_becomes_a_small_webp(kind, mode):
    found = drawn(picture(kind, (300, 100), mode=mode))
    assert opened(found).format == "WEBP"
    assert (found.width, found.height) == opened(found).size == (300, 100)
    assert len(found.image) <= 100 * 1024


@pytest.mark.parametrize(
    ("size", "fitted"),
    [
        ((480, 160), (480, 160)),
        ((960, 320), (480, 160)),
        ((2000, 500), (480, 120)),
        ((900, 900), (160, 160)),
        ((1, 1), (1, 1)),
    ],
)
def test_a_logo_fits_its_box_and_is_never_blown_up(size, fitted):
    found = drawn(picture(size=size))
    assert (found.width, found.height) == fitted


def test_clear_margins_are_cut_off():
    sheet = Image.new("RGBA", (400, 400))
    sheet.paste((255, 0, 0, 255), (100, 150, 300, 200))
    written = BytesIO()
    sheet.save(written, "PNG")
    found = drawn(written.getvalue())
    assert (found.width, found.height) == (200, 50)


def test_a_noisy_picture_is_made_small_too():
    noise = Image.effect_noise((960, 320), 120).convert("RGB")
    written = BytesIO()
    noise.save(written, "PNG")
    assert len(drawn(written.getvalue()).image) <= 100 * 1024


def test_nothing_else_of_the_file_is_kept():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "written by somebody")
    exif = Image.Exif()
    exif[0x010E] = "taken at somewhere"
    for data in (
        picture(pnginfo=notes),
        picture("JPEG", mode="RGB", exif=exif),
        picture() + b"<script>alert(1)</script>",
    ):
        found = drawn(data)
        assert not {b"somebody", b"somewhere", b"script", b"EXIF", b"ICCP", b"XMP "} & {
            word for word in (b"somebody", b"somewhere", b"script", b"EXIF", b"ICCP", b"XMP ") if word in found.image
        }


def test_a_picture_taken_sideways_is_turned():
    exif = Image.Exif()
    exif[0x0112] = 6
    found = drawn(picture("JPEG", (100, 60), mode="RGB", exif=exif))
    assert (found.width, found.height) == (60, 100)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        b"GIF89a" + b"\0" * 50,
        picture("GIF", mode="P"),
        picture("BMP", mode="RGB"),
        picture()[:60],
        b"%PDF-1.7",
    ],
    ids=["empty", "words", "broken GIF", "GIF", "BMP", "torn PNG", "PDF"],
)
def test_what_is_no_picture_of_the_three_kinds_is_refused(data):
    with pytest.raises(LogoRefused, match="not a PNG, JPEG or WebP"):
        drawn(data)


def test_a_drawing_that_can_run_scripts_is_refused_by_name():
    with pytest.raises(LogoRefused, match="SVG drawings can run scripts"):
        drawn(b'<?xml version="1.0"?><SVG xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></SVG>')


def test_a_picture_with_nothing_in_it_is_refused():
    with pytest.raises(LogoRefused, match="nothing to be seen"):
        drawn(picture(colour=(255, 0, 0, 0)))


def test_a_small_file_of_a_huge_picture_is_refused():
    with pytest.raises(LogoRefused, match="25 million"):
        drawn(picture(size=(5001, 5000), mode="1"))
    with pytest.raises(LogoRefused):
        drawn(picture(size=(20000, 10000), mode="1"))


def test_a_file_of_more_than_five_megabytes_is_not_looked_at():
    with pytest.raises(LogoRefused, match="5 MB"):
        drawn(picture() + b"\0" * 5 * 1024 * 1024)


def test_the_same_picture_has_the_same_digest_and_another_another():
    assert drawn(picture()) == drawn(picture())
    assert drawn(picture()).digest != drawn(picture(colour=(1, 2, 3, 255))).digest


@pytest.mark.django_db
def test_a_client_has_one_logo_and_may_have_none():
    client = ClientFactory()
    logos.put(client, drawn(picture()))
    logos.put(client, drawn(picture(size=(10, 10))))
    assert ClientLogo.objects.get(client=client).width == 10
    logos.take_away(client)
    assert not ClientLogo.objects.exists()


@pytest.mark.django_db
def test_the_database_takes_no_larger_picture():
    row = {"digest": "x", "width": 1, "height": 1}
    ClientLogo.objects.create(client=ClientFactory(), image=b"x" * 102400, **row)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClientLogo.objects.create(client=ClientFactory(), image=b"x" * 102401, **row)
