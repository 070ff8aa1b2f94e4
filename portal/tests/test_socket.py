"""The socket: who may open it, what it tells, and what closes it."""

import asyncio
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from time import monotonic
from types import SimpleNamespace

import pytest
from channels.db import database_sync_to_async
from channels.routing import get_default_application
from django.contrib.auth.hashers import make_password
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from accounts import devices, events
from accounts.models import Client, EventKind, SignedInSession, User
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory
from accounts.tests.forms import sent_by
from billing import invoicing, projects, tracking
from billing.tests.factories import NOW, TODAY, ProjectFactory, draft_invoice
from portal import audience, consumers, desk, hearing, leaving, live, notices, restoring
from portal.tests.browsers import sign_in, signed_in
from portal.tests.sockets import closed, hear, in_thread, listening, on_a_loop, socket_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def on_the_tests_connection(db, monkeypatch):
    """Sockets look into the database on the test's connection, whose transaction nobody else sees."""
    get_default_application()  # sets logging up, which must be done before a test listens to it
    monkeypatch.setattr("channels.db.close_old_connections", lambda **_signal: None)
    monkeypatch.setattr(live, "in_database", database_sync_to_async)


@pytest.fixture
def commits(django_capture_on_commit_callbacks):
    """Run a change as if it were committed, from a coroutine."""

    def commit(change):
        with django_capture_on_commit_callbacks(execute=True):
            return change()

    return in_thread(commit)


@pytest.fixture
def project(client_row):
    return ProjectFactory(client=client_row, name="Relaunch")


def tell(client, kind="time_logged", subject=None, **facts):
    return events.record(kind, client=client, subject=subject or client, by=None, now=NOW, facts=facts)


# Who may open it


@on_a_loop
async def test_a_viewer_is_greeted_with_its_clients_last_number(viewer, client_row):
    await in_thread(tell)(client_row, seconds=1)
    async with listening(viewer) as (_socket, hello):
        assert hello == {"type": "hello", "latest": 1, "epoch": ""}


@on_a_loop
async def test_a_company_login_is_greeted(company):
    browser, _page = await in_thread(sign_in)("contoso")
    async with listening(browser) as (_socket, hello):
        assert hello == {"type": "hello", "latest": 0, "epoch": ""}


@on_a_loop
async def test_a_viewer_is_greeted_with_the_epoch_of_its_page(viewer, client_row):
    await in_thread(tell)(client_row, seconds=1)
    await in_thread(events.begin_epoch)()
    page = await in_thread(viewer.get)("/client-portal")
    epoch = page.context["glance"].epoch
    assert epoch
    assert f'data-epoch="{epoch}"' in page.content.decode()
    async with listening(viewer) as (_socket, hello):
        assert hello == {"type": "hello", "latest": 1, "epoch": epoch}


async def refused(socket):
    connected, _code = await socket.connect(timeout=5)
    return not connected


@pytest.mark.parametrize(
    "origin",
    [
        None,
        "",
        "null",
        "https://testserver",
        "http://testserver:8000",
        "http://testserver.evil.example",
        "http://evil.example",
        "http://testserver/",
    ],
)
@on_a_loop
async def test_another_origin_is_refused(viewer, origin):
    assert await refused(socket_of(viewer, origin=origin))


@pytest.mark.parametrize("cookie", ["", "sessionid=", "sessionid=aaaaaaaa", 'sessionid="\\000"', "=;;=", "\xff=1"])
@on_a_loop
async def test_a_stranger_is_refused(db, cookie):
    assert await refused(socket_of(None, cookie=cookie))


@on_a_loop
async def test_another_address_is_refused(viewer):
    for address in ("/ws/client-portal/", "/ws/client-portal/1", "/ws", "/"):
        assert await refused(socket_of(viewer, address=address))


def without_access(client_row):
    yield StaffFactory()
    yield PortalUserFactory(client=client_row, client_portal_enabled=False)
    yield PortalUserFactory(client=ClientFactory(is_active=False))
    yield PortalUserFactory(client=None)


