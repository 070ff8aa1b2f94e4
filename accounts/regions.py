"""Time zones, locales and currencies that people may choose from, and the checks of such a choice."""

from functools import cache
from zoneinfo import ZoneInfo, available_timezones

from babel import Locale
from babel.numbers import get_currency_precision, list_currencies
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

# Formats that an agency's clients are likely to read, as BCP 47 tags; the first subtag chooses the language.
LOCALES = (
    "en-US en-GB en-IE en-CA en-AU en-NZ en-IN en-ZA de-DE de-AT de-CH fr-FR fr-BE fr-CH fr-CA nl-NL "
    "nl-BE es-ES es-MX it-IT pt-PT pt-BR da-DK sv-SE nb-NO fi-FI pl-PL cs-CZ sk-SK hu-HU ro-RO bg-BG "
    "hr-HR sl-SI et-EE lv-LV lt-LT el-GR tr-TR uk-UA he-IL ar-AE ar-KW hi-IN th-TH vi-VN id-ID ja-JP "
    "ko-KR zh-CN zh-TW"
).split()

# Stored amounts have three decimals, so units of account with four are left out.
MAX_DECIMALS = 3


@cache
def _all_zones():
    # Python walks the zone files anew at each call.
    return available_timezones()


@cache
def zone_names():
    """All `Area/Place` names and UTC, sorted; old aliases without an area are left out."""
    areas = (
        "Africa",
        "America",
        "Antarctica",
        "Arctic",
        "Asia",
        "Atlantic",
        "Australia",
        "Europe",
        "Indian",
        "Pacific",
    )
    return ["UTC", *sorted(name for name in _all_zones() if name.split("/")[0] in areas)]


@cache
def currency_codes():
    """ISO 4217 codes, sorted, as the CLDR lists them."""
    return sorted(code for code in list_currencies() if get_currency_precision(code) <= MAX_DECIMALS)


def zone_choices():
    """Select choices grouped by area."""
    grouped = {}
    for name in zone_names():
        area, _slash, place = name.partition("/")
        grouped.setdefault(area, []).append((name, place.replace("_", " ") or name))
    return [("", "—"), *((area, places) for area, places in grouped.items())]


def locale_choices():
    """Select choices: each locale by its name in its own language."""
    return [("", "—"), *((tag, Locale.parse(tag, sep="-").get_display_name()) for tag in LOCALES)]


def choose(user, *, locale, zone):
    """A user's own language with its formats, and time zone; empty is as the client has it."""
    user.locale, user.timezone = locale, zone
    user.save(update_fields=["locale", "timezone"])


def check_zone(name):
    """Raise ValidationError unless `name` is empty or an IANA zone."""
    if name and name not in _all_zones():
        raise ValidationError(_("“%(name)s” is not a time zone; use a name like Europe/Berlin.") % {"name": name})


def check_locale(tag):
    """Raise ValidationError unless `tag` is empty or one of LOCALES."""
    if tag and tag not in LOCALES:
        raise ValidationError(_("“%(tag)s” is not a known language and region.") % {"tag": tag})


def check_currency(code):
    """Raise ValidationError unless `code` is a currency's three capital letters."""
    if code not in currency_codes():
        raise ValidationError(
            _("“%(code)s” is not a currency code; use three capital letters like EUR.") % {"code": code}
        )


def first_zone(*names):
    """The first name that is a zone, as a ZoneInfo; the site's own when none is."""
    for name in names:
        if name and name in _all_zones():
            return ZoneInfo(name)
    return ZoneInfo(settings.TIME_ZONE)


def first_locale(*tags, otherwise=""):
    """The first tag that is one of LOCALES; when none is, the language `otherwise` or the site's."""
    return next((tag for tag in tags if tag in LOCALES), otherwise or settings.LANGUAGE_CODE)


def language_of(tag):
    """The language of the words for a locale: its own where the site is translated into it, else the site's."""
    language = tag.split("-")[0]
    return language if language in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
