"""The real nginx with our own configuration, names and paths changed, before processes on an https site."""

import getpass
import http.client
import os
import re
import shutil
import ssl
import subprocess
import sys
import urllib.request
from contextlib import closing
from datetime import timedelta
from http.cookies import SimpleCookie
from pathlib import Path
from socket import create_connection
from urllib.error import URLError
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.conf import settings
from django.utils import timezone

from portal.tests.processes import Process, Site, free_port, on_the_test_database

CONFIGURATION = settings.BASE_DIR / "timetracker" / "deploy" / "nginx.conf"
NAME = "localhost"
# What a distribution's own nginx.conf has around ours, with all that it writes in a folder of its own.
AROUND = """
{user}
pid nginx.pid;
error_log error.log;
worker_processes 1;
events {{ worker_connections 1024; }}
http {{
    include /etc/nginx/mime.types;
    client_body_temp_path body;
    proxy_temp_path proxy;
    fastcgi_temp_path fastcgi;
    uwsgi_temp_path uwsgi;
    scgi_temp_path scgi;
    include timetracker.conf;
}}
"""


class Nginx(Process):
    """nginx in the foreground, in a folder of its own, before processes of the site."""

    def __init__(self, folder):
        super().__init__(folder / "nginx.log")
        self.folder = folder
        self.plain_port = free_port()
        self.static = folder / "static"

    @property
    def address(self):
        return f"https://{NAME}:{self.port}"

    def configure(self, sites):
        """Write the configuration, for these sites, and a certificate."""
        user = f"user {getpass.getuser()};" if os.geteuid() == 0 else ""
        (self.folder / "nginx.conf").write_text(AROUND.format(user=user), encoding="utf-8")
        (self.folder / "timetracker.conf").write_text(self._own(sites), encoding="utf-8")
        write_certificate(self.folder)

    def _own(self, sites):
        text = CONFIGURATION.read_text(encoding="utf-8")
        text = re.sub(r" *listen \[::\].*\n", "", text)
        changes = {
            "listen 80;": f"listen 127.0.0.1:{self.plain_port};",
            "listen 443 ": f"listen 127.0.0.1:{self.port} ",
            "https://portal.example.com": self.address,
            "portal.example.com": NAME,
            "/etc/ssl/timetracker/": f"{self.folder}/",
            "/srv/timetracker/static/": f"{self.static}/",
            "/var/log/nginx/timetracker.log": "access.log",
        }
        changes |= {f"127.0.0.1:{8001 + place} ": f"127.0.0.1:{site.port} " for place, site in enumerate(sites)}
        for ours, theirs in changes.items():
            assert ours in text, ours
            text = text.replace(ours, theirs)
        return text

    def command(self):
        nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
        return [nginx, "-p", str(self.folder), "-c", "nginx.conf", "-g", "daemon off;"]

    def environment(self):
        return os.environ

    def answers(self):
        try:
            create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def trusted(self):
        """What a browser that trusts the certificate goes by."""
        return ssl.create_default_context(cafile=self.folder / "fullchain.pem")

    def told(self):
        """The lines of the log of accesses."""
        return (self.folder / "access.log").read_text(encoding="utf-8").splitlines()


class BehindNginx(Site):
    """A process of the https site."""

    def __init__(self, nginx, **settings):
        secure = {
            "SITE_URL": nginx.address,
            "ALLOWED_HOSTS": f"{NAME},127.0.0.1",
            "TRUSTED_PROXIES": "127.0.0.1",
            "STATIC_MANIFEST": "on",
            "STATIC_ROOT": str(nginx.static),
        }
        super().__init__(nginx.folder / f"site-{id(self)}.log", **secure, **settings)

    def answers(self):
        try:
            urllib.request.urlopen(f"{self.address}/healthz", timeout=5)  # noqa: S310 (our own server)
        except URLError:
            return False
        return True

    def collect_static(self):
        command = [sys.executable, "manage.py", "collectstatic", "--noinput", "--verbosity", "0"]
        environment = on_the_test_database() | self.settings
        subprocess.run(command, cwd=settings.BASE_DIR, env=environment, check=True, timeout=120)


class Visitor:
    """A browser at nginx, which keeps cookies."""

    def __init__(self, nginx):
        self.nginx = nginx
        self.cookies = SimpleCookie()

    def ask(self, path, fields=None, **headers):
        """The answer to a GET, or with `fields` a POST, as `http.client` has it, with its `body`."""
        with closing(
            http.client.HTTPSConnection(NAME, self.nginx.port, timeout=20, context=self.nginx.trusted())
        ) as line:
            line.request(
                "GET" if fields is None else "POST",
                path,
                None if fields is None else urlencode(fields),
                {"Cookie": self.cookie, **self._of_a_form(fields), **headers},
            )
            answer = line.getresponse()
            answer.body = answer.read()
        for said in answer.headers.get_all("Set-Cookie", []):
            self.cookies.load(said)
        return answer

    @property
    def cookie(self):
        return "; ".join(f"{name}={kept.value}" for name, kept in self.cookies.items())

    def sign_in(self, name, password):
        page = self.ask("/client-portal/login").body.decode()
        token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)[1]
        return self.ask("/client-portal/login", {"name": name, "password": password, "csrfmiddlewaretoken": token})

    def _of_a_form(self, fields):
        return (
            {}
            if fields is None
            else {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.nginx.address}
        )


def write_certificate(folder):
    """A certificate for NAME that vouches for itself, as the files that the configuration names."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = timezone.now()
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    Path(folder, "fullchain.pem").write_bytes(certificate.public_bytes(pem))
    kept = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    Path(folder, "privkey.pem").write_bytes(kept)
