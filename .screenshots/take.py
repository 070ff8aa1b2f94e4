"""Take the README's pictures of the demo: `manage.py demo` in one window, `python .screenshots/take.py` in another."""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

FOLDER = Path(__file__).parent
SIZES = {1280: 860, 390: 844}
PAGES = {"dashboard": "", "invoice": "/invoices", "time": "/time-entries", "reports": "/reports"}
COLOURS = 128


def main(address):
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        for width, height in SIZES.items():
            page = browser.new_context(viewport={"width": width, "height": height}, locale="en-GB").new_page()
            sign_in(page, address)
            for name, path in PAGES.items():
                page.goto(f"{address}/client-portal{path}", wait_until="networkidle")
                if name == "invoice":
                    page.locator(".list-invoices .cell-main a").first.click()
                    page.wait_for_load_state("networkidle")
                keep(page.screenshot(), FOLDER / f"{name}-{width}.png")
        browser.close()


def sign_in(page, address):
    page.goto(f"{address}/client-portal/login")
    page.get_by_label("User name").fill("wiremu")
    page.get_by_label("Password").fill("try-the-portal")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/client-portal")


def keep(picture, path):
    """Write a picture with few colours, which is a small file."""
    Image.open(BytesIO(picture)).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "http://127.0.0.1:8000")