@on_a_loop
async def test_an_account_without_portal_access_is_refused(client_row):
    for user in await in_thread(lambda: list(without_access(client_row)))():
        assert await refused(socket_of(await in_thread(signed_in)(user)))


@on_a_loop
async def test_a_session_without_its_second_factor_is_refused(viewer, monkeypatch):
    monkeypatch.setattr("accounts.signin.is_whole", lambda _user, _session: False)
    assert await refused(socket_of(viewer))


@on_a_loop
async def test_an_expired_session_is_refused(viewer):
    await in_thread(SignedInSession.objects.update)(expire_date=timezone.now() - timedelta(seconds=1))
    assert await refused(socket_of(viewer))


@on_a_loop
async def test_one_session_opens_so_many_sockets_and_no_more(viewer, monkeypatch):
    monkeypatch.setattr(live, "MOST_OF_A_SESSION", 2)
    async with listening(viewer) as (first, _hello), listening(viewer):
        assert await refused(socket_of(viewer))
        await first.disconnect()
        async with listening(viewer):
            pass


@on_a_loop
async def test_one_client_opens_so_many_sockets_and_no_more(client_row, monkeypatch):
    monkeypatch.setattr(live, "MOST_OF_A_CLIENT", 1)
    one, two = await in_thread(lambda: [signed_in(PortalUserFactory(client=client_row)) for _n in range(2)])()
    async with listening(one):
        assert await refused(socket_of(two))


# What it tells


@on_a_loop
async def test_an_invoice_is_told_with_its_words_and_page(viewer, client_row, commits):
    async with listening(viewer) as (socket, _hello):
        draft = await in_thread(draft_invoice)(client_row)
        invoice = await commits(lambda: invoicing.send(draft, by=None, now=NOW, today=TODAY))
        frame = await hear(socket)
    assert frame.pop("message").startswith("€")
    assert frame == {
        "type": "client_notification",
        "id": 1,
        "kind": "invoice_sent",
        "title": f"New invoice {invoice.invoice_number}",
        "url": f"/client-portal/invoices/{invoice.pk}",
    }


@on_a_loop
async def test_logged_time_is_told_as_activity_without_a_word(viewer, project, commits):
    async with listening(viewer) as (socket, _hello):
        staff = await in_thread(StaffFactory)()
        await commits(
            lambda: tracking.log(
                project, user=staff, start_time=NOW, duration_seconds=60, by=staff, now=NOW, notes="secret"
            )
        )
        assert await hear(socket) == {"type": "activity", "id": 1, "kind": "time_logged"}


@on_a_loop
async def test_another_clients_events_are_not_heard(viewer, client_row, commits):
    async with listening(viewer) as (socket, _hello):
        await commits(lambda: tell(ClientFactory(), seconds=1))
        assert await socket.receive_nothing(timeout=0.1)
        await commits(lambda: tell(client_row, seconds=1))
        assert (await hear(socket))["id"] == 1


@on_a_loop
async def test_what_is_rolled_back_is_not_told(viewer, client_row, commits):
    def roll_back():
        with transaction.atomic():
            tell(client_row, seconds=1)
            transaction.set_rollback(True)

    async with listening(viewer) as (socket, _hello):
        await commits(roll_back)
        assert await socket.receive_nothing(timeout=0.1)


@on_a_loop
async def test_an_internal_comment_is_not_told(viewer, project, commits):
    staff = await in_thread(StaffFactory)()
    async with listening(viewer) as (socket, _hello):
        await commits(lambda: projects.comment(project, content="x", by=staff, now=NOW, is_internal=True))
        assert await socket.receive_nothing(timeout=0.1)


@on_a_loop
async def test_a_message_that_got_lost_is_made_good_by_a_hello(viewer, client_row, monkeypatch):
    monkeypatch.setattr(live, "WATCH_SECONDS", 0.05)
    async with listening(viewer) as (socket, _hello):
        await in_thread(tell)(client_row, seconds=1)  # recorded, and its announcement never comes
        assert await hear(socket) == {"type": "hello", "latest": 1, "epoch": ""}
        assert await socket.receive_nothing(timeout=0.3)


