"""A client's colour made fit to be read: pure functions.

Contrast is that of the Web Content Accessibility Guidelines 2.2, definitions of "relative luminance" and "contrast
ratio" (https://www.w3.org/TR/WCAG22/); text must reach 4.5 (success criterion 1.4.3).
"""

import colorsys
import re
from functools import lru_cache
from hashlib import sha256
from typing import NamedTuple

LEAST_CONTRAST = 4.5
HEX = re.compile(r"#[0-9a-f]{6}", re.IGNORECASE)
STEPS = 255


class Theme(NamedTuple):
    """The colours of the portal's stylesheet that an accent stands on, and how it becomes readable on them.

    `wash` is how much accent is mixed into the paper behind the current page's name and notices; `step` is the
    direction in lightness.
    """

    paper: str
    others: tuple[str, ...]
    wash: float
    step: int


LIGHT = Theme("#ffffff", ("#f6f7f9", "#fff6e0", "#fdeceb"), 0.10, -1)
DARK = Theme("#14171c", ("#0e1014", "#2b2412", "#341a18"), 0.12, +1)


class Accent(NamedTuple):
    """An accent of one theme: itself, the text on it, and the wash behind it."""

    colour: str
    on: str
    wash: str


class Accents(NamedTuple):
    """What a client's colour becomes in the two themes."""

    light: Accent
    dark: Accent

    @property
    def tokens(self):
        """The portal's tokens of the accent, as declarations."""
        return (
            f"--accent: light-dark({self.light.colour}, {self.dark.colour}); "
            f"--on-accent: light-dark({self.light.on}, {self.dark.on}); "
            f"--wash-accent: light-dark({self.light.wash}, {self.dark.wash});"
        )

    @property
    def css(self):
        """A stylesheet that puts them in place of the house's own, after `portal.css`."""
        return f"@layer tokens {{ :root {{ {self.tokens} }} }}\n"

    @property
    def digest(self):
        """What names this stylesheet in its address."""
        return sha256(self.css.encode()).hexdigest()[:20]


def is_colour(text):
    """Whether this is a colour as it is stored: `#rrggbb`."""
    return HEX.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def accents(colour):
    """The Accents of a colour `#rrggbb`, or None where it is none: the house's own stand then.

    Hue and saturation stay; lightness moves only as far as text needs, on every ground that the stylesheet has.
    """
    return Accents(_accent(colour, LIGHT), _accent(colour, DARK)) if is_colour(colour) else None


def contrast(one, other):
    """The contrast ratio of two colours, 1 to 21."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour):
    """The relative luminance of a colour, 0 for black to 1 for white."""
    red, green, blue = (_linear(part / 255) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part):
    return part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4


def _accent(colour, theme):
    readable = next(shade for shade in _shades(colour.lower(), theme.step) if _is_readable(shade, theme))
    # Text on the accent has the contrast that the accent has on paper.
    return Accent(readable, theme.paper, _mixed(readable, theme))


def _shades(colour, step):
    """The colour itself, then ever darker or lighter ones of its hue and saturation, to black or white."""
    yield colour
    hue, lightness, saturation = colorsys.rgb_to_hls(*(part / 255 for part in _parts(colour)))
    for moved in range(1, STEPS + 1):
        shade = min(1, max(0, lightness + step * moved / STEPS))
        yield _hex(part * 255 for part in colorsys.hls_to_rgb(hue, shade, saturation))


def _is_readable(shade, theme):
    grounds = (theme.paper, *theme.others, _mixed(shade, theme))
    return all(contrast(shade, ground) >= LEAST_CONTRAST for ground in grounds)


def _mixed(colour, theme):
    pairs = zip(_parts(colour), _parts(theme.paper), strict=True)
    return _hex(theme.wash * part + (1 - theme.wash) * paper for part, paper in pairs)


def _parts(colour):
    return [int(colour[place : place + 2], 16) for place in (1, 3, 5)]


def _hex(parts):
    return "#" + "".join(f"{round(part):02x}" for part in parts)
