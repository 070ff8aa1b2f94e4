"""Two machines behind nginx, as network namespaces: one site is killed, and one machine's cable is pulled."""

import os
import shutil
import subprocess
from contextlib import ExitStack, suppress
from pathlib import Path
from time import monotonic

import pytest

from portal.tests.drills.clusters import directory
from portal.tests.drills.people import assert_civil
from portal.tests.drills.towns import DrillSite, Town
from portal.tests.processes import Process, wait_until

NET = f"10.213.{os.getpid() % 200 + 20}"
OUTSIDE = f"{NET}.1"
# nginx asks the other machine, where it may, after so many seconds; a socket is greeted every 30.
PATIENCE, SILENCE = 6, 40
# What nginx says itself of what it may not ask twice.
BY_NGINX = {502, 504}


def ip(*words):
    done = subprocess.run([IP, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(done.stderr.strip())


IP = shutil.which("ip") or "/usr/sbin/ip"
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"


class Machine:
    """A network namespace with one cable to the bridge; `name` has ten letters at most."""

    def __init__(self, bridge, number):
        self.name = f"{bridge}m{number}"
        self.address = f"{NET}.{10 + number}"
        self._bridge, self._cable = bridge, f"{bridge}v{number}"

    def __enter__(self):
        ip("netns", "add", self.name)
        ip("link", "add", self._cable, "type", "veth", "peer", "name", "eth0", "netns", self.name)
        ip("link", "set", self._cable, "master", self._bridge, "up")
        for words in (["addr", "add", f"{self.address}/24", "dev", "eth0"], ["link", "set", "eth0", "up"]):
            ip("-n", self.name, *words)
        ip("-n", self.name, "link", "set", "lo", "up")
        return self

    def __exit__(self, *_failure):
        ip("netns", "delete", self.name)

    def pull_cable(self):
        ip("link", "set", self._cable, "down")

    def plug_in(self):
        ip("link", "set", self._cable, "up")


class Bridge:
    """What the machines' cables end at, with the address OUTSIDE of the machine that we are on."""

    def __init__(self):
        self.name = f"d{os.getpid() % 100_000}"

    def __enter__(self):
        ip("link", "add", self.name, "type", "bridge")
        ip("addr", "add", f"{OUTSIDE}/24", "dev", self.name)
        ip("link", "set", self.name, "up")
        return self.name

    def __exit__(self, *_failure):
        ip("link", "delete", self.name)


class MachinesSite(DrillSite):
    """A Daphne on a machine of its own, whose visitors come by nginx."""

    machine = None

    def command(self):
        return [IP, "netns", "exec", self.machine.name, *super().command()]


class Nginx(Process):
    """nginx before sites; for pages it is the site."""

    def __init__(self, folder, log):
        super().__init__(log)
        self.folder, self.sites = folder, ()

    @property
    def address(self):
        return f"http://{self.host}:{self.port}"

    def command(self):
        sites = "".join(f"server {site.host}:{site.port} max_fails=1 fail_timeout=5s; " for site in self.sites)
        (self.folder / "nginx.conf").write_text(
            CONFIGURATION.format(folder=self.folder, host=self.host, port=self.port, sites=sites),
            encoding="ascii",
        )
        return [NGINX, "-p", str(self.folder), "-c", "nginx.conf", "-e", str(self.folder / "error.log")]

    def environment(self):
        return os.environ

    def answers(self):
        return DrillSite.answers(self)


CONFIGURATION = """
daemon off; pid {folder}/nginx.pid; worker_processes 1; user root;
events {{ worker_connections 1000; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  upstream sites {{ {sites} }}
  server {{
    listen {host}:{port};
    proxy_set_header Host $http_host; proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
    proxy_set_header X-Forwarded-Proto $scheme;
    proxy_http_version 1.1; proxy_connect_timeout 2s;
    location / {{ proxy_pass http://sites; proxy_read_timeout %(patience)ss; }}
    location /ws/ {{
      proxy_pass http://sites; proxy_read_timeout %(silence)ss;
      proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;
    }}
  }}
}}
""" % {"patience": PATIENCE, "silence": SILENCE}  # noqa: UP031 (nginx has braces of its own)


@pytest.fixture(scope="module")
def machines():
    if os.getuid() != 0 or not Path(IP).exists() or not Path(NGINX).exists():
        pytest.skip("Two machines need root, Debian's iproute2 and nginx.")
    with ExitStack() as stack:
        try:
            bridge = stack.enter_context(Bridge())
            found = [stack.enter_context(Machine(bridge, number)) for number in (1, 2)]
        except OSError as refused:
            pytest.skip(f"Network namespaces cannot be made here: {refused}")
        yield found


@pytest.fixture(scope="module")
def built(pattern, machines):
    folder = directory()
    nginx = Nginx(folder, folder / "nginx.log")
    town = Town(pattern, SITE_URL=nginx.address, TRUSTED_PROXIES=OUTSIDE, ALLOWED_HOSTS=f"127.0.0.1,{NET}.11,{NET}.12")
    town.nginx = nginx
    try:
        yield _spread_out(town, machines)
    finally:
        nginx.stop()
        town.leave()
        with suppress(OSError):
            shutil.rmtree(folder)


def _spread_out(town, machines):
    """Put the sites on machines of their own, and what they share outside, and start everything."""
    town.cluster.host = town.redis.host = OUTSIDE
    town.environment |= {"DATABASE_URL": town.cluster.address, "REDIS_URL": town.redis.address}
    for site, machine in zip(town.sites, machines, strict=True):
        site.__class__, site.machine, site.host = MachinesSite, machine, machine.address
        site.settings |= town.environment
    town.nginx.sites = town.sites
    town.start()
    town.nginx.start()
    town.doors = [town.nginx, town.nginx]
    return town


def test_a_site_that_is_killed_leaves_pages_and_sockets_to_the_other_machine(town):
    with town.life() as life:
        town.sites[0].kill()
        life.wait_for_answers()
        life.wait_for_writes(10)
        wait_until(lambda: hear(life), 30)
        town.sites[0].start()
    assert_civil(life.answers, longest=30, also=BY_NGINX)


@pytest.mark.thorough
def test_a_machine_whose_cable_is_pulled_leaves_pages_and_sockets_to_the_other(town, machines):
    with town.life() as life:
        machines[1].pull_cable()
        pulled = monotonic()
        life.wait_for_answers()
        assert monotonic() - pulled < 30
        life.wait_for_writes(10)
        wait_until(lambda: hear(life), SILENCE + 30)
        machines[1].plug_in()
        life.wait_for_answers()
    assert_civil(life.answers, longest=30, also=BY_NGINX)


def hear(life):
    """Whether every open page has been told of all there was a moment ago."""
    latest = life.town.facts().counters
    return all(page.seen >= latest.get(page.client_id, 0) - 5 for page in life.pages)
