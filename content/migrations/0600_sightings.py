import campaigns.lib.ids
import django.db.models.deletion
from django.db import migrations, models

from campaigns.tenants.walls import verb, wall
from content import sql_sightings


class Migration(migrations.Migration):
    """Who had seen what was recalled lies in a list of its own, gathered beside the work."""

    dependencies = [
        ('content', '0500_calendar'),
        ('customers', '0002_walls'),
        ('events', '0002_walls'),
        ('tenants', '0010_may'),
    ]

    operations = [
        migrations.AddField(
            model_name='recall',
            name='gathered_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='counted at'),
        ),
        migrations.CreateModel(
            name='Sighting',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('customer_id', models.UUIDField(verbose_name='customer')),
                ('first_at', models.DateTimeField(verbose_name='first')),
                ('last_at', models.DateTimeField(verbose_name='last')),
                ('times', models.PositiveIntegerField(verbose_name='times')),
                ('reads', models.PositiveIntegerField(verbose_name='read')),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
                ('recall', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='sightings', to='content.recall', verbose_name='recall')),
            ],
            options={
                'verbose_name': 'sighting',
                'verbose_name_plural': 'sightings',
                'ordering': ['first_at', 'id'],
                'indexes': [models.Index(fields=['recall', 'first_at', 'customer_id'], name='content_sighting_of_recall'), models.Index(fields=['customer_id'], name='content_sighting_of_customer')],
            },
        ),
        *wall("content_sighting", verbs_only=True, verbs="SELECT, INSERT, UPDATE (customer_id), DELETE"),
        migrations.RunSQL(sql_sightings.GRANTS, migrations.RunSQL.noop),
        *verb("gather_sightings(uuid)", sql_sightings.GATHER),
        *verb(
            "forget_sightings(uuid)", sql_sightings.FORGET, execute=["fenhang_app", "fenhang_customer"]
        ),
    ]
