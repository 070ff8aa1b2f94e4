"""Where a request came from: proxies are believed only where they are named."""

from ipaddress import ip_network

import pytest
from django.http import HttpResponse
from django.test import Client as Browser
from django.urls import path

from portal.proxies import FORWARDING


def _told(request):
    said = "|".join(name for name in FORWARDING if name in request.META)
    return HttpResponse(f"{request.META['REMOTE_ADDR']} {request.scheme} {request.get_host()} {said}")


urlpatterns = [path("told", _told)]


@pytest.fixture
def told(settings):
    """What a view is told of a request from a peer with some headers."""
    settings.ROOT_URLCONF = __name__
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8"), ip_network("192.0.2.7"), ip_network("fd00::/8")]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

    def ask(peer, **headers):
        named = {f"HTTP_{name.upper()}": value for name, value in headers.items()}
        return Browser(REMOTE_ADDR=peer).get("/told", **named).content.decode()

    return ask


@pytest.mark.parametrize(
    ("peer", "forwarded", "visitor"),
    [
        ("203.0.113.9", "1.2.3.4", "203.0.113.9"),
        ("192.0.2.8", "1.2.3.4", "192.0.2.8"),
        ("192.0.2.7", "1.2.3.4", "1.2.3.4"),
        ("::ffff:10.1.1.1", "1.2.3.4", "1.2.3.4"),
        ("fd00::1", "2001:db8::5", "2001:db8::5"),
        ("10.1.1.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),
        ("10.1.1.1", "6.6.6.6, 1.2.3.4, 10.2.2.2", "1.2.3.4"),
        ("10.1.1.1", "6.6.6.6, 10.2.2.2", "6.6.6.6"),
        ("10.1.1.1", "10.3.3.3, 10.2.2.2", "10.3.3.3"),
        ("10.1.1.1", "1.2.3.4, nonsense", "10.1.1.1"),
        ("10.1.1.1", "1.2.3.4, nonsense, 10.2.2.2", "10.2.2.2"),
        ("10.1.1.1", "", "10.1.1.1"),
        ("10.1.1.1", ",,,", "10.1.1.1"),
        ("10.1.1.1", "1" * 5000, "10.1.1.1"),
        ("10.1.1.1", "::ffff:1.2.3.4", "1.2.3.4"),
        ("", "1.2.3.4", ""),
    ],
)
def test_the_visitor_is_the_first_address_from_the_right_that_is_no_named_proxy(told, peer, forwarded, visitor):
    assert told(peer, x_forwarded_for=forwarded).split(" ")[0] == visitor


def test_without_named_proxies_nobody_is_believed(told, settings):
    settings.TRUSTED_PROXIES = []
    assert told("127.0.0.1", x_forwarded_for="1.2.3.4", x_forwarded_proto="https") == "127.0.0.1 http testserver "


@pytest.mark.parametrize(
    ("peer", "said", "scheme"),
    [
        ("10.1.1.1", "https", "https"),
        ("10.1.1.1", "http", "http"),
        ("10.1.1.1", "https,http", "http"),
        ("10.1.1.1", "HTTPS", "http"),
        ("203.0.113.9", "https", "http"),
    ],
)
def test_the_scheme_is_what_a_named_proxy_says_in_one_word(told, peer, said, scheme):
    assert told(peer, x_forwarded_proto=said).split(" ")[1] == scheme


@pytest.mark.parametrize("peer", ["10.1.1.1", "203.0.113.9"])
def test_no_other_word_of_a_proxy_reaches_a_view(told, peer):
    headers = {name.removeprefix("HTTP_").lower(): "evil.example" for name in FORWARDING}
    assert told(peer, **headers) == f"{peer} http testserver "


@pytest.mark.parametrize(
    ("peer", "given", "is_kept"),
    [
        ("10.1.1.1", "from-nginx.0123_AB", True),
        ("10.1.1.1", "a" * 64, True),
        ("10.1.1.1", "a" * 65, False),
        ("10.1.1.1", "short", False),
        ("10.1.1.1", "with a space", False),
        ("10.1.1.1", "<script>alert</script>", False),
        ("10.1.1.1", "１２３４５６７８", False),
        ("203.0.113.9", "from-nginx.0123_AB", False),
    ],
)
def test_a_number_is_taken_from_a_named_proxy_alone(told, peer, given, is_kept):
    answer = Browser(REMOTE_ADDR=peer).get("/told", HTTP_X_REQUEST_ID=given)
    assert (answer["X-Request-ID"] == given) is is_kept


def test_plain_http_is_sent_to_https_on_our_own_host(settings):
    settings.TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    settings.SECURE_SSL_REDIRECT = True
    settings.SECURE_SSL_HOST = "portal.example.com"
    settings.SECURE_HSTS_SECONDS = 31536000
    settings.SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    browser = Browser(REMOTE_ADDR="10.1.1.1")
    answer = browser.get("/nothing?page=1", HTTP_X_FORWARDED_PROTO="http")
    assert (answer.status_code, answer["Location"]) == (301, "https://portal.example.com/nothing?page=1")
    answer = browser.get("/nothing", HTTP_X_FORWARDED_PROTO="https")
    assert answer.status_code == 404
    assert answer["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    forged = Browser(REMOTE_ADDR="203.0.113.9").get("/nothing", HTTP_X_FORWARDED_PROTO="https")
    assert forged.status_code == 301
