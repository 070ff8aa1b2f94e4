"""Requests as nobody's browser sends them: what has broken other sites, in every place that a request has."""

import json
from typing import NamedTuple
from urllib.parse import quote

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

# The same examples each time: what fails here fails everywhere.
STEADY = settings(
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)

# Already percent-encoded where a browser could not say it otherwise.
ENCODED = [
    "%00",
    "a%00b",
    "%ff",
    "%ed%a0%80",
    "%F0%28%8C%28",
    "%C0%AE%C0%AE%2F",
    "%u0041",
    "%",
    "%%%",
    "+",
    "%0d%0aSet-Cookie:%20a=b",
]
PLAIN = [
    "",
    " ",
    "0",
    "-1",
    "1.0",
    "1e9",
    "NaN",
    "9" * 19,
    "9" * 20,
    "9" * 5000,
    "1" + "0" * 9,
    str(2**63 - 1),
    str(2**63),
    str(2**31),
    "１",
    "٣",
    "²",
    "१२",
    "0001-01-01",
    "9999-12-31",
    "0000-00-00",
    "2026-02-30",
    "２０２６-01-01",
    "2026-01-01T00:00:00",
    "10000-01-01",
    "PAID",
    "Paid",
    "null",
    "true",
    "[]",
    "{}",
    "x" * 20_000,
    "é" * 3_000,
    "\N{RIGHT-TO-LEFT OVERRIDE}\N{ZERO WIDTH JOINER}",
    "\U0001f469‍\U0001f4bb",
    "İıſK",
    "<script>alert(1)</script>",
    "' OR 1=1 --",
    "{{ 7*7 }}{% debug %}",
    "../../../etc/passwd",
    "//evil.example/",
    "/\\evil.example",
    "http://[",
    "/[x]",
    "javascript:alert(1)",
    "=1+1",
    "%s%n%(x)s",
]
# Every name that a form, filter or column of the product has, and some that it has not.
NAMES = (
    "page lines status project_id date_from date_to task_id person_id sort group q currency separators block "
    "after next name password again email old_password new_password code "
    "token id client_id user_id is_internal total_amount is_active is_staff is_superuser portal_enabled "
    "client_portal_enabled invoice_number amount notes content widget_ids widget_order csrfmiddlewaretoken _method "
    "answer version reason approval_id format handle username device otp_token __proto__ [] a[b] constructor"
).split()

encoded = st.one_of(
    st.sampled_from(ENCODED),
    st.sampled_from(PLAIN).map(quote),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=20).map(quote),
)
names = st.one_of(st.sampled_from(NAMES), st.sampled_from(NAMES).map(str.upper), encoded)
queries = st.lists(st.tuples(names, encoded), max_size=5).map(lambda pairs: "&".join(map("=".join, pairs)))
oddest_queries = st.sampled_from(
    [
        "&".join(f"p{n}=1" for n in range(1500)),
        "&" * 3000,
        "=" * 3000,
        "page=1;page=2",
        "page",
        "%00=%00",
        "page=%ff%fe",
    ]
)
segments = st.one_of(
    encoded.filter(lambda text: text not in {"", "."}), st.sampled_from(["..", ".", "%2e%2e", "a%2Fb"])
)

_leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.sampled_from(PLAIN),
    st.sampled_from(["\x00", "\ud800", "\udfff\ud800"]),
)
_shapes = st.recursive(
    _leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=12,
)
jsons = st.one_of(
    _shapes.map(json.dumps),
    st.sampled_from(
        [
            "[" * 100_000,
            "[" * 5_000 + "]" * 5_000,
            '{"a":' * 5_000 + "1" + "}" * 5_000,
            '{"widget_ids": ["stats"], "widget_ids": 5}',
            "9" * 5_000,
            "1e999999",
            '"',
            "",
            "nul",
            '{"widget_ids": [["stats"]]}',
            '"\\ud800"',
        ]
    ),
)


class Body(NamedTuple):
    """The bytes of a request and what it says that they are."""

    type: str
    data: bytes


_FORM = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data; boundary=x"


