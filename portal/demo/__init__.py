"""The small agency that `manage.py demo` shows: its data, and the story that puts it into the database."""
