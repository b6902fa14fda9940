import campaigns.lib.ids
import django.db.models.deletion
from django.db import migrations, models

from campaigns.customers import sql, sql_rights
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall


def follows(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql.FOLLOWS_CUSTOMER.format(table=table), migrations.RunSQL.noop)


_AT_A_BRANCH = ["customers.consent.view", "customers.consent.add", "customers.birth.change", "customers.erasure.view"]


class Migration(migrations.Migration):
    dependencies = [("customers", "0030_consents"), ("tenants", "0010_may")]

    operations = [
        migrations.CreateModel(
            name='DataExport',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('waiting', 'Being made'), ('ready', 'Ready to be fetched'), ('gone', 'Deleted')], default='waiting', max_length=8, verbose_name='state')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
                ('ready_at', models.DateTimeField(null=True, verbose_name='ready at')),
                ('gone_at', models.DateTimeField(null=True, verbose_name='kept until')),
                ('fetched_at', models.DateTimeField(null=True, verbose_name='fetched at')),
                ('size', models.PositiveIntegerField(default=0, verbose_name='bytes')),
                ('token_hash', models.BinaryField(max_length=32, null=True)),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
                ('customer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='customers.customer', verbose_name='customer')),
            ],
            options={
                'verbose_name': "copy of one's information",
                'verbose_name_plural': "copies of one's information",
                'ordering': ['-id'],
                'indexes': [models.Index(condition=models.Q(('state', 'ready')), fields=['gone_at'], name='customers_dataexport_to_delete')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state__in', ['waiting', 'ready'])), fields=('customer',), name='customers_dataexport_one_is_open'), models.CheckConstraint(condition=models.Q(models.Q(('ready_at__isnull', True), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('gone_at__isnull', False)), _connector='OR'), name='customers_dataexport_made_one_says_until_when')],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('state', models.CharField(choices=[('waiting', 'Waits for its day'), ('withdrawn', 'Taken back'), ('done', 'Erased')], default='waiting', max_length=9, verbose_name='state')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
                ('by_person', models.UUIDField(null=True, verbose_name='noted by')),
                ('why', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('erase_at', models.DateTimeField(verbose_name='to be erased at')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='ended at')),
                ('kept', models.JSONField(default=list, verbose_name='kept by law')),
                ('held_up', models.JSONField(default=list, verbose_name='held up by')),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
                ('customer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='customers.customer', verbose_name='customer')),
            ],
            options={
                'verbose_name': 'erasure',
                'verbose_name_plural': 'erasures',
                'ordering': ['-id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('state', 'waiting')), fields=('customer',), name='customers_erasure_one_waits'), models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state', 'waiting')), models.Q(models.Q(('state', 'waiting'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='customers_erasure_ended_one_says_when')],
            },
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('lookup', models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ('erased_at', models.DateTimeField(verbose_name='erased at')),
            ],
            options={
                'verbose_name': 'erased number',
                'verbose_name_plural': 'erased numbers',
            },
        ),
        *wall("customers_dataexport", customer="own", follows_branch=False),
        follows("customers_dataexport"),
        *wall("customers_erasure", customer="own", follows_branch=False),
        follows("customers_erasure"),
        migrations.RunSQL(sql_rights.TOMBSTONES, migrations.RunSQL.noop),
        migrations.RunSQL(sql_rights.FORGET_GRANTS, migrations.RunSQL.noop),
        *verb("forget_customers(uuid[])", sql_rights.FORGET),
        migrations.RunSQL(sql_rights.PURGE_GRANTS, migrations.RunSQL.noop),
        *verb("purge_refresh_sessions(timestamptz, int)", sql_rights.PURGE_SESSIONS),
        OfferRights(
            {
                "administrator": ["customers.consenttext.view", "customers.consenttext.add", "customers.consent.view", "customers.consent.add", "customers.birth.change", "customers.erasure.view", "customers.erasure.add", "customers.erasure.cancel", "customers.dataexport.view", "customers.datamap.view"],
                "branch_manager": _AT_A_BRANCH,
                "relationship_manager": _AT_A_BRANCH,
                "auditor": ["customers.consenttext.view", "customers.consent.view", "customers.erasure.view", "customers.dataexport.view", "customers.datamap.view"],
            }
        ),
    ]
