"""Settings. Every environment variable is read here, once, and named in the README."""

from datetime import timedelta
from hashlib import sha256
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from accounts.patience import BoundedConnection
from timetracker.demo_environment import DEMO_SECRET_KEY

BASE_DIR = Path(__file__).resolve().parent.parent

SWITCH = {"on": True, "true": True, "yes": True, "1": True, "off": False, "false": False, "no": False, "0": False}

# Seconds until a server is given up that does not take us in; and one whose machine is gone, idle or asked (in ms).
PATIENT_FOR = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}

env = environ.Env()
environ.Env.read_env(BASE_DIR / ".env")


def _switch(name, default):
    """An on/off variable; any other word is refused rather than taken for off."""
    word = env.str(name, default="on" if default else "off").lower()
    if word not in SWITCH:
        raise ImproperlyConfigured(f"{name} must be on or off, not {word!r}.")
    return SWITCH[word]


def _worker():
    """Where queued work is done: inside the web processes, or apart, by `manage.py worker`."""
    place = env.str("WORKER", default="inside")
    if place not in ("inside", "apart"):
        raise ImproperlyConfigured(f"WORKER must be inside or apart, not {place!r}.")
    return place


def _log_format():
    """How lines of the log look: plain, for people, or json, an object a line."""
    shape = env.str("LOG_FORMAT", default="plain")
    if shape not in ("plain", "json"):
        raise ImproperlyConfigured(f"LOG_FORMAT must be plain or json, not {shape!r}.")
    return shape


def _site_url(default):
    """The public address, scheme and host without a path: `https://portal.example.com`."""
    url = env.str("SITE_URL", default=default)
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/"):
        raise ImproperlyConfigured(f"SITE_URL must look like https://portal.example.com, not {url!r}.")
    return url.rstrip("/")


def _hosts():
    """The exact names that the site answers to, its own among them."""
    own = urlsplit(SITE_URL).hostname
    own = f"[{own}]" if ":" in own else own
    hosts = env.list("ALLOWED_HOSTS", default=[own])
    vague = [host for host in hosts if "*" in host or host.startswith(".") or not host.strip()]
    if vague:
        raise ImproperlyConfigured(f"ALLOWED_HOSTS must name hosts exactly, without wildcards: {vague!r}.")
    if own not in hosts:
        raise ImproperlyConfigured(f"ALLOWED_HOSTS must name the host of SITE_URL, {own}.")
    return hosts


def _networks(name, default=()):
    """A variable that lists addresses and networks."""
    try:
        networks = [ip_network(one.strip()) for one in env.list(name, default=list(default))]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must list addresses or networks: {error}.") from error
    if any(network.prefixlen == 0 for network in networks):
        raise ImproperlyConfigured(f"{name} must not name every address there is.")
    return networks


def _secret_key():
    """A secret that is one: long, and the demo's own on the demo's address and database only."""
    key = env.str("SECRET_KEY")
    if len(key) < 32:
        raise ImproperlyConfigured("SECRET_KEY must have 32 characters or more, made at random.")
    is_demo = urlsplit(SITE_URL).hostname == "127.0.0.1" and env.str("DATABASE_URL", "").endswith("/demo.sqlite3")
    if key == DEMO_SECRET_KEY and not is_demo:
        raise ImproperlyConfigured("SECRET_KEY is the demo's, which everybody can read. Make one of your own.")
    return key


def _own_prefix(redis_url):
    """What this installation's channels begin with: all databases of a Redis hear what is published in any of them."""
    own = f"{SECRET_KEY} {urlsplit(redis_url).path}"
    return f"portal-{sha256(own.encode()).hexdigest()[:16]}"


def _redis_url():
    """Redis' address; without it messages stay in one process, so several may not start."""
    url = env.str("REDIS_URL", default="")
    if env.int("WEB_PROCESSES", default=1) > 1 and not url:
        raise ImproperlyConfigured("WEB_PROCESSES is more than 1: set REDIS_URL, or they cannot tell each other.")
    return url


