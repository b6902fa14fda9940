import campaigns.lib.ids
import django.db.models.deletion
import django.db.models.expressions
from django.db import migrations, models

from campaigns.customers import sql, sql_consents
from campaigns.tenants.walls import verb, wall


def follows(table: str) -> migrations.RunSQL:
    return migrations.RunSQL(sql.FOLLOWS_CUSTOMER.format(table=table), migrations.RunSQL.noop)


class Migration(migrations.Migration):
    dependencies = [("customers", "0020_imports"), ("tenants", "0010_may"), ("audit", "0002_walls")]

    operations = [
        migrations.CreateModel(
            name='ConsentText',
            fields=[
                ('id', models.AutoField(primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=[('service', 'Service messages'), ('marketing', 'Marketing'), ('profiling', 'Profiling'), ('sensitive', 'Sensitive information'), ('partner', 'Sharing with partners')], max_length=12, verbose_name='purpose')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('title', models.CharField(max_length=80, verbose_name='title')),
                ('title_en', models.CharField(max_length=120, verbose_name='English title')),
                ('text', models.TextField(max_length=20000, verbose_name='text')),
                ('text_en', models.TextField(max_length=20000, verbose_name='English text')),
                ('sha256', models.CharField(max_length=64, verbose_name='hash')),
                ('valid_from', models.DateTimeField(verbose_name='valid from')),
                ('asks_again', models.BooleanField(default=False, verbose_name='asks everybody again')),
                ('published_at', models.DateTimeField(verbose_name='published at')),
                ('published_by', models.UUIDField(null=True, verbose_name='published by')),
            ],
            options={
                'verbose_name': 'consent text',
                'verbose_name_plural': 'consent texts',
                'ordering': ['purpose', '-version'],
                'constraints': [models.UniqueConstraint(fields=('purpose', 'version'), name='customers_consenttext_version_stands_once'), models.UniqueConstraint(fields=('id', 'purpose', 'sha256'), name='customers_consenttext_says_one_thing'), models.CheckConstraint(condition=models.Q(('purpose__in', ['service', 'marketing', 'profiling', 'sensitive', 'partner'])), name='customers_consenttext_purpose_is_known')],
            },
        ),
        migrations.CreateModel(
            name='Consent',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=[('service', 'Service messages'), ('marketing', 'Marketing'), ('profiling', 'Profiling'), ('sensitive', 'Sensitive information'), ('partner', 'Sharing with partners')], max_length=12, verbose_name='purpose')),
                ('channel', models.CharField(blank=True, choices=[('inbox', 'Mini-program inbox'), ('subscribe', 'WeChat subscribe message'), ('sms', 'Text message'), ('wecom', 'WeCom'), ('phone', 'Phone call')], max_length=12, verbose_name='channel')),
                ('is_given', models.BooleanField(verbose_name='given')),
                ('by_guardian', models.BooleanField(default=False, verbose_name='by a guardian')),
                ('text_sha256', models.CharField(blank=True, max_length=64, verbose_name='hash of the text')),
                ('source', models.CharField(choices=[('mini_program', 'Mini-program'), ('paper', 'Form on paper'), ('call', 'Recorded call'), ('counter', 'At the counter'), ('import', 'System of the bank'), ('merge', 'Merging of customers')], max_length=12, verbose_name='where it was said')),
                ('at', models.DateTimeField(verbose_name='said at')),
                ('noted_at', models.DateTimeField(verbose_name='noted at')),
                ('request_id', models.UUIDField(verbose_name='request')),
                ('ip_prefix', models.CharField(blank=True, max_length=43, verbose_name='net')),
                ('by_person', models.UUIDField(null=True, verbose_name='noted by')),
                ('evidence', models.CharField(blank=True, max_length=120, verbose_name='evidence')),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
                ('customer', models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='%(class)ss', to='customers.customer', verbose_name='customer')),
                ('text', models.ForeignKey(db_constraint=False, db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.consenttext', verbose_name='text')),
            ],
            options={
                'verbose_name': 'consent',
                'verbose_name_plural': 'consents',
                'ordering': ['-id'],
                'indexes': [models.Index(fields=['customer', 'purpose', 'channel'], name='customers_consent_of_customer')],
                'constraints': [models.CheckConstraint(condition=models.Q(('is_given', False), ('text__isnull', False), _connector='OR'), name='customers_consent_given_one_names_its_text'), models.CheckConstraint(condition=models.Q(models.Q(('channel__in', ['inbox', 'subscribe', 'sms', 'wecom', 'phone']), ('purpose__in', ['service', 'marketing'])), models.Q(('channel', ''), ('purpose__in', ['profiling', 'sensitive', 'partner'])), _connector='OR'), name='customers_consent_channel_fits_its_purpose'), models.CheckConstraint(condition=models.Q(('at__lte', models.F('noted_at'))), name='customers_consent_is_noted_after_it_is_said')],
            },
        ),
        migrations.CreateModel(
            name='Permission',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('customer', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='permission', serialize=False, to='customers.customer', verbose_name='customer')),
                ('given', models.IntegerField(default=31, verbose_name='given')),
                ('guarded', models.IntegerField(default=0, verbose_name='by a guardian')),
                ('is_minor', models.BooleanField(default=False, verbose_name='under age')),
                ('allowed', models.GeneratedField(db_persist=True, expression=models.Case(models.When(is_minor=True, then=django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('given'), '&', models.Value(31)), '+', django.db.models.expressions.CombinedExpression(models.F('guarded'), '&', models.Value(-32)))), default=models.F('given')), output_field=models.IntegerField(), verbose_name='allowed')),
                ('changed_at', models.DateTimeField(verbose_name='changed at')),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
            ],
            options={
                'verbose_name': 'permission',
                'verbose_name_plural': 'permissions',
                'indexes': [models.Index(condition=models.Q(('is_minor', True)), fields=['customer'], name='customers_permission_minor')],
            },
        ),
        migrations.CreateModel(
            name='Birth',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('customer', models.OneToOneField(db_constraint=False, on_delete=django.db.models.deletion.DO_NOTHING, primary_key=True, related_name='birth', serialize=False, to='customers.customer', verbose_name='customer')),
                ('value', models.BinaryField()),
                ('source', models.CharField(blank=True, max_length=60, verbose_name='source')),
                ('noted_at', models.DateTimeField(verbose_name='noted at')),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
            ],
            options={
                'verbose_name': 'date of birth',
                'verbose_name_plural': 'dates of birth',
            },
        ),
        migrations.RunSQL(sql_consents.TEXTS, migrations.RunSQL.noop),
        *wall(
            "customers_consent",
            append_only=True,
            verbs="SELECT",
            customer="own",
            customer_adds=True,
            follows_branch=False,
        ),
        follows("customers_consent"),
        migrations.RunSQL(sql_consents.SAYS_WHAT_IT_SAID, migrations.RunSQL.noop),
        *wall(
            "customers_permission",
            verbs_only=True,
            verbs="SELECT, INSERT, UPDATE (given, guarded, is_minor, changed_at)",
            customer="own",
            follows_branch=False,
        ),
        follows("customers_permission"),
        *wall("customers_birth", follows_branch=False),
        follows("customers_birth"),
        migrations.RunSQL(sql_consents.BIT, migrations.RunSQL.noop),
        *verb("customers_permit(uuid[])", sql_consents.PERMIT, execute=["fenhang_verbs"]),
        *verb("customers_consent_permits()", sql_consents.PERMITS, execute=["fenhang_owner"]),
        migrations.RunSQL(sql_consents.PERMITS_TRIGGER, migrations.RunSQL.noop),
        *verb("renew_permissions(uuid, int)", sql_consents.RENEW),
        *verb("note_minority(uuid[], boolean)", sql_consents.NOTE_MINORITY),
        migrations.RunSQL(sql_consents.PERSONALISE_GRANTS, migrations.RunSQL.noop),
        *verb("personalise(boolean)", sql_consents.PERSONALISE, execute=["fenhang_customer"]),
    ]
