import django.db.models.deletion
from django.db import migrations, models

import campaigns.lib.ids
from campaigns.customers import sql, sql_merges
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall

BOTH = {"first_id": "customers_customer", "second_id": "customers_customer"}


def follows(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql.FOLLOWS_CUSTOMER.format(table=table), migrations.RunSQL.noop)


_STEWARD = ["customers.customer.move", "customers.customer.assign", "customers.customer.merge", "customers.customer.unmerge", "customers.customer.unmask", "customers.identity.revoke", "customers.mergeproposal.view", "customers.mergeproposal.add", "customers.merge.view"]


class Migration(migrations.Migration):
    """Merges and what is proposed, who looks after customers, and where they were at home."""

    dependencies = [("customers", "0003_identities"), ("tenants", "0010_may"), ("audit", "0002_walls")]

    operations = [
        migrations.CreateModel(
            name='Care',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('since', models.DateTimeField(verbose_name='in care since')),
                ('until', models.DateTimeField(null=True, verbose_name='in care until')),
                ('by_person_id', models.UUIDField(null=True, verbose_name='person')),
                ('by_name', models.CharField(blank=True, max_length=60, verbose_name='assigned by')),
                ('why', models.CharField(blank=True, max_length=200, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'customer care',
                'verbose_name_plural': 'customer care',
                'ordering': ['-since', '-id'],
            },
        ),
        migrations.CreateModel(
            name='HomeMove',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('from_name', models.CharField(max_length=120, verbose_name='old home branch')),
                ('to_name', models.CharField(max_length=120, verbose_name='new home branch')),
                ('at', models.DateTimeField(verbose_name='moment')),
                ('by_name', models.CharField(blank=True, max_length=60, verbose_name='done by')),
                ('why', models.CharField(blank=True, max_length=200, verbose_name='reason')),
            ],
            options={
                'verbose_name': 'change of the home branch',
                'verbose_name_plural': 'changes of the home branch',
                'ordering': ['-at', '-id'],
            },
        ),
        migrations.CreateModel(
            name='Merge',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(verbose_name='merged at')),
                ('by_person_id', models.UUIDField(null=True, verbose_name='person')),
                ('by_name', models.CharField(blank=True, max_length=60, verbose_name='merged by')),
                ('why', models.JSONField(default=dict, verbose_name='why')),
                ('moved', models.JSONField(default=dict, verbose_name='what moved')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='undone at')),
                ('undone_by_id', models.UUIDField(null=True, verbose_name='person')),
                ('undone_by_name', models.CharField(blank=True, max_length=60, verbose_name='undone by')),
                ('undone_why', models.CharField(blank=True, max_length=500, verbose_name='why undone')),
            ],
            options={
                'verbose_name': 'merge of customers',
                'verbose_name_plural': 'merges of customers',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='MergeProposal',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(verbose_name='proposed at')),
                ('why', models.JSONField(default=dict, verbose_name='why')),
                ('by_person_id', models.UUIDField(null=True, verbose_name='person')),
                ('by_name', models.CharField(blank=True, max_length=60, verbose_name='proposed by')),
                ('state', models.CharField(choices=[('open', 'to be decided'), ('confirmed', 'they are one'), ('rejected', 'two people'), ('superseded', 'overtaken')], default='open', max_length=12, verbose_name='state')),
                ('decided_at', models.DateTimeField(null=True, verbose_name='decided at')),
                ('decided_by_id', models.UUIDField(null=True, verbose_name='person')),
                ('decided_by_name', models.CharField(blank=True, max_length=60, verbose_name='decided by')),
                ('comment', models.CharField(blank=True, max_length=500, verbose_name='comment')),
            ],
            options={
                'verbose_name': 'possible duplicate',
                'verbose_name_plural': 'possible duplicates',
                'ordering': ['-id'],
            },
        ),
        migrations.AddField(
            model_name='care',
            name='branch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch'),
        ),
        migrations.AddField(
            model_name='care',
            name='customer',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='customers.customer', verbose_name='customer'),
        ),
        migrations.AddField(
            model_name='care',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='customers_in_care', to='tenants.person', verbose_name='relationship manager'),
        ),
        migrations.AddField(
            model_name='homemove',
            name='branch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch'),
        ),
        migrations.AddField(
            model_name='homemove',
            name='customer',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='customers.customer', verbose_name='customer'),
        ),
        migrations.AddField(
            model_name='homemove',
            name='from_branch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='old home branch'),
        ),
        migrations.AddField(
            model_name='homemove',
            name='to_branch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='new home branch'),
        ),
        migrations.AddField(
            model_name='merge',
            name='absorbed',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer', verbose_name='customer who was merged'),
        ),
        migrations.AddField(
            model_name='merge',
            name='branch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch'),
        ),
        migrations.AddField(
            model_name='merge',
            name='kept',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='merges', to='customers.customer', verbose_name='customer who was kept'),
        ),
        migrations.AddField(
            model_name='mergeproposal',
            name='branch',
            field=models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch'),
        ),
        migrations.AddField(
            model_name='mergeproposal',
            name='first',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer', verbose_name='first customer'),
        ),
        migrations.AddField(
            model_name='mergeproposal',
            name='second',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.customer', verbose_name='second customer'),
        ),
        migrations.AddField(
            model_name='merge',
            name='proposal',
            field=models.OneToOneField(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='merge', to='customers.mergeproposal', verbose_name='possible duplicate'),
        ),
        migrations.AddIndex(
            model_name='care',
            index=models.Index(condition=models.Q(('until__isnull', True)), fields=['person'], name='customers_care_of_person'),
        ),
        migrations.AddConstraint(
            model_name='care',
            constraint=models.UniqueConstraint(condition=models.Q(('until__isnull', True)), fields=('customer',), name='customers_care_one_is_open'),
        ),
        migrations.AddConstraint(
            model_name='care',
            constraint=models.CheckConstraint(condition=models.Q(('until__isnull', True), ('until__gte', models.F('since')), _connector='OR'), name='customers_care_is_forward'),
        ),
        migrations.AddIndex(
            model_name='mergeproposal',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['branch_pos', '-id'], name='customers_proposal_open'),
        ),
        migrations.AddIndex(
            model_name='mergeproposal',
            index=models.Index(fields=['second'], name='customers_proposal_second'),
        ),
        migrations.AddConstraint(
            model_name='mergeproposal',
            constraint=models.UniqueConstraint(fields=('first', 'second'), name='customers_mergeproposal_pair_stands_once'),
        ),
        migrations.AddConstraint(
            model_name='mergeproposal',
            constraint=models.CheckConstraint(condition=models.Q(('first__lt', models.F('second'))), name='customers_mergeproposal_first_is_the_smaller'),
        ),
        migrations.AddConstraint(
            model_name='mergeproposal',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'confirmed', 'rejected', 'superseded'])), name='customers_mergeproposal_state_is_known'),
        ),
        migrations.AddConstraint(
            model_name='mergeproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at__isnull', True), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='customers_mergeproposal_decided_has_its_moment'),
        ),
        migrations.AddConstraint(
            model_name='mergeproposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'confirmed'), _negated=True), models.Q(('by_person_id__isnull', True), ('decided_by_id__isnull', False)), models.Q(('decided_by_id__isnull', False), models.Q(('by_person_id', models.F('decided_by_id')), _negated=True)), _connector='OR'), name='customers_mergeproposal_is_confirmed_by_another'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.UniqueConstraint(condition=models.Q(('undone_at__isnull', True)), fields=('absorbed',), name='customers_merge_absorbed_is_merged_once'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.CheckConstraint(condition=models.Q(('kept', models.F('absorbed')), _negated=True), name='customers_merge_is_of_two_customers'),
        ),
        migrations.AddConstraint(
            model_name='merge',
            constraint=models.CheckConstraint(condition=models.Q(('undone_at__isnull', True), ('undone_at__gte', models.F('at')), _connector='OR'), name='customers_merge_is_undone_after_it_was_made'),
        ),
        *wall("customers_care", follows_branch=False, sees={"person_id": "tenants_person"}),
        follows("customers_care"),
        *wall("customers_homemove", append_only=True, follows_branch=False),
        follows("customers_homemove"),
        *wall(
            "customers_merge",
            verbs="SELECT",
            follows_branch=False,
            sees={"absorbed_id": "customers_customer", "proposal_id": "customers_mergeproposal"},
        ),
        migrations.RunSQL(sql_merges.FOLLOWS_KEPT, migrations.RunSQL.noop),
        *wall(
            "customers_mergeproposal",
            verbs="SELECT, INSERT, UPDATE (state, decided_at, branch_id, branch_pos)",
            sees=BOTH,
        ),
        migrations.RunSQL(sql_merges.CONFIRMED, migrations.RunSQL.noop),
        *verb("propose_customer_merge(uuid, uuid, uuid, jsonb)", sql_merges.PROPOSE),
        *verb("place_merge_proposals(uuid[])", sql_merges.PLACE_PROPOSALS),
        *verb("overtake_merge_proposals(uuid, uuid)", sql_merges.REPLACE_PROPOSALS),
        *verb("end_customer_sessions(uuid)", sql_merges.END_SESSIONS),
        OfferRights(
            {
                "administrator": _STEWARD,
                "branch_manager": _STEWARD,
                "relationship_manager": ["customers.customer.unmask", "customers.mergeproposal.view", "customers.mergeproposal.add", "customers.merge.view"],
                "auditor": ["customers.mergeproposal.view", "customers.merge.view"],
            }
        ),
    ]
