from django.db import migrations, models

from campaigns.events import sql
from campaigns.tenants.offers import OfferRights

_VIEW = ["events.kind.view", "events.drop.view", "events.source.view"]


class Migration(migrations.Migration):
    dependencies = [("events", "0003_only_verified"), ("tenants", "0010_may")]

    operations = [
        migrations.AddField(
            model_name='drop',
            name='reasons',
            field=models.JSONField(db_default=models.Value({}, models.JSONField()), default=dict, verbose_name='reasons'),
        ),
        migrations.CreateModel(
            name='Heard',
            fields=[
                ('source', models.CharField(max_length=60, primary_key=True, serialize=False, verbose_name='source')),
                ('at', models.DateTimeField(verbose_name='last heard')),
            ],
            options={
                'verbose_name': 'source of events',
                'verbose_name_plural': 'sources of events',
            },
        ),
        migrations.RunSQL(sql.HEARD_GRANTS, migrations.RunSQL.noop),
        OfferRights({"administrator": _VIEW, "auditor": _VIEW}),
    ]
