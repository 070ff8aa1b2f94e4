from django.db import migrations, models

BUYERS_LOCALE = "UPDATE {0} SET locale = (SELECT locale FROM clients WHERE clients.id = {0}.client_id) WHERE status <> 'draft'"


def locale():
    return models.CharField(blank=True, db_default='', default='', editable=False, max_length=16)


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0004_totals_of_time'),
    ]

    operations = [
        migrations.AddField(model_name='invoice', name='locale', field=locale()),
        migrations.AddField(model_name='quote', name='locale', field=locale()),
        migrations.RunSQL(BUYERS_LOCALE.format('invoices'), migrations.RunSQL.noop),
        migrations.RunSQL(BUYERS_LOCALE.format('quotes'), migrations.RunSQL.noop),
    ]