def _database():
    """PostgreSQL (pooled, as ASGI needs it) or a SQLite file, from DATABASE_URL."""
    database = env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'timetracker.sqlite3'}")
    if database["ENGINE"] == "django.db.backends.postgresql":
        # Each ASGI request runs in a fresh thread: a kept connection would leak, a pool does not.
        database["CONN_MAX_AGE"] = 0
        database["CONN_HEALTH_CHECKS"] = True
        options = database.setdefault("OPTIONS", {})
        options["pool"] = {
            "min_size": 2,
            "max_size": 4,
            "timeout": 5,
            "connection_class": BoundedConnection,
            # After a long absence the pool would wait as long again before it looks.
            "reconnect_timeout": 4,
        }
        for name, value in PATIENT_FOR.items():
            options.setdefault(name, value)
    elif database["ENGINE"] == "django.db.backends.sqlite3":
        # Writers queue up at BEGIN instead of failing in the middle of a transaction.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # Recursive triggers let INSERT OR REPLACE meet the triggers that keep issued rows from being deleted.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA recursive_triggers=ON",
        }
    else:
        raise ImproperlyConfigured("DATABASE_URL must name a postgres:// or sqlite:// database.")
    return database


DEBUG = _switch("DEBUG", default=False)
SITE_URL = _site_url("http://127.0.0.1:8000" if DEBUG else env.NOTSET)
HTTPS = SITE_URL.startswith("https://")
if DEBUG and HTTPS:
    raise ImproperlyConfigured("DEBUG shows source and settings to visitors: turn it off where SITE_URL is https.")
SECRET_KEY = _secret_key()
ALLOWED_HOSTS = _hosts()
# Whose X-Forwarded-For and -Proto are believed.
TRUSTED_PROXIES = _networks("TRUSTED_PROXIES")
METRICS_FROM = _networks("METRICS_FROM", default=("127.0.0.0/8", "::1"))
RELEASE = env.str("RELEASE", default="unknown")
CSRF_TRUSTED_ORIGINS = [SITE_URL]

INSTALLED_APPS = [
    "daphne",
    "timetracker.apps.StaffSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.forms",
    "channels",
    "crispy_forms",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "accounts",
    "billing",
    "portal",
]

# Everything that adds a header stands above what may answer or fail, so that errors have them all.
MIDDLEWARE = [
    "portal.proxies.behind_named_proxies",
    "portal.request_ids.numbered",
    "portal.answered.noted",
    "portal.leaving.last_answers",
    "portal.headers.on_every_answer",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "portal.errors.dressed",
    "portal.headers.for_our_hosts",
    "portal.middleware.in_utf8",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "portal.middleware.without_trailing_slash",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.second_factor.whole_sessions_only",
    "accounts.languages.of_the_reader",
    "django.contrib.messages.middleware.MessageMiddleware",
    "accounts.limits.known_devices",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "timetracker.urls"
ASGI_APPLICATION = "timetracker.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.reader",
            ],
        },
    },
]
# Widgets are drawn by the site's templates where it has its own, else by Django's.
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
CRISPY_ALLOWED_TEMPLATE_PACKS = ["house"]
CRISPY_TEMPLATE_PACK = "house"

DATABASES = {"default": _database()}
PORTAL_ROLE = env.str("PORTAL_ROLE", default="timetracker_portal")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _redis_url()
CHANNEL_LAYERS = {
    "default": (
        {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [REDIS_URL], "prefix": _own_prefix(REDIS_URL)},
        }
        if REDIS_URL
        else {"BACKEND": "channels.layers.InMemoryChannelLayer", "CONFIG": {"capacity": 10_000}}
    )
}

