"""The second factor in a browser: set up with nothing refused by the policy, saved, and asked for."""

from base64 import b32decode

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib.auth.hashers import make_password
from django_otp.oath import totp

from accounts.tests.factories import PASSWORD, PortalUserFactory

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def give_password(page, server, name):
    page.goto(f"{server}/client-portal/login")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def reads_well(page):
    """Nothing wider than a phone's screen, and nothing that a machine reading it aloud would stumble over."""
    page.set_viewport_size({"width": 390, "height": 844})
    fits = page.evaluate("document.documentElement.scrollWidth") <= 390
    return fits and Axe().run(page).violations_count == 0


def test_a_person_sets_it_up_keeps_the_codes_and_signs_in_with_one(page, server, errors):
    PortalUserFactory(username="ada", password=make_password(PASSWORD, hasher="argon2"))
    give_password(page, server, "ada")
    page.goto(f"{server}/client-portal/second-factor")
    assert page.locator("svg.qr").bounding_box()["width"] > 180
    assert reads_well(page)
    secret = b32decode(page.locator(".secret").inner_text().replace(" ", ""))
    page.get_by_label("Six digits from your app").fill(f"{totp(secret):06}")
    page.get_by_label("Your password").fill(PASSWORD)
    page.get_by_role("button", name="Switch it on").click()
    codes = page.locator(".codes li").all_inner_texts()
    assert reads_well(page)
    with page.expect_download() as saved:
        page.get_by_role("link", name="Save as a text file").click()
    assert saved.value.suggested_filename == "recovery-codes.txt"
    assert saved.value.path().read_text().split()[-10:] == codes

    page.get_by_role("button", name="Sign out").click()
    give_password(page, server, "ada")
    assert reads_well(page)
    assert page.evaluate("document.activeElement.name") == "code"
    page.get_by_role("link", name="Use a recovery code").click()
    page.get_by_label("Recovery code").fill(codes[0])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{server}/client-portal")
    assert errors == []