@on_a_loop
async def test_a_socket_that_was_told_nothing_for_long_is_greeted_again(viewer, monkeypatch):
    monkeypatch.setattr(live, "WATCH_SECONDS", 0.05)
    monkeypatch.setattr(audience, "GREET_SECONDS", 0.3)
    async with listening(viewer) as (socket, _hello):
        assert await socket.receive_nothing(timeout=0.2)
        assert await hear(socket) == {"type": "hello", "latest": 0, "epoch": ""}
        assert await socket.receive_nothing(timeout=0.2)


@on_a_loop
async def test_a_socket_that_could_not_join_its_group_is_told_all_the_same(viewer, client_row, monkeypatch):
    async def down(*_args):
        raise ConnectionError("away")

    monkeypatch.setattr("channels.layers.InMemoryChannelLayer.group_add", down)
    monkeypatch.setattr("channels_redis.pubsub.RedisPubSubChannelLayer.group_add", down, raising=False)
    monkeypatch.setattr(live, "WATCH_SECONDS", 0.05)
    async with listening(viewer) as (socket, _hello):
        await in_thread(tell)(client_row, seconds=1)
        assert await hear(socket) == {"type": "hello", "latest": 1, "epoch": ""}


@pytest.mark.django_db(transaction=True)
def test_with_the_channel_layer_down_the_invoice_is_still_sent(client_row, monkeypatch, caplog):
    async def down(*_args):
        raise ConnectionError("away")

    monkeypatch.setattr("accounts.events._send_in_time", down)
    draft = draft_invoice(client_row)
    invoice = invoicing.send(draft, by=None, now=NOW, today=TODAY)
    assert invoice.status == "sent"
    assert "on_commit" in caplog.text


@pytest.fixture
def hanging_layer(monkeypatch):
    """A channel layer that takes messages and never answers; counts them."""
    sent = []

    async def hang(*message):
        sent.append(message)
        await asyncio.sleep(60)

    monkeypatch.setattr(events, "SEND_SECONDS", 0.05)
    monkeypatch.setattr(events, "_away", SimpleNamespace(until=0.0))
    monkeypatch.setattr(events.get_channel_layer(), "group_send", hang)
    return sent


@pytest.mark.django_db(transaction=True)
def test_a_channel_layer_that_hangs_holds_nobody_up(client_row, hanging_layer, caplog):
    with transaction.atomic():
        tell(client_row, seconds=1)
    assert "TimeoutError" in caplog.text


@pytest.mark.django_db(transaction=True)
def test_a_channel_layer_that_hangs_is_waited_for_once_in_a_while(client_row, hanging_layer, monkeypatch):
    with transaction.atomic():
        for _n in range(3):
            tell(client_row, seconds=1)
    assert len(hanging_layer) == 1
    monkeypatch.setattr(events._away, "until", monotonic() - 1)
    with transaction.atomic():
        tell(client_row, seconds=1)
    assert len(hanging_layer) == 2


@on_a_loop
async def test_a_channel_layer_that_hangs_keeps_no_page_from_opening_and_no_access_from_ending(client_row, monkeypatch):
    async def hang(*_args):
        await asyncio.sleep(60)

    monkeypatch.setattr(hearing, "JOIN_SECONDS", 0.3)
    for name in ("channels.layers.InMemoryChannelLayer", "channels_redis.pubsub.RedisPubSubChannelLayer"):
        monkeypatch.setattr(f"{name}.new_channel", hang, raising=False)
    users = await in_thread(lambda: [PortalUserFactory() for _n in range(6)])()
    browsers = await in_thread(lambda: [signed_in(user) for user in users])()
    async with AsyncExitStack() as open_sockets:
        began = monotonic()
        sockets = [(await open_sockets.enter_async_context(listening(browser)))[0] for browser in browsers]
        assert monotonic() - began < 1.5
        await in_thread(User.objects.filter(pk=users[0].pk).update)(is_active=False)
        assert await asyncio.wait_for(closed(sockets[0]), live.WATCH_SECONDS + 0.5) == 4403


