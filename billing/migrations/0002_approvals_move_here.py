"""The table of approval requests moves from the portal as it is."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_agency_second_factor_required'),
        ('billing', '0001_work_and_money'),
        ('portal', '0001_layouts_read_marks_approvals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(state_operations=[
            migrations.CreateModel(
                name='TimeApproval',
                fields=[
                    ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                    ('period_start', models.DateField(verbose_name='from')),
                    ('period_end', models.DateField(verbose_name='to')),
                    ('status', models.CharField(choices=[('requested', 'Waiting'), ('approved', 'Approved'), ('rejected', 'Rejected'), ('withdrawn', 'Withdrawn')], default='requested', max_length=10, verbose_name='status')),
                    ('requested_at', models.DateTimeField(verbose_name='asked')),
                    ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                    ('reason', models.TextField(blank=True, verbose_name='reason')),
                    ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='answered by')),
                    ('client', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='time_approvals', to='accounts.client', verbose_name='client')),
                    ('project', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='time_approvals', to='billing.project', verbose_name='project')),
                    ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='asked by')),
                ],
                options={
                    'verbose_name': 'approval of hours',
                    'verbose_name_plural': 'approvals of hours',
                    'db_table': 'client_time_approvals',
                    'indexes': [models.Index(fields=['client', 'status'], name='time_approvals_waiting')],
                    'constraints': [models.CheckConstraint(condition=models.Q(('period_end__gte', models.F('period_start'))), name='time_approvals_period_in_order'), models.CheckConstraint(condition=models.Q(models.Q(('answered_at', None), ('status', 'requested')), models.Q(models.Q(('status', 'requested'), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='time_approvals_answered_has_time'), models.CheckConstraint(condition=models.Q(('status__in', ['requested', 'approved', 'rejected', 'withdrawn'])), name='time_approvals_status_known')],
                },
            ),
        ]),
    ]
