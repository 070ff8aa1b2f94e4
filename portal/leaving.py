"""Whether this process is about to end: then it takes no more sockets, and whoever asks again asks another process."""

from threading import Event

_begun = Event()


def begin():
    """From now on; there is no way back."""
    _begun.set()


def has_begun():
    return _begun.is_set()


def last_answers(get_response):
    """Middleware: with the answers that a leaving process still gives, their connections end."""

    def middleware(request):
        response = get_response(request)
        if has_begun():
            response["Connection"] = "close"
        return response

    return middleware