# Running timers


@pytest.mark.parametrize("shown", [True, False])
@on_a_loop
async def test_timers_are_told_only_to_clients_that_may_see_them(viewer, client_row, project, commits, shown):
    await in_thread(Client.objects.update)(show_running_timers=shown)
    staff = await in_thread(StaffFactory)()
    async with listening(viewer) as (socket, _hello):
        await commits(lambda: tracking.start_timer(project, user=staff, now=NOW))
        if shown:
            assert await hear(socket) == {"type": "timers"}
        assert await socket.receive_nothing(timeout=0.1)


# What closes it


def _by_admin_form(user):
    browser = signed_in(StaffFactory(is_superuser=True))
    address = reverse("admin:accounts_user_change", args=[user.pk])
    sent = sent_by(browser.get(address), "user_form")
    del sent["client_portal_enabled"]
    assert browser.post(address, sent).status_code == 302


ENDED = {
    "the admin's form": _by_admin_form,
    "the portal is switched off": lambda user: User.objects.filter(pk=user.pk).update(client_portal_enabled=False),
    "the user is saved inactive": lambda user: _save(user, is_active=False),
    "the client is inactive": lambda user: Client.objects.filter(pk=user.client_id).update(is_active=False),
    "the user has no client": lambda user: _save(user, client=None),
    "the user has another client": lambda user: _save(user, client=ClientFactory()),
    "the password is another": lambda user: _save(user, password=make_password("another one")),
    "raw SQL": lambda user: _raw("UPDATE users SET client_portal_enabled = %s WHERE id = %s", [False, user.pk]),
    "raw SQL on the client": lambda user: _raw(
        "UPDATE clients SET is_active = %s WHERE id = %s", [False, user.client_id]
    ),
    "staff end its sessions": lambda user: devices.sign_out_everywhere(user, by=None, request=None, now=NOW),
}


def _save(user, **fields):
    for name, value in fields.items():
        setattr(user, name, value)
    user.save()


def _raw(sql, params):
    with connection.cursor() as cursor:
        cursor.execute(sql, params)


@pytest.mark.parametrize("how", ENDED)
@on_a_loop
async def test_access_that_ends_closes_the_socket(client_row, how):
    user = await in_thread(PortalUserFactory)(client=client_row)
    browser = await in_thread(signed_in)(user)
    async with listening(browser) as (socket, _hello):
        await in_thread(ENDED[how])(user)
        assert await asyncio.wait_for(closed(socket), live.WATCH_SECONDS + 0.5) == 4403


@on_a_loop
async def test_a_change_that_is_noted_in_the_trail_closes_at_once(client_row, commits, monkeypatch):
    monkeypatch.setattr(live, "WATCH_SECONDS", 60)
    user = await in_thread(PortalUserFactory)(client=client_row)
    browser = await in_thread(signed_in)(user)
    async with listening(browser) as (socket, _hello):
        await commits(lambda: devices.sign_out_everywhere(user, by=None, request=None, now=NOW))
        assert await closed(socket) == 4403


@on_a_loop
async def test_a_company_without_its_login_is_shut_out(company):
    browser, _page = await in_thread(sign_in)("contoso")
    async with listening(browser) as (socket, _hello):
        await in_thread(Client.objects.update)(portal_enabled=False)
        assert await closed(socket) == 4403


@on_a_loop
async def test_a_backup_that_was_put_back_closes_the_sockets_of_a_running_site(viewer):
    async with listening(viewer) as (socket, _hello):
        await in_thread(restoring.begin_anew)(now=NOW)
        assert await asyncio.wait_for(closed(socket), live.WATCH_SECONDS + 0.5) == 4401


