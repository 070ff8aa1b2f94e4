"""The site as the browser tests serve it: between two tests the database is emptied, which a server cannot know."""

from django.apps import apps

from timetracker.asgi import application as site


async def application(scope, receive, send):
    """Forget the numbers of content types, which each test makes anew, and answer as the site does."""
    apps.get_model("contenttypes", "ContentType").objects.clear_cache()
    await site(scope, receive, send)
