import campaigns.lib.ids
import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

from campaigns.customers.imports import sql
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import verb, wall


class Migration(migrations.Migration):

    dependencies = [
        ('customers', '0012_tag_rights'),
        ('tenants', '0010_may'),
    ]

    operations = [
        migrations.CreateModel(
            name='CustomerFile',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=200, verbose_name='file')),
                ('source', models.CharField(max_length=40, verbose_name='source')),
                ('loaded_at', models.DateTimeField(verbose_name='loaded at')),
                ('loaded_by', models.CharField(blank=True, max_length=60, verbose_name='loaded by')),
                ('sha256', models.CharField(max_length=64, verbose_name='hash of the file')),
                ('size', models.BigIntegerField(verbose_name='bytes')),
                ('form', models.CharField(max_length=4, verbose_name='format')),
                ('delimiter', models.CharField(max_length=1, verbose_name='column separator')),
                ('rows', models.PositiveIntegerField(verbose_name='rows')),
                ('headings', models.PositiveIntegerField(verbose_name='line of the headings')),
                ('titles', models.JSONField(default=list, verbose_name='headings')),
                ('headings_key', models.CharField(max_length=64, verbose_name='hash of the headings')),
                ('mapping', models.JSONField(default=dict, verbose_name='columns')),
                ('is_mapping_chosen', models.BooleanField(default=False, verbose_name='columns were chosen')),
                ('state', models.CharField(choices=[('draft', 'columns to be chosen'), ('judging', 'being judged'), ('judged', 'judged'), ('waiting', 'waits for a second person'), ('applying', 'being carried out'), ('applied', 'carried out'), ('undoing', 'being taken back'), ('undone', 'taken back')], default='draft', max_length=8, verbose_name='state')),
                ('counts', models.JSONField(default=dict, verbose_name='verdicts')),
                ('judged_at', models.DateTimeField(null=True, verbose_name='judged at')),
                ('is_large', models.BooleanField(default=False, verbose_name='needs a second person')),
                ('asked_by_id', models.UUIDField(null=True, verbose_name='asked by')),
                ('asked_by', models.CharField(blank=True, max_length=60, verbose_name='asked by')),
                ('asked_at', models.DateTimeField(null=True, verbose_name='asked at')),
                ('confirmed_by_id', models.UUIDField(null=True, verbose_name='confirmed by')),
                ('confirmed_by', models.CharField(blank=True, max_length=60, verbose_name='confirmed by')),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='confirmed at')),
                ('job_id', models.UUIDField(null=True, verbose_name='long job')),
                ('started_at', models.DateTimeField(null=True, verbose_name='started at')),
                ('applied_at', models.DateTimeField(null=True, verbose_name='carried out at')),
                ('undone_at', models.DateTimeField(null=True, verbose_name='taken back at')),
                ('kept_until', models.DateTimeField(verbose_name='content kept until')),
                ('gone_at', models.DateTimeField(null=True, verbose_name='content deleted at')),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
            ],
            options={
                'verbose_name': 'customer file',
                'verbose_name_plural': 'customer files',
                'ordering': ['-id'],
            },
        ),
        migrations.CreateModel(
            name='FileLot',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveIntegerField()),
                ('offset', models.BigIntegerField()),
                ('line', models.PositiveIntegerField()),
                ('verdicts', models.BinaryField()),
                ('refused', models.BinaryField(default=b'')),
                ('new_rows', models.PositiveIntegerField(default=0)),
                ('changed_rows', models.PositiveIntegerField(default=0)),
                ('same_rows', models.PositiveIntegerField(default=0)),
                ('refused_rows', models.PositiveIntegerField(default=0)),
                ('applied_at', models.DateTimeField(null=True)),
                ('made', django.contrib.postgres.fields.ArrayField(base_field=models.UUIDField(), default=list, size=None)),
                ('prints', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('before', models.BinaryField(default=b'')),
                ('undone_at', models.DateTimeField(null=True)),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
                ('file', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='lots', to='customers.customerfile')),
            ],
            options={
                'verbose_name': 'lot of a customer file',
                'verbose_name_plural': 'lots of customer files',
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='CustomerExport',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('form', models.CharField(max_length=4, verbose_name='format')),
                ('asks', models.JSONField(default=dict, verbose_name='whom')),
                ('columns', models.JSONField(default=list, verbose_name='columns')),
                ('is_unmasked', models.BooleanField(default=False, verbose_name='in the clear')),
                ('reason', models.CharField(blank=True, max_length=200, verbose_name='reason')),
                ('rows', models.PositiveIntegerField(verbose_name='customers')),
                ('is_large', models.BooleanField(default=False, verbose_name='needs a second person')),
                ('state', models.CharField(choices=[('waiting', 'waits for a second person'), ('writing', 'being written'), ('done', 'ready'), ('declined', 'declined'), ('gone', 'deleted in due course')], max_length=8, verbose_name='state')),
                ('asked_by_id', models.UUIDField(null=True, verbose_name='asked by')),
                ('asked_by', models.CharField(blank=True, max_length=60, verbose_name='asked by')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
                ('opened_as', models.JSONField(default=dict, verbose_name='on whose behalf')),
                ('confirmed_by_id', models.UUIDField(null=True, verbose_name='confirmed by')),
                ('confirmed_by', models.CharField(blank=True, max_length=60, verbose_name='confirmed by')),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='confirmed at')),
                ('job_id', models.UUIDField(null=True, verbose_name='long job')),
                ('done_at', models.DateTimeField(null=True, verbose_name='ready at')),
                ('kept_until', models.DateTimeField(null=True, verbose_name='kept until')),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
            ],
            options={
                'verbose_name': 'customer export',
                'verbose_name_plural': 'customer exports',
                'ordering': ['-id'],
                'constraints': [models.CheckConstraint(condition=models.Q(('confirmed_by_id__isnull', True), models.Q(('confirmed_by_id', models.F('asked_by_id')), _negated=True), _connector='OR'), name='customers_customerexport_confirmed_by_another_person'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['writing', 'done']), _negated=True), ('is_large', False), ('confirmed_by_id__isnull', False), _connector='OR'), name='customers_customerexport_large_one_is_confirmed'), models.CheckConstraint(condition=models.Q(('is_unmasked', False), models.Q(('reason', ''), _negated=True), _connector='OR'), name='customers_customerexport_in_the_clear_has_a_reason')],
            },
        ),
        migrations.AddIndex(
            model_name='customerfile',
            index=models.Index(fields=['source', 'headings_key', '-id'], name='customers_file_remembered'),
        ),
        migrations.AddConstraint(
            model_name='customerfile',
            constraint=models.CheckConstraint(condition=models.Q(('confirmed_by_id__isnull', True), models.Q(('confirmed_by_id', models.F('asked_by_id')), _negated=True), _connector='OR'), name='customers_customerfile_confirmed_by_another_person'),
        ),
        migrations.AddConstraint(
            model_name='customerfile',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['applying', 'applied', 'undoing', 'undone']), _negated=True), ('is_large', False), ('confirmed_by_id__isnull', False), _connector='OR'), name='customers_customerfile_large_one_is_confirmed'),
        ),
        migrations.AddConstraint(
            model_name='filelot',
            constraint=models.UniqueConstraint(fields=('file', 'number'), name='customers_filelot_number_is_unique'),
        ),
        *wall("customers_customerfile"),
        *wall("customers_filelot", sees={"file_id": "customers_customerfile"}),
        *wall("customers_customerexport"),
        *verb("customers_owners_of(text[], bytea[])", sql.OWNERS_OF),
        OfferRights({"administrator": ["customers.customer.import", "customers.customer.export"], "branch_manager": ["customers.customer.export"]}),
    ]