@on_a_loop
async def test_signing_out_closes_the_sockets_of_that_session_only(client_row, commits, monkeypatch):
    monkeypatch.setattr(live, "WATCH_SECONDS", 60)
    user = await in_thread(PortalUserFactory)(client=client_row)
    one, other = await in_thread(lambda: [signed_in(user), signed_in(user)])()
    async with listening(one) as (first, _a), listening(one) as (second, _b), listening(other) as (kept, _c):
        await commits(lambda: one.post("/client-portal/logout"))
        assert [await closed(first), await closed(second)] == [4401, 4401]
        assert await kept.receive_nothing(timeout=0.2)


@on_a_loop
async def test_an_open_socket_does_not_keep_its_session_alive(viewer):
    before = await in_thread(lambda: SignedInSession.objects.values_list("expire_date", "seen_at").get())()
    async with listening(viewer):
        await asyncio.sleep(0.05)
    assert await in_thread(lambda: SignedInSession.objects.values_list("expire_date", "seen_at").get())() == before


# It does not listen


@on_a_loop
async def test_whatever_a_page_says_is_ignored(viewer, client_row, commits):
    async with listening(viewer) as (socket, _hello):
        other = await in_thread(ClientFactory)()
        for said in ("{", '{"type": "hello", "client_id": 1}', f'{{"group": "client_portal_{other.pk}"}}', "\0"):
            await socket.send_to(text_data=said)
        await socket.send_to(bytes_data=b"\xff\xfe")
        await commits(lambda: tell(other, seconds=1))
        assert await socket.receive_nothing(timeout=0.1)


@on_a_loop
async def test_too_many_messages_close_the_socket(viewer):
    async with listening(viewer) as (socket, _hello):
        for _n in range(consumers.MOST_MESSAGES):
            await socket.send_to(text_data="x")
        assert await socket.receive_nothing(timeout=0.05)
        await socket.send_to(text_data="x")
        assert await closed(socket) == consumers.TOO_MUCH


@on_a_loop
async def test_too_much_text_closes_the_socket(viewer):
    async with listening(viewer) as (socket, _hello):
        await socket.send_to(text_data="x" * consumers.MOST_BYTES)
        assert await socket.receive_nothing(timeout=0.05)
        await socket.send_to(text_data="x")
        assert await closed(socket) == consumers.TOO_MUCH


# The watch


async def entrances_of(browsers):
    asked = {(browser.cookies["sessionid"].value, "en") for browser in browsers}
    return set((await in_thread(live.admit)(asked)).values())


def some_people(count, client):
    return in_thread(lambda: [signed_in(PortalUserFactory(client=client)) for _n in range(count)])()


@pytest.mark.parametrize("count", [1, 5])
@on_a_loop
async def test_a_round_of_the_watch_asks_two_questions_however_many_sessions_there_are(
    client_row, company, django_assert_num_queries, count
):
    entrances = await entrances_of(await some_people(count, client_row))
    browser, _page = await in_thread(sign_in)("contoso")
    entrances |= await entrances_of([browser])
    assert len(entrances) == count + 1

    def look():
        with django_assert_num_queries(2):
            return live.standings(entrances)

    assert {standing.closed_with for standing in (await in_thread(look)()).values()} == {None}


def _other_number(entrance):
    User.objects.filter(pk=entrance.user_id).update(access_number=7)


def _expired(entrance):
    SignedInSession.objects.filter(session_key=entrance.session_key).update(expire_date=timezone.now())


ENDINGS = {
    "another number": (_other_number, 4403),
    "no user": (lambda entrance: User.objects.filter(pk=entrance.user_id).delete(), 4403),
    "an expired session": (_expired, 4401),
    "no session": (lambda entrance: SignedInSession.objects.filter(session_key=entrance.session_key).delete(), 4401),
}


@pytest.mark.parametrize("ending", ENDINGS)
@on_a_loop
async def test_only_the_session_that_has_ended_is_found_to_have_ended(
    client_row, ending, django_assert_max_num_queries
):
    end, code = ENDINGS[ending]
    entrances = await entrances_of(await some_people(3, client_row))
    ended = next(iter(entrances))

    def look():
        end(ended)
        with django_assert_max_num_queries(4):
            return live.standings(entrances)

    found = await in_thread(look)()
    assert {entrance: standing.closed_with for entrance, standing in found.items()} == {
        entrance: code if entrance == ended else None for entrance in entrances
    }