TASKS = {"default": {"BACKEND": "accounts.queue.Backend"}}
WORKER = _worker()

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "accounts.signin.PersonBackend"]
LOGIN_URL = "accounts:login"
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Codes hold for their half minute, the one before and the one after; the window does not wander.
OTP_TOTP_SYNC = False
OTP_TOTP_ISSUER = urlsplit(SITE_URL).hostname
# Failed sign-ins; how many of them, and of what, is said in accounts.limits.
AXES_HANDLER = "accounts.limits.Handler"
AXES_FAILURE_LIMIT = 1
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_USERNAME_CALLABLE = "accounts.limits.typed_name"
AXES_CLIENT_IP_CALLABLE = "accounts.limits.network_of"
AXES_LOCKOUT_CALLABLE = "accounts.views.too_many"
AXES_SENSITIVE_PARAMETERS = ["username", "name", "ip_address", "csrfmiddlewaretoken", "code", "next"]
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

INVITATION_DAYS = 7
PASSWORD_RESET_HOURS = 4

LANGUAGE_CODE = "en"
# A catalogue for each but the first: see "Languages" in the README.
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "timetracker" / "locale"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.str("TIME_ZONE", default="UTC")

vars().update(env.email_url("EMAIL_URL", default="consolemail://" if DEBUG else env.NOTSET))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default=f"portal@{urlsplit(SITE_URL).hostname}")

# Without a manifest (demo, tests, DEBUG) files are served from the apps; with it `collectstatic` must have run.
STATIC_MANIFEST = _switch("STATIC_MANIFEST", default=not DEBUG)
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "static-collected")) if STATIC_MANIFEST else None
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": (
            "whitenoise.storage.CompressedManifestStaticFilesStorage"
            if STATIC_MANIFEST
            else "django.contrib.staticfiles.storage.StaticFilesStorage"
        )
    },
}
WHITENOISE_USE_FINDERS = not STATIC_MANIFEST
WHITENOISE_ALLOW_ALL_ORIGINS = False

# Browsers take a cookie of this prefix from this very host over https alone, and for no other.
COOKIE_PREFIX = "__Host-" if HTTPS else ""
SESSION_COOKIE_NAME = f"{COOKIE_PREFIX}sessionid"
CSRF_COOKIE_NAME = f"{COOKIE_PREFIX}csrftoken"
DEVICE_COOKIE_NAME = f"{COOKIE_PREFIX}device"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_ENGINE = "accounts.sessions"
# A session ends when it was not used for so long, and at the latest after its life.
STAFF_IDLE_SECONDS = env.int("STAFF_IDLE_HOURS", default=12) * 3600
PORTAL_IDLE_SECONDS = env.int("PORTAL_IDLE_DAYS", default=14) * 24 * 3600
SESSION_LIFE_SECONDS = env.int("SESSION_LIFE_DAYS", default=90) * 24 * 3600
SESSION_TOUCH_SECONDS = 300
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.errors.csrf_failure"
# Nothing reads it but the forms' hidden fields.
CSRF_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
# Not no-referrer: browsers then send forms with an Origin of null, which the CSRF check refuses.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = env.int("HSTS_SECONDS", default=365 * 24 * 3600) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = _switch("HSTS_SUBDOMAINS", default=True)
SECURE_HSTS_PRELOAD = _switch("HSTS_PRELOAD", default=False)
# Preloading cannot be taken back and is the domain owner's own decision.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
# Without a named proxy the scheme of a request behind one is not known, and redirects would go round in circles.
SECURE_SSL_REDIRECT = HTTPS and bool(TRUSTED_PROXIES)
SECURE_SSL_HOST = urlsplit(SITE_URL).netloc
# Asked by machines on this side of the proxy, which speak plain HTTP.
SECURE_REDIRECT_EXEMPT = ["^(healthz|readyz|metrics)$"]
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        # Older browsers do not count the site's sockets as 'self'.
        "connect-src": ["'self'", SITE_URL.replace("http", "ws", 1)],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"()": "portal.log_lines.Line", "shape": _log_format()},
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    # Django's own handlers would write lines twice while DEBUG, and mail what people typed to ADMINS.
    # What Django says of 4xx answers portal.answered says better.
    "loggers": {
        "django": {"handlers": []},
        "django.request": {"level": "ERROR"},
        "django.server": {"level": "WARNING"},
    },
}
