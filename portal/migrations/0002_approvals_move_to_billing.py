"""The table stays; its model is billing's from here on."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('billing', '0002_approvals_move_here'),
        ('portal', '0001_layouts_read_marks_approvals'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.DeleteModel(name='TimeApproval'),
        ]),
    ]
