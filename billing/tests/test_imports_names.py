"""The clients, projects, tasks and people that an import finds or makes."""

import pytest

from accounts.models import Client, User
from accounts.tests.factories import ClientFactory, PortalUserFactory, StaffFactory, UserFactory
from billing.imports.names import Places
from billing.models import Project, Task, TimeEntry
from billing.tests.factories import NOW, ProjectFactory, TaskFactory
from billing.tests.import_files import bad_rows, entry_row, generic, run

pytestmark = pytest.mark.django_db


def test_names_are_found_in_any_case():
    client = ClientFactory(name="ACME")
    project = ProjectFactory(client=client, name="Éclair")
    task = TaskFactory(project=project, name="Bake")
    user = UserFactory(email="Ada@Example.com")

    report = run(generic(entry_row(client="acme", project="éclair", task="BAKE", email="ada@example.COM")))

    entry = TimeEntry.objects.get()
    assert (entry.client, entry.project, entry.task, entry.user) == (client, project, task, user)
    assert (report.new_clients, report.new_projects, report.new_tasks, report.new_people) == ([], [], [], [])


def test_people_become_inactive_users_without_a_password():
    report = run(generic(entry_row(person="Ada B. Park", email="Ada.Park@example.com")))

    user = User.objects.get()
    assert (user.first_name, user.last_name, user.email) == ("Ada B.", "Park", "Ada.Park@example.com")
    assert (user.is_active, user.has_usable_password(), user.is_staff, user.username) == (
        False,
        False,
        False,
        "ada.park",
    )
    assert report.new_people == ["Ada B. Park"]


def test_a_user_name_is_free_in_any_case_and_no_companys():
    UserFactory(username="ADA", email="other@example.com")
    ClientFactory(portal_username="Ada2")

    run(generic(entry_row(person="Ada Park", email="ada@example.com")))

    assert User.objects.get(email="ada@example.com").username == "ada3"


def test_a_name_alone_means_the_one_person_of_that_name():
    user = StaffFactory(first_name="Ada", last_name="Park")

    run(generic(entry_row(person="ada park")))

    assert TimeEntry.objects.get().user == user


def test_a_name_with_another_address_is_another_person():
    StaffFactory(first_name="Ada", last_name="Park", email="one@example.com")

    run(generic(entry_row(email="two@example.com")))

    assert TimeEntry.objects.get().user.email == "two@example.com"


def test_a_name_never_means_someone_of_a_client():
    PortalUserFactory(first_name="Ada", last_name="Park")

    report = run(generic(entry_row(person="Ada Park")))

    assert report.new_people == ["Ada Park"]


def test_a_name_that_several_have_is_a_bad_row():
    StaffFactory(first_name="Ada", last_name="Park")
    StaffFactory(first_name="Ada", last_name="Park")

    assert "Several people" in bad_rows(generic(entry_row()))[2]


def test_rows_without_a_client_or_project_need_a_default():
    content = generic(entry_row(), entry_row(client=""), entry_row(project=""))

    reasons = bad_rows(content, client="")
    assert sorted(reasons) == [3, 4]
    assert "names no client" in reasons[3]
    assert "names no project" in reasons[4]
    assert run(content, client="Rest", project="Misc").entries == 3
    assert sorted(TimeEntry.objects.values_list("client__name", "project__name")) == [
        ("Acme", "Misc"),
        ("Acme", "Site"),
        ("Rest", "Site"),
    ]


def test_a_default_that_no_row_needs_is_not_made():
    run(generic(entry_row()), client="Unneeded", project="Unneeded too")

    assert list(Client.objects.values_list("name", flat=True)) == ["Acme"]
    assert list(Project.objects.values_list("name", flat=True)) == ["Site"]


def test_names_that_came_up_meanwhile_are_used():
    places = Places(now=NOW, default_client="", default_project="")
    task = TaskFactory(name="Build", project__name="Site", project__client__name="Acme")

    project, found = places.find("ACME", "SITE", "BUILD", "EUR")

    assert (project, found) == (task.project, task)
    assert places.created == {Client: {}, Project: {}, Task: {}}
