"""Fill a new database with clients that must not hear of each other: `python -m portal.tests.drills.furnish`.

It prints as JSON who there is: for each client the word that nobody else may read, and how to get in.
"""

import json
import sys

CLIENTS, PEOPLE_OF_EACH, DRAFTS_OF_EACH = 8, 2, 60


def main():
    import conftest  # noqa: F401 (the settings of the tests)
    from accounts.tests.factories import StaffFactory
    from portal.tests.browsers import signed_in

    staff = signed_in(StaffFactory(username="staff"))
    world = {"staff": key_of(staff), "clients": [client(number) for number in range(CLIENTS)]}
    sys.stdout.write(json.dumps(world))


def client(number):
    from accounts.tests.factories import ClientFactory, PortalUserFactory
    from billing.tests.factories import ProjectFactory, draft_invoice
    from portal.tests.browsers import signed_in

    word = f"kelp{number:03}x"
    row = ClientFactory(name=f"Boats {word}", currency_code="EUR")
    project = ProjectFactory(client=row, name=f"Harbour {word}", hourly_rate=90)
    people = [PortalUserFactory(client=row, username=f"{word}-{who}") for who in range(PEOPLE_OF_EACH)]
    return {
        "pk": row.pk,
        "word": word,
        "name": row.name,
        "project": project.pk,
        "drafts": [draft_invoice(row, notes=word, project=project).pk for _n in range(DRAFTS_OF_EACH)],
        "keys": [key_of(signed_in(person)) for person in people],
    }


def key_of(browser):
    from django.conf import settings

    return browser.cookies[settings.SESSION_COOKIE_NAME].value


if __name__ == "__main__":
    main()
