"""Where the portal's pages about single things are."""

from functools import lru_cache

from django.urls import reverse


@lru_cache(maxsize=5000)
def portal_page(name, pk):
    """The address of the portal's page of this name about the row of this id; lists ask for many, and often."""
    return reverse(f"portal:{name}", args=[pk])