@on_a_loop
async def test_of_two_numbers_of_one_session_only_the_present_one_stands(client_row):
    (entrance,) = await entrances_of(await some_people(1, client_row))
    earlier = replace(entrance, numbers=(7, 0))
    found = await in_thread(live.standings)([entrance, earlier])
    assert (found[entrance].closed_with, found[earlier].closed_with) == (None, 4403)


@pytest.mark.parametrize("each", [1, 100])
@on_a_loop
async def test_the_watch_asks_for_a_session_once_however_many_sockets_it_has(client_row, monkeypatch, each):
    monkeypatch.setattr(live, "MOST_OF_A_SESSION", each)
    monkeypatch.setattr(live, "WATCH_SECONDS", 0.01)
    entrances = await entrances_of(await some_people(5, client_row))
    asked, truth = [], live.standings
    monkeypatch.setattr(live, "standings", lambda of: asked.append(of) or truth(of))
    watch = live.Watch()
    sockets = [consumers.PortalSocket(None) for _n in range(5 * each)]
    for socket, entrance in zip(sockets, [*entrances] * each, strict=True):
        socket.entrance = entrance
        assert watch.keep(socket)
    while not asked:
        await asyncio.sleep(0.01)
    for socket in sockets:
        watch.drop(socket)
    assert [*map(len, asked)] == [5] * len(asked)


@on_a_loop
async def test_sessions_are_looked_up_together(client_row, company, django_assert_num_queries):
    people = await some_people(5, client_row)
    asked = {(browser.cookies["sessionid"].value, "en") for browser in people}
    company_browser, _page = await in_thread(sign_in)("contoso")
    asked.add((company_browser.cookies["sessionid"].value, "de"))
    strangers = {("a" * 32, "en"), ("", ""), (None, "")}

    def look():
        with django_assert_num_queries(3):
            return live.admit(asked | strangers)

    found = await in_thread(look)()
    assert {pair for pair, entrance in found.items() if entrance is None} == strangers
    assert len({entrance.user_id for entrance in found.values() if entrance}) == 6


@on_a_loop
async def test_sockets_that_come_while_others_are_looked_up_are_looked_up_together(client_row, monkeypatch):
    browsers = await some_people(4, client_row)
    asked, truth = [], live.admit
    monkeypatch.setattr(live, "admit", lambda of: asked.append(len(of)) or truth(of))
    async with AsyncExitStack() as open_sockets:
        opening = [open_sockets.enter_async_context(listening(browser)) for browser in browsers * 5]
        assert len(await asyncio.gather(*opening)) == 20
    assert sum(asked) <= 8
    assert len(asked) <= 3


@on_a_loop
async def test_who_goes_away_while_it_is_looked_up_leaves_the_others_waiting():
    go_on = asyncio.Event()

    async def look_up(questions):
        await go_on.wait()
        return {question: question.upper() for question in questions}

    asked = desk.Desk(look_up, asyncio.Lock())
    one, other = asyncio.create_task(asked.ask("a")), asyncio.create_task(asked.ask("a"))
    await asyncio.sleep(0)
    one.cancel()
    go_on.set()
    assert await other == "A"


