"""Any colour becomes an accent that can be read in both themes; contrast as the WCAG 2.2 define it."""

import colorsys
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from accounts import colours
from accounts.colours import DARK, LIGHT, accents, contrast

STYLESHEET = Path(__file__).parents[2] / "portal/static/portal/portal.css"
ANY_COLOUR = st.integers(0, 0xFFFFFF).map("#{:06x}".format)
# What the wash of an accent carries besides the accent itself.
INK = {"light": ("#1a1d23", "#59606d"), "dark": ("#e8eaee", "#a2a9b6")}


def tokens():
    """`{name: (light, dark)}` of the portal's stylesheet."""
    found = re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", STYLESHEET.read_text())
    return {name: (light, dark) for name, light, dark in found}


@pytest.mark.parametrize(
    ("one", "other", "ratio"),
    [("#000000", "#ffffff", 21), ("#777777", "#ffffff", 4.48), ("#767676", "#ffffff", 4.54), ("#123456", "#123456", 1)],
)
def test_contrast_is_that_of_the_guidelines(one, other, ratio):
    assert round(contrast(one, other), 2) == ratio
    assert contrast(other, one) == contrast(one, other)


def test_the_grounds_are_those_of_the_stylesheet():
    kept = tokens()
    names = ("ground", "wash-attention", "wash-late")
    for place, theme in enumerate((LIGHT, DARK)):
        assert (theme.paper, *theme.others) == tuple(kept[name][place] for name in ("paper", *names))
    for place, theme in enumerate(("light", "dark")):
        assert INK[theme] == (kept["ink"][place], kept["ink-quiet"][place])


@given(ANY_COLOUR)
@example("#000000")
@example("#ffffff")
@example("#ffff00")
@example("#0000ff")
def test_every_colour_becomes_readable(colour):
    for name, theme, accent in zip(INK, (LIGHT, DARK), accents(colour), strict=True):
        for ground in (theme.paper, *theme.others, accent.wash, accent.on):
            assert contrast(accent.colour, ground) >= 4.5
        assert all(contrast(ink, accent.wash) >= 4.5 for ink in INK[name])


@given(ANY_COLOUR)
def test_lightness_moves_only_as_far_as_needed_and_in_one_direction(colour):
    for theme, accent in zip((LIGHT, DARK), accents(colour), strict=True):
        shades = list(colours._shades(colour, theme.step))
        before = shades[: shades.index(accent.colour)]
        assert not any(colours._is_readable(shade, theme) for shade in before)
        moved = (colours.luminance(accent.colour) - colours.luminance(colour)) * theme.step
        assert moved >= 0


@given(ANY_COLOUR)
def test_the_hue_stays(colour):
    for accent in accents(colour):
        was, now = (
            colorsys.rgb_to_hls(*(part / 255 for part in colours._parts(one))) for one in (colour, accent.colour)
        )
        spread = min(max(colours._parts(one)) - min(colours._parts(one)) for one in (colour, accent.colour))
        turned = min(abs(was[0] - now[0]), 1 - abs(was[0] - now[0]))
        assert spread < 12 or turned < 1 / spread


def test_a_colour_that_can_be_read_stays_as_it_is():
    assert accents("#1D56C4").light.colour == "#1d56c4"
    assert accents("#8db4ff").dark.colour == "#8db4ff"


@pytest.mark.parametrize("text", ["", "red", "#12345", "#1234567", "#12345g", "#12３456", "#123456\n", "#123456;}"])
def test_what_is_no_colour_leaves_the_house_its_own(text):
    assert accents(text) is None


@given(ANY_COLOUR)
def test_the_stylesheet_holds_nothing_but_three_tokens_of_colours(colour):
    chosen = accents(colour)
    pair = r"light-dark\(#[0-9a-f]{6}, #[0-9a-f]{6}\)"
    tokens = f"--accent: {pair}; --on-accent: {pair}; --wash-accent: {pair}; "
    assert re.fullmatch(rf"@layer tokens \{{ :root \{{ {tokens}\}} \}}\n", chosen.css)
    assert re.fullmatch(r"[0-9a-f]{20}", chosen.digest)
