"""Whose the rows of each model are; a new model stands in none of these lists, and the suite fails until it does."""

from django.apps import apps

# Rows that belong to one client: `client_id` is set, and the portal shows them to no other.
CLIENT_DATA = [
    "accounts.ClientLogo",
    "accounts.Event",
    "accounts.EventCounter",
    "billing.Comment",
    "billing.CreditNote",
    "billing.Invoice",
    "billing.InvoiceItem",
    "billing.InvoiceTotal",
    "billing.Payment",
    "billing.Project",
    "billing.ProjectTotal",
    "billing.Quote",
    "billing.QuoteItem",
    "billing.Task",
    "billing.TimeApproval",
    "billing.TimeApprovalEntry",
    "billing.TimeEntry",
    "portal.DashboardPreference",
    "portal.DigestItem",
    "portal.EventRead",
    "portal.EventReadMark",
    "portal.MailChoice",
]

# Rows that no client ever sees.
STAFF_ONLY = [
    "accounts.QueuedTask",
    "accounts.TrailEntry",
    "admin.LogEntry",
    "axes.AccessAttempt",
    "axes.AccessAttemptExpiration",
    "axes.AccessFailureLog",
    "axes.AccessLog",
    "billing.NumberSequence",
]

# Who people and companies are, and how they get in.
IDENTITY = [
    "accounts.Client",
    "accounts.Invitation",
    "accounts.SignedInSession",
    "accounts.User",
    "accounts.User_groups",
    "accounts.User_user_permissions",
    "auth.Group",
    "auth.Group_permissions",
    "sessions.Session",
    "otp_static.StaticDevice",
    "otp_static.StaticToken",
    "otp_totp.TOTPDevice",
]

# The same for everybody.
REFERENCE = [
    "accounts.Agency",
    "accounts.Epoch",
    "auth.Permission",
    "contenttypes.ContentType",
]

# Client data without an index that begins with the client, and why that is well.
UNINDEXED = {}

# Pointers of a client's row to a client's row that no Tie holds, and why that is well.
UNTIED = {
    "billing.ProjectTotal.project": "written by the database alone, from time entries, which are tied",
    "billing.Payment.reversal_of": "points at a payment of the same invoice, which is tied; written by reverse() alone",
}

# What a viewer may write: its own layout, its read marks, its answers to approval requests.
VIEWERS_OWN = [
    "portal.DashboardPreference",
    "portal.EventRead",
    "portal.EventReadMark",
    "portal.MailChoice",
    "billing.TimeApproval",
]

# What looking at a page, trying to sign in or forgetting a password may leave behind.
TRACES = [
    "accounts.QueuedTask",
    "accounts.SignedInSession",
    "accounts.TrailEntry",
    "axes.AccessAttempt",
    "axes.AccessAttemptExpiration",
    "axes.AccessFailureLog",
    "axes.AccessLog",
    "sessions.Session",
]


def all_models():
    """Every model of the project and of the installed apps, tables between two models included."""
    return apps.get_models(include_auto_created=True)


def client_models():
    return [apps.get_model(label) for label in CLIENT_DATA]
