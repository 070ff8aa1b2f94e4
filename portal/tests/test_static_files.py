"""Static files of two releases: what an open page of the older one asks for is still there."""

import json

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import staticfiles_storage
from django.core.management import call_command
from django.http import HttpResponseNotFound
from django.test import RequestFactory
from whitenoise.middleware import WhiteNoiseMiddleware


@pytest.fixture
def release(settings, tmp_path):
    """Put a release's stylesheet where `collectstatic` puts it; gives the address that its pages name."""
    sources = tmp_path / "sources"
    sources.mkdir()
    settings.STATIC_ROOT = tmp_path / "collected"
    settings.STATICFILES_DIRS = [sources]
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    backend = "whitenoise.storage.CompressedManifestStaticFilesStorage"
    settings.STORAGES = settings.STORAGES | {"staticfiles": {"BACKEND": backend}}
    settings.WHITENOISE_AUTOREFRESH = settings.WHITENOISE_USE_FINDERS = False
    finders.get_finder.cache_clear()

    def release(colour):
        (sources / "page.css").write_text(f"body {{ color: {colour} }}" + " " * 2000)
        call_command("collectstatic", interactive=False, verbosity=0)
        return staticfiles_storage.url("page.css")

    yield release
    finders.get_finder.cache_clear()


def test_pages_of_the_release_before_find_their_files(release, settings):
    old, new = release("red"), release("blue")
    assert old != new
    answer = WhiteNoiseMiddleware(lambda _request: HttpResponseNotFound())
    for address, colour in ((old, b"red"), (new, b"blue")):
        response = answer(RequestFactory().get(address))
        assert colour in response.getvalue()
        response.close()
        assert (settings.STATIC_ROOT / f"{address.removeprefix('/static/')}.gz").exists()
    named = json.loads((settings.STATIC_ROOT / "staticfiles.json").read_text())["paths"]
    assert list(named.values()) == [new.removeprefix("/static/")]
