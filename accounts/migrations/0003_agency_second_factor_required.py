from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_access_numbers_sessions_and_trail'),
    ]

    operations = [
        migrations.AddField(
            model_name='agency',
            name='second_factor_required',
            field=models.BooleanField(db_default=False, default=False, help_text='Staff without one can do nothing here before they have set it up.', verbose_name='staff must use a second factor'),
        ),
    ]
