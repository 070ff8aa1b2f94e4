"""Zones, locales and currencies: what is taken, and what stands in where none is."""

from zoneinfo import ZoneInfo

import pytest
from django.core.exceptions import ValidationError

from accounts import regions


@pytest.mark.parametrize("name", ["", "UTC", "Europe/Berlin", "Pacific/Auckland", "US/Eastern"])
def test_zones_and_nothing_are_taken(name):
    regions.check_zone(name)


@pytest.mark.parametrize("name", ["Berlin", "Europe/Atlantis", "europe/berlin", "../etc/passwd", "GMT+25"])
def test_no_other_zone_is_taken(name):
    with pytest.raises(ValidationError, match="not a time zone"):
        regions.check_zone(name)


@pytest.mark.parametrize("tag", ["", "de-DE", "ja-JP", "en-NZ"])
def test_locales_and_nothing_are_taken(tag):
    regions.check_locale(tag)


@pytest.mark.parametrize("tag", ["de", "de_DE", "xx-XX", "DE-de"])
def test_no_other_locale_is_taken(tag):
    with pytest.raises(ValidationError, match="language and region"):
        regions.check_locale(tag)


@pytest.mark.parametrize("code", ["EUR", "USD", "JPY", "KWD"])
def test_currencies_are_taken(code):
    regions.check_currency(code)


@pytest.mark.parametrize("code", ["", "eur", "EURO", "XQQ", "CLF"])
def test_no_other_currency_is_taken_nor_one_of_four_decimals(code):
    with pytest.raises(ValidationError, match="currency code"):
        regions.check_currency(code)


def test_the_first_zone_that_is_one_is_used_else_the_sites(settings):
    settings.TIME_ZONE = "Europe/Lisbon"
    assert regions.first_zone("", "Nowhere", "Asia/Tokyo", "UTC") == ZoneInfo("Asia/Tokyo")
    assert regions.first_zone("", None) == ZoneInfo("Europe/Lisbon")


def test_the_first_locale_that_is_one_is_used_else_the_sites(settings):
    assert regions.first_locale("", "xx", "ja-JP", "de-DE") == "ja-JP"
    assert regions.first_locale("") == settings.LANGUAGE_CODE


def test_words_are_in_a_language_that_the_site_speaks(settings):
    settings.LANGUAGES = [("en", "English"), ("de", "Deutsch")]
    assert [regions.language_of(tag) for tag in ["de-AT", "ja-JP", "en-GB"]] == ["de", "en", "en"]


def test_choices_are_what_the_checks_take():
    zones = [name for _area, places in regions.zone_choices()[1:] for name, _label in places]
    assert len(zones) > 300
    for name in zones:
        regions.check_zone(name)
    labels = dict(regions.locale_choices())
    assert (labels["de-DE"], labels["ja-JP"]) == ("Deutsch (Deutschland)", "日本語 (日本)")
    for tag in labels.keys() - {""}:
        regions.check_locale(tag)
