import campaigns.lib.ids
import django.db.models.deletion
from django.db import migrations, models

from campaigns.customers import sql_consents
from campaigns.tenants.offers import OfferRights
from campaigns.tenants.walls import wall

_PURPOSES = [('service', 'Service messages'), ('marketing', 'Marketing'), ('profiling', 'Profiling'), ('sensitive', 'Sensitive information'), ('partner', 'Sharing with partners')]
_ALL = ["view", "add", "change", "submit", "take_down"]


class Migration(migrations.Migration):
    dependencies = [("customers", "0037_identities_by_staff"), ("approvals", "0013_lifting"), ("tenants", "0010_may")]

    operations = [
        migrations.CreateModel(
            name='ConsentDraft',
            fields=[
                ('branch_pos', models.IntegerField(editable=False)),
                ('id', models.UUIDField(default=campaigns.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('purpose', models.CharField(choices=_PURPOSES, max_length=12, verbose_name='purpose')),
                ('title', models.CharField(max_length=80, verbose_name='title')),
                ('title_en', models.CharField(max_length=120, verbose_name='English title')),
                ('text', models.TextField(max_length=20000, verbose_name='text')),
                ('text_en', models.TextField(max_length=20000, verbose_name='English text')),
                ('valid_from', models.DateTimeField(verbose_name='valid from')),
                ('asks_again', models.BooleanField(default=False, verbose_name='asks everybody again')),
                ('author_id', models.UUIDField(editable=False, null=True, verbose_name='maker')),
                ('author_name', models.CharField(blank=True, editable=False, max_length=60, verbose_name='maker')),
                ('changed_at', models.DateTimeField(editable=False, verbose_name='changed at')),
                ('branch', models.ForeignKey(db_constraint=False, db_index=False, on_delete=django.db.models.deletion.DO_NOTHING, related_name='+', to='tenants.branch', verbose_name='branch')),
            ],
            options={
                'verbose_name': 'draft of a consent text',
                'verbose_name_plural': 'drafts of consent texts',
                'ordering': ['purpose'],
                'constraints': [models.UniqueConstraint(fields=('branch', 'purpose'), name='customers_consentdraft_is_the_only_one_of_its_purpose'), models.CheckConstraint(condition=models.Q(('purpose__in', ['service', 'marketing', 'profiling', 'sensitive', 'partner'])), name='customers_consentdraft_purpose_is_known')],
            },
        ),
        *wall("customers_consentdraft"),
        migrations.AddField(
            model_name='consenttext',
            name='revision_id',
            field=models.UUIDField(null=True, verbose_name='revision'),
        ),
        migrations.AddField(
            model_name='consenttext',
            name='withdrawn_at',
            field=models.DateTimeField(null=True, verbose_name='withdrawn at'),
        ),
        migrations.RunSQL(sql_consents.TEXT_WAS_APPROVED, migrations.RunSQL.noop),
        OfferRights({"administrator": [f"customers.consentdraft.{verb}" for verb in _ALL], "auditor": ["customers.consentdraft.view"]}),
    ]
