"""The second factor when two requests come at the same moment."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.utils.timezone import now
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from accounts import second_factor
from accounts.models import TrailEntry
from accounts.tests.at_once import at_once, times
from accounts.tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def early_in_a_half_minute():
    """So that codes hold for the whole test."""
    with time_machine.travel(datetime(2026, 3, 10, 12, 0, 1, tzinfo=UTC), tick=True):
        yield


def set_up(person):
    """Switch it on with the code before the present one, so that the present one is still good; the codes."""
    key = second_factor.new_key()
    code = f"{totp(bytes.fromhex(key), drift=-1):06}"
    return second_factor.switch_on(person, key, code, request=None, now=now())


def kinds(answers):
    return sorted(type(answer).__name__ for answer in answers)


def test_one_code_sent_four_times_at_once_is_accepted_once(rf):
    person = UserFactory()
    device, _codes = set_up(person)
    code = f"{totp(device.bin_key):06}"
    send = lambda: second_factor.verify(person, code, request=rf.post("/"), now=now())  # noqa: E731
    assert kinds(at_once(times(4, send))) == ["TOTPDevice", "WrongCode", "WrongCode", "WrongCode"]


def test_one_recovery_code_sent_four_times_at_once_is_accepted_once(rf):
    person = UserFactory()
    _device, codes = set_up(person)
    send = lambda: second_factor.verify(person, codes[0], request=rf.post("/"), now=now())  # noqa: E731
    assert kinds(at_once(times(4, send))) == ["TOTPDevice", "WrongCode", "WrongCode", "WrongCode"]
    assert second_factor.codes_left(person) == 9
    assert TrailEntry.objects.filter(kind="recovery_code_used").count() == 1


def test_set_up_four_times_at_once_there_is_one():
    person = UserFactory()
    answers = at_once(times(4, lambda: set_up(person)))
    assert kinds(answers) == ["SecondFactorRefused", "SecondFactorRefused", "SecondFactorRefused", "tuple"]
    assert TOTPDevice.objects.count() == 1
    assert StaticToken.objects.count() == 10


def test_new_codes_made_four_times_at_once_leave_ten():
    person = UserFactory()
    set_up(person)
    at_once(times(4, lambda: second_factor.renew_codes(person, request=None, now=now())))
    assert StaticToken.objects.count() == 10