@on_a_loop
async def test_an_event_is_drawn_once_for_all_sockets_that_are_told_in_one_wording(client_row, commits, monkeypatch):
    browsers = await in_thread(
        lambda: [signed_in(PortalUserFactory(client=client_row, locale=tag)) for tag in ("en-GB", "de-DE", "de-DE")]
    )()
    drawn, truth = [], notices.frame
    monkeypatch.setattr(notices, "frame", lambda event, locale: drawn.append(locale) or truth(event, locale))
    heard, hand_out = [], live.Watch._spread
    monkeypatch.setattr(live.Watch, "_spread", lambda watch, message: heard.append(message) or hand_out(watch, message))
    async with AsyncExitStack() as open_sockets:
        sockets = [(await open_sockets.enter_async_context(listening(browser)))[0] for browser in browsers * 4]
        await commits(lambda: tell(client_row, "invoice_sent", number="2026-1", amount="10.00", currency="EUR"))
        titles = [(await hear(socket))["title"] for socket in sockets]
    assert titles == ["New invoice 2026-1", "Neue Rechnung 2026-1", "Neue Rechnung 2026-1"] * 4
    assert sorted(drawn) == ["de-DE", "en-GB"]
    assert len(heard) == 1


@on_a_loop
async def test_a_message_that_cannot_be_said_keeps_no_later_one_from_being_told(viewer, client_row, commits, caplog):
    async with listening(viewer) as (socket, _hello):
        await commits(lambda: tell(client_row, "invoice_sent"))
        await commits(lambda: tell(client_row, seconds=1))
        assert (await hear(socket))["id"] == 2
    assert "could not be told" in caplog.text


@on_a_loop
async def test_a_socket_that_opens_late_does_not_hide_what_another_missed(client_row, monkeypatch):
    monkeypatch.setattr(live, "WATCH_SECONDS", 0.3)
    one, other = await some_people(2, client_row)
    async with listening(one) as (socket, _hello):
        await in_thread(tell)(client_row, seconds=1)  # recorded, and its announcement never comes
        async with listening(other) as (_late, hello):
            assert hello["latest"] == 1
            assert (await hear(socket))["latest"] == 1


@on_a_loop
async def test_the_watch_outlives_a_database_that_is_away(viewer, client_row, monkeypatch, caplog):
    monkeypatch.setattr(live, "WATCH_SECONDS", 0.05)
    truth = live.standings
    async with listening(viewer) as (socket, _hello):

        def away(_entrances):
            raise RuntimeError("away")

        monkeypatch.setattr(live, "standings", away)
        await asyncio.sleep(0.2)
        monkeypatch.setattr(live, "standings", truth)
        await in_thread(tell)(client_row, seconds=1)
        assert await hear(socket) == {"type": "hello", "latest": 1, "epoch": ""}
    assert "could not be looked after" in caplog.text


# Every kind has its frame


@pytest.mark.parametrize("kind", EventKind.values)
@on_a_loop
async def test_every_kind_is_told_in_the_shape_that_is_promised(viewer, client_row, commits, kind):
    facts = {
        "number": "2026-1",
        "amount": "10.00",
        "currency": "EUR",
        "seconds": 3600,
        "entries": 1,
        "from": "active",
        "to": "completed",
        "status": "requested",
    }
    async with listening(viewer) as (socket, _hello):
        await commits(
            lambda: events.record(
                kind, client=client_row, subject=client_row, project=None, by=None, now=NOW, facts=facts
            )
        )
        frame = await hear(socket)
    shapes = {
        "activity": {"type", "id", "kind"},
        "client_notification": {"type", "id", "kind", "title", "message", "url"},
        "client_approval_update": {"type", "id", "kind", "approval_id", "status", "title", "url"},
    }
    assert set(frame) == shapes[frame["type"]]
    assert (frame["id"], frame["kind"]) == (1, kind)
    assert (frame["type"] == "client_approval_update") == kind.startswith("approval")
    assert (frame["type"] == "client_notification") == kind.startswith(("invoice", "quote"))


# The end of a process


@on_a_loop
async def test_a_process_that_ends_sends_its_pages_away(viewer):
    async with listening(viewer) as (first, _hello), listening(viewer) as (second, _hello):
        await live.watch().send_away()
        assert [await closed(first), await closed(second)] == [live.MOVING, live.MOVING]


@on_a_loop
async def test_a_process_that_ends_takes_no_more_sockets(viewer, monkeypatch):
    monkeypatch.setattr(leaving, "has_begun", lambda: True)
    assert await refused(socket_of(viewer))
