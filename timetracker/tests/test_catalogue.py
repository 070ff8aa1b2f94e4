"""The words of each language: a catalogue without gaps, and the compiled form that Django reads made from it."""

from gettext import GNUTranslations

import pytest
from babel.messages.pofile import read_po
from django.conf import settings

FOLDERS = [settings.LOCALE_PATHS[0] / code / "LC_MESSAGES" for code, _name in settings.LANGUAGES if code != "en"]


def messages_of(folder):
    with (folder / "django.po").open("rb") as file:
        return [message for message in read_po(file) if message.id]


def texts(said):
    return list(said) if isinstance(said, list | tuple) else [said]


def test_there_is_a_catalogue_for_each_language_but_english():
    assert FOLDERS
    assert all((folder / "django.po").exists() for folder in FOLDERS)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_every_message_is_translated_and_none_is_a_guess(folder):
    messages = messages_of(folder)
    assert len(messages) > 1000
    assert [message.id for message in messages if message.fuzzy or not all(texts(message.string))] == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_the_compiled_catalogue_is_that_of_the_words(folder):
    with (folder / "django.mo").open("rb") as file:
        compiled = GNUTranslations(file)._catalog
    expected = {}
    for message in messages_of(folder):
        context = f"{message.context}\x04" if message.context else ""
        if message.pluralizable:
            expected |= {(context + message.id[0], n): text for n, text in enumerate(texts(message.string))}
        else:
            expected[context + message.id] = message.string
    assert {key: text for key, text in compiled.items() if key != ""} == expected
