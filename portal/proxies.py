"""Where a request came from: what a proxy says is believed only from those that TRUSTED_PROXIES names."""

from ipaddress import ip_address

from django.conf import settings

FORWARDING = [
    "HTTP_FORWARDED",
    "HTTP_X_FORWARDED_FOR",
    "HTTP_X_FORWARDED_HOST",
    "HTTP_X_FORWARDED_PORT",
    "HTTP_X_FORWARDED_PREFIX",
    "HTTP_X_FORWARDED_PROTO",
    "HTTP_X_FORWARDED_SSL",
    "HTTP_X_REAL_IP",
]


def behind_named_proxies(get_response):
    """Put the visitor's address into REMOTE_ADDR and leave no other word of it for the code behind.

    X-Forwarded-Proto stays for SECURE_PROXY_SSL_HEADER where a named proxy sent it, and says one of two words.
    """

    def middleware(request):
        said = {name: request.META.pop(name) for name in FORWARDING if name in request.META}
        peer = request.META.get("REMOTE_ADDR", "")
        request.came_by_proxy = is_named(peer)
        request.came_directly = not said and "HTTP_VIA" not in request.META
        if request.came_by_proxy:
            request.META["REMOTE_ADDR"] = visitor(peer, said.get("HTTP_X_FORWARDED_FOR", ""))
            if said.get("HTTP_X_FORWARDED_PROTO") in {"http", "https"}:
                request.META["HTTP_X_FORWARDED_PROTO"] = said["HTTP_X_FORWARDED_PROTO"]
        return get_response(request)

    return middleware


def visitor(peer, forwarded):
    """The address that the outermost named proxy saw, from the list that each appended to; `peer` where it says none.

    Read from the right, since everything left of the first unnamed address is the visitor's own invention.
    """
    address = peer
    for part in reversed(forwarded.split(",")):
        if not is_named(address):
            break
        said = _address(part.strip())
        if said is None:
            break
        address = str(said)
    return address


def is_named(text):
    """Whether an address is one of the proxies that are believed."""
    return is_in(text, settings.TRUSTED_PROXIES)


def is_in(text, networks):
    """Whether `text` spells an address of one of these networks."""
    address = _address(text)
    return address is not None and any(address in network for network in networks)


def _address(text):
    """The address that `text` spells, an IPv4 one in IPv6's clothes as itself; None for anything else."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address
