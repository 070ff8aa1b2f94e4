"""What is asked of every page in the browser: each question gives a list of what is wrong, empty where all is well."""

from io import BytesIO
from unicodedata import normalize

from axe_playwright_python.base import AXE_SCRIPT
from pypdf import PdfReader

# Narrow phone, phone, half a screen at twice the size, tablet, screen.
WIDTHS = {320: 1, 390: 1, 640: 2, 768: 1, 1280: 1}
HEIGHT = 800

# Whatever is seen to the left or the right of the window; what a box of its own scrolls or cuts off is its own affair.
STICKING_OUT = """() => {
    const kept = (element) => {
        for (let box = element.parentElement; box && box !== document.body; box = box.parentElement)
            if (getComputedStyle(box).overflowX !== "visible") return true;
        return false;
    };
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    const out = [...document.body.querySelectorAll("*")].filter((element) => {
        const { left, right, width, height } = element.getBoundingClientRect();
        const isOut = width > 1 && height > 1 && (left < -1 || right > innerWidth + 1);
        return isOut && element.checkVisibility() && !kept(element);
    });
    return [...(wide ? [`${wide} too wide`] : []), ...out.slice(0, 3).map((one) => one.outerHTML.slice(0, 160))];
}"""

# What can have the focus, as somebody at the keyboard sees it: by an outline of two pixels or more.
UNMARKED = """() => {
    const takes = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']";
    const can = [...document.querySelectorAll(takes)].filter((one) => one.checkVisibility() && !one.disabled);
    return can.filter((one) => {
        one.focus({ focusVisible: true, preventScroll: true });
        const { outlineStyle, outlineWidth } = getComputedStyle(one);
        return document.activeElement === one && (outlineStyle === "none" || parseFloat(outlineWidth) < 2);
    }).map((one) => `no focus to be seen: ${one.outerHTML.slice(0, 160)}`);
}"""

MOVING = """() => {
    for (const part of document.querySelectorAll("[data-part]")) part.classList.add("redrawn");
    const moves = [...document.querySelectorAll("*")].filter((one) => {
        const { transitionDuration, animationName } = getComputedStyle(one);
        return parseFloat(transitionDuration) > 0 || animationName !== "none";
    });
    for (const part of document.querySelectorAll(".redrawn")) part.classList.remove("redrawn");
    return moves.map((one) => `moves: ${one.outerHTML.slice(0, 160)}`);
}"""

# Parts of the staff's pages that Django's admin draws by itself.
DJANGOS = [[".select2-container"], [".search-label-icon"], [".inline-group"]]

FURNITURE = ".top, .looking, .foot, .skip, .toasts, .filter, .pages, .tabs, .presets, .export"
SHOWN_IN_PRINT = "all => all.filter((one) => one.checkVisibility()).map((one) => `printed: ${one.className}`)"


def resize(page, width):
    """Give the window a width in CSS pixels; the one for zoomed pages has as many again of the screen's."""
    page.devtools.send(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": HEIGHT, "deviceScaleFactor": WIDTHS[width], "mobile": False},
    )


def fits(page, direction):
    """What sticks out of the window at each width."""
    page.evaluate("direction => { document.documentElement.dir = direction }", direction)
    found = []
    for width in WIDTHS:
        resize(page, width)
        found += [f"{direction} {width}: {one}" for one in page.evaluate(STICKING_OUT)]
    page.evaluate("document.documentElement.dir = 'ltr'")
    return found


def reads_well(page, **options):
    """What axe finds, by all its rules or, with `runOnly`, by some."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(AXE_SCRIPT)
    page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished))")
    # Without preload: to look at style sheets, axe would put some of its own into the page.
    asked = {"exclude": DJANGOS, "options": {"preload": False, **options}}
    rules = page.evaluate("({exclude, options}) => axe.run({ exclude }, options).then((one) => one.violations)", asked)
    return [f"{rule['id']}: {node['html'][:200]} {_why(node)}" for rule in rules for node in rule["nodes"]]


def _why(node):
    return " ".join(check["message"] for check in node["any"] + node["all"] + node["none"])[:200]


def reads_well_everywhere(page):
    """What axe finds on a phone and a screen; in the dark only colours differ, and only those are looked at again."""
    found = []
    for width in 390, 1280:
        resize(page, width)
        found += [f"{width}: {one}" for one in reads_well(page, resultTypes=["violations"])]
        page.emulate_media(color_scheme="dark")
        found += [f"dark {width}: {one}" for one in reads_well(page, runOnly=["color-contrast"])]
        page.emulate_media(color_scheme="light")
    return found


def is_coloured_well(page):
    """What is hard to read in either theme, on a screen."""
    found = []
    for scheme in "dark", "light":
        page.emulate_media(color_scheme=scheme)
        found += [f"{scheme}: {one}" for one in reads_well(page, runOnly=["color-contrast"])]
    return found


def keeps_still(page):
    """What moves for readers who asked for stillness, or hides the focus where the colours are the reader's own."""
    page.emulate_media(forced_colors="active")
    found = [*page.evaluate(MOVING), *page.evaluate(UNMARKED)]
    page.emulate_media(forced_colors="none")
    return [*found, *page.evaluate(UNMARKED)]


def prints(page):
    """What a printed page shows that is of use on a screen only, or lacks."""
    page.emulate_media(media="print")
    found = page.locator(FURNITURE).evaluate_all(SHOWN_IN_PRINT)
    heading = page.locator("h1").first.text_content()
    page.emulate_media(media="screen")
    paper = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(page.pdf())).pages)
    return found if _letters(heading)[:30] in _letters(paper) else [*found, f"not on paper: {heading}"]


def _letters(text):
    """A text without its spaces, and letters that are drawn as one taken apart."""
    return "".join(normalize("NFKC", text).split())
