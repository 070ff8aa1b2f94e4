"""The clients, projects, tasks and people that a file names: found in any case, made where they are new."""

import re
import unicodedata
from collections import defaultdict

from django.db import IntegrityError, transaction
from django.db.models import Value
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from accounts.models import Client, User
from billing.imports.refusals import RowRefused
from billing.imports.values import shortened
from billing.models import Project, Task

MAX_NAME = 200
MAX_PERSON_NAME = 150
MAX_EMAIL = 254
_MAX_USERNAME = 140
_NOT_IN_USERNAMES = re.compile(r"[^\w.@+-]+")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_DELETE_BATCH = 500


def folded(name):
    """A name as it is compared: in any case, however its accents are encoded."""
    return unicodedata.normalize("NFC", name).casefold()


def tidy(name, longest=MAX_NAME):
    """A name on one line, without space around it; raises RowRefused where the database could not hold it."""
    name = " ".join(name.split())
    if "\0" in name:
        raise RowRefused(_("A name holds a character that is none (NUL)."))
    if len(name) > longest:
        raise RowRefused(
            _("“%(name)s” is longer than %(longest)s characters.") % {"name": shortened(name), "longest": longest}
        )
    return name


class Places:
    """Projects and tasks by the names that rows give them."""

    def __init__(self, *, now, default_client, default_project):
        self.now = now
        self.default_client = default_client
        self.default_project = default_project
        self.created = {Client: {}, Project: {}, Task: {}}
        self._clients = {}
        for client in Client.objects.order_by("pk"):
            self._clients.setdefault(folded(client.name), client)
        self._projects = {}
        self._tasks = {}

    def find(self, client_name, project_name, task_name, currency):
        """`(project, task or None)`; a client that is new takes `currency`. Raises RowRefused."""
        names = tidy(client_name) or self.default_client, tidy(project_name) or self.default_project, tidy(task_name)
        if not names[0]:
            raise RowRefused(_("The row names no client; say which client is meant for such rows (--client)."))
        if not names[1]:
            raise RowRefused(_("The row names no project; say which project is meant for such rows (--project)."))
        return self._existing(*names) or self._made(*names, currency)

    def _existing(self, client_name, project_name, task_name):
        client = self._clients.get(folded(client_name))
        project = client and self._projects_of(client).get(folded(project_name))
        if not project:
            return None
        if project.status == Project.Status.ARCHIVED:
            raise RowRefused(_("“%(project)s” is archived; no time can be logged on it.") % {"project": project})
        if not task_name:
            return project, None
        task = self._tasks_of(project).get(folded(task_name))
        return (project, task) if task else None

    def _made(self, client_name, project_name, task_name, currency):
        client = self._clients.get(folded(client_name))
        if client is None:
            client = self._create(
                Client(name=client_name, created_at=self.now, **({"currency_code": currency} if currency else {}))
            )
            self._clients[folded(client_name)] = client
        projects = self._projects_of(client)
        if folded(project_name) not in projects:
            project = Project(client=client, name=project_name, currency_code=client.currency_code, created_at=self.now)
            projects[folded(project_name)] = self._create(project)
        project = projects[folded(project_name)]
        if not task_name:
            return project, None
        tasks = self._tasks_of(project)
        if folded(task_name) not in tasks:
            # Work is logged on it, so it is at least begun.
            status = Task.Status.IN_PROGRESS
            task = Task(client_id=client.pk, project=project, name=task_name, status=status, created_at=self.now)
            tasks[folded(task_name)] = self._create(task)
        return project, tasks[folded(task_name)]

    def _create(self, row):
        """Save a new row; where the database takes its name for one that is there, that one is meant."""
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            same = type(row).objects.annotate(lower_name=Lower("name")).filter(lower_name=Lower(Value(row.name)))
            if isinstance(row, Project):
                same = same.filter(client=row.client_id)
            if isinstance(row, Task):
                same = same.filter(project=row.project_id)
            return same.get()
        self.created[type(row)][row.pk] = row
        return row

    def _projects_of(self, client):
        if client.pk not in self._projects:
            self._projects[client.pk] = {}
            if client.pk not in self.created[Client]:
                for project in client.projects.order_by("pk"):
                    project.client = client
                    self._projects[client.pk].setdefault(folded(project.name), project)
        return self._projects[client.pk]

    def _tasks_of(self, project):
        if project.pk not in self._tasks:
            self._tasks[project.pk] = {}
            if project.pk not in self.created[Project]:
                for task in project.tasks.order_by("pk"):
                    self._tasks[project.pk].setdefault(folded(task.name), task)
        return self._tasks[project.pk]


class People:
    """Users by e-mail address or, where a row has none that is known, by full name.

    A name alone means one person only if no two have it, and never someone of a client. A row with an address
    may mean a person of that name who has none.
    """

    def __init__(self, *, now):
        self.now = now
        self.created = {User: {}}
        self._by_email, self._by_name = {}, defaultdict(list)
        self._usernames = set()
        for user in User.objects.order_by("-is_staff", "pk"):
            self._remember(user)
        self._usernames.update(
            folded(name)
            for name in Client.objects.exclude(portal_username=None).values_list("portal_username", flat=True)
        )

    def find(self, name, email):
        """The User meant by a row; an inactive one without a password is made for a new name. Raises RowRefused."""
        name, email = tidy(name, MAX_PERSON_NAME), tidy(email, MAX_EMAIL)
        if email and not _EMAIL.fullmatch(email):
            raise RowRefused(_("“%(email)s” is not an e-mail address.") % {"email": shortened(email)})
        if not name and not email:
            raise RowRefused(_("The row names no person."))
        known = self._by_email.get(folded(email)) if email else None
        return known or self._named(name, email) or self._make(name, email)

    def _named(self, name, email):
        same = [user for user in self._by_name[folded(name)] if not (email and user.email)] if name else []
        if len(same) > 1:
            raise RowRefused(
                _("Several people are called “%(name)s”; the row does not say which by e-mail.") % {"name": name}
            )
        return same[0] if same else None

    def _make(self, name, email):
        first_name, _space, last_name = name.rpartition(" ")
        user = User(
            username=self._free_username(email.partition("@")[0] or name),
            email=email,
            first_name=first_name,
            last_name=last_name,
            is_active=False,
            date_joined=self.now,
        )
        user.set_unusable_password()
        user.save(force_insert=True)
        self.created[User][user.pk] = user
        self._remember(user)
        return user

    def _remember(self, user):
        self._usernames.add(folded(user.username))
        if user.email:
            self._by_email.setdefault(folded(user.email), user)
        if user.client_id is None and user.get_full_name():
            self._by_name[folded(user.get_full_name())].append(user)

    def _free_username(self, wish):
        base = _NOT_IN_USERNAMES.sub(".", folded(wish)).strip(".")[:_MAX_USERNAME] or "person"
        name, number = base, 1
        while folded(name) in self._usernames:
            number += 1
            name = f"{base}{number}"
        return name


def drop_unused(created, used):
    """Delete rows made for nothing: `created` is `{model: {pk: row}}`, `used` the pks in use; both are narrowed."""
    for model, rows in created.items():
        unused = [pk for pk in rows if pk not in used[model]]
        for start in range(0, len(unused), _DELETE_BATCH):
            model.objects.filter(pk__in=unused[start : start + _DELETE_BATCH]).delete()
        for pk in unused:
            del rows[pk]
