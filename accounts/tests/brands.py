"""Pictures as staff send them in, and clients with a look of their own."""

from io import BytesIO

from PIL import Image

from accounts import colours, logos
from accounts.models import ClientLogo


def picture(kind="PNG", size=(300, 100), colour=(20, 90, 160, 255), mode="RGBA", **options):
    """The bytes of a picture of one colour."""
    drawn = Image.new("RGBA", size, colour).convert(mode)
    written = BytesIO()
    drawn.save(written, kind, **options)
    return written.getvalue()


def logo_of(client, words=""):
    """A stored logo of a client, of a colour that depends on `words`."""
    shade = sum(words.encode()) % 200
    logos.put(client, logos.drawn(picture(colour=(shade, 90, 160, 255))))
    return ClientLogo.objects.get(client=client)


def coloured(client, colour):
    """The accents of a client that has now chosen this colour."""
    client.brand_colour = colour
    client.save(update_fields=["brand_colour"])
    return colours.accents(colour)