def _multipart(pairs):
    fields = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n' for name, text in pairs)
    return Body(_MULTIPART, f"{fields}--x--\r\n".encode(errors="replace"))


BROKEN_BODIES = [
    Body(_FORM, b"\xff\xfe\x00=\x00"),
    Body(_FORM, b"&" * 2_000),
    Body(_FORM, b"&".join(b"a%d=1" % n for n in range(1_500))),
    Body(_FORM, b"name=" + b"x" * 3_000_000),
    Body(_FORM + "; charset=utf-16", b"name=x"),
    Body("multipart/form-data", b"no boundary"),
    Body("multipart/form-data; boundary=", b"--\r\n"),
    Body(_MULTIPART, b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\nhalf of it'),
    Body(_MULTIPART, b'--x\r\nContent-Disposition: form-data; name="f"; filename="\x00../a"\r\n\r\n1\r\n--x--'),
    Body(_MULTIPART + "; charset=zlib", b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--x--'),
    Body("application/json; charset=utf-7", b"+AGE-"),
    Body("text/xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"),
    Body("\xff/\xfe", b"?"),
    Body("", b"?"),
]
bodies = st.one_of(
    queries.map(lambda text: Body(_FORM, text.encode())),
    jsons.map(lambda text: Body("application/json", text.encode())),
    st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(PLAIN)), max_size=5).map(_multipart),
    st.sampled_from(BROKEN_BODIES),
)

# One header of a request, as WSGI names it, with what it should never have been.
HEADERS = [
    {"HTTP_ACCEPT_LANGUAGE": "*;q=,,;;de-DE;q=9999999999999999999999"},
    {"HTTP_ACCEPT_LANGUAGE": "a-" * 400},
    {"HTTP_ACCEPT_LANGUAGE": "\xff\xfe"},
    {"HTTP_ACCEPT": "application/json"},
    {"HTTP_ACCEPT": "\x00,*/*;q=x"},
    {"HTTP_COOKIE": "sessionid=short; csrftoken=x"},
    {"HTTP_COOKIE": 'sessionid="\\000\\000\\000\\000\\000\\000\\000\\000\\000"'},
    {"HTTP_COOKIE": "sessionid=" + "a" * 7_000},
    {"HTTP_COOKIE": 'sessionid="\\377\\330\\000\\101\\102\\103\\104\\105\\106"; messages="[["'},
    {"HTTP_COOKIE": 'messages="[[\\"__json_message\\",0,99,\\"x\\"]]"; django_language=../../etc'},
    {"HTTP_COOKIE": ";=;;,\xff=\xfe"},
    {"HTTP_USER_AGENT": "x" * 10_000},
    {"HTTP_USER_AGENT": "\xff\x00\xed\xa0\x80"},
    {"HTTP_REFERER": "http://[/"},
    {"HTTP_ORIGIN": "null"},
    {"HTTP_ORIGIN": "http://["},
    {"HTTP_HOST": "["},
    {"HTTP_HOST": "testserver:99999999"},
    {"HTTP_HOST": "testserver\x00"},
    {"HTTP_X_FORWARDED_FOR": "not-an-address, ::1, 999.1.1.1"},
    {"HTTP_X_FORWARDED_PROTO": "gopher"},
    {"HTTP_X_REQUEST_ID": "x" * 5_000},
    {"HTTP_X_HTTP_METHOD_OVERRIDE": "DELETE"},
    {"HTTP_IF_MODIFIED_SINCE": "Sat, 99 Feb 9999999 99:99:99 GMT"},
    {"HTTP_RANGE": "bytes=9-1,-"},
    {"HTTP_HX_REQUEST": "true", "HTTP_HX_CURRENT_URL": "\xff"},
    {"REMOTE_ADDR": ""},
    {"REMOTE_ADDR": "not-an-address"},
]
# What a body may say of its letters: codes that are none of text, or of none at all.
_ALPHABETS = ["zlib", "undefined", "utf-16", "idna", "x" * 500]
CONTENT_TYPES = [f"{kind}; charset={alphabet}" for kind in ("text/plain", _MULTIPART) for alphabet in _ALPHABETS]
