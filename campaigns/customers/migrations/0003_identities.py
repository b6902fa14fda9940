import pgtrigger.compiler
import pgtrigger.migrations
from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models

from campaigns.customers import sql_identities
from campaigns.tenants.walls import verb


class Migration(migrations.Migration):
    """Identities have a state, attributes a moment; customers may be merged. The keys follow in 0005 and 0006."""

    dependencies = [("customers", "0002_walls")]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name='identity',
            name='insert_insert',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='identity',
            name='update_update',
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name='identity',
            name='delete_delete',
        ),
        migrations.RemoveConstraint(
            model_name='customer',
            name='customers_customer_status_is_known',
        ),
        migrations.AddField(
            model_name='customer',
            name='attributes_at',
            field=models.DateTimeField(editable=False, null=True, verbose_name='attributes changed'),
        ),
        migrations.AddField(
            model_name='identity',
            name='linked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='linked at'),
        ),
        migrations.AddField(
            model_name='identity',
            name='revoked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='revoked'),
        ),
        migrations.AddField(
            model_name='identity',
            name='state',
            field=models.CharField(choices=[('unverified', 'unverified'), ('verified', 'verified'), ('revoked', 'revoked')], db_default='verified', default='verified', max_length=12, verbose_name='state'),
        ),
        migrations.AddField(
            model_name='identityevent',
            name='linked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='linked at'),
        ),
        migrations.AddField(
            model_name='identityevent',
            name='revoked_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='revoked'),
        ),
        migrations.AddField(
            model_name='identityevent',
            name='state',
            field=models.CharField(choices=[('unverified', 'unverified'), ('verified', 'verified'), ('revoked', 'revoked')], db_default='verified', default='verified', max_length=12, verbose_name='state'),
        ),
        migrations.AlterField(
            model_name='customer',
            name='status',
            field=models.CharField(choices=[('active', 'active'), ('blocked', 'blocked'), ('merged', 'merged into another'), ('erased', 'erased')], default='active', max_length=12, verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='customerevent',
            name='status',
            field=models.CharField(choices=[('active', 'active'), ('blocked', 'blocked'), ('merged', 'merged into another'), ('erased', 'erased')], default='active', max_length=12, verbose_name='status'),
        ),
        migrations.AlterField(
            model_name='identity',
            name='kind',
            field=models.CharField(choices=[('customer_number', 'customer number'), ('unionid', 'WeChat unionid'), ('openid', 'WeChat openid'), ('phone', 'phone'), ('external_userid', 'WeCom external contact'), ('device', 'device')], max_length=20, verbose_name='kind'),
        ),
        migrations.AlterField(
            model_name='identityevent',
            name='kind',
            field=models.CharField(choices=[('customer_number', 'customer number'), ('unionid', 'WeChat unionid'), ('openid', 'WeChat openid'), ('phone', 'phone'), ('external_userid', 'WeCom external contact'), ('device', 'device')], max_length=20, verbose_name='kind'),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='identity',
            trigger=pgtrigger.compiler.Trigger(name='insert_insert', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "customers_identityevent" ("app", "branch_id", "branch_pos", "customer_id", "id", "kind", "linked_at", "lookup", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "source", "state", "value", "verified_at") VALUES (NEW."app", NEW."branch_id", NEW."branch_pos", NEW."customer_id", NEW."id", NEW."kind", NEW."linked_at", NEW."lookup", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, CLOCK_TIMESTAMP(), \'insert\', NEW."id", NEW."revoked_at", NEW."source", NEW."state", NEW."value", NEW."verified_at"); RETURN NULL;', hash='3242812bd645a2009a8150b45c6f4325ea95b9e9', operation='INSERT', pgid='pgtrigger_insert_insert_f14dc', table='customers_identity', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='identity',
            trigger=pgtrigger.compiler.Trigger(name='update_update', sql=pgtrigger.compiler.UpsertTriggerSql(condition='WHEN (OLD."app" IS DISTINCT FROM (NEW."app") OR OLD."branch_id" IS DISTINCT FROM (NEW."branch_id") OR OLD."customer_id" IS DISTINCT FROM (NEW."customer_id") OR OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."linked_at" IS DISTINCT FROM (NEW."linked_at") OR OLD."lookup" IS DISTINCT FROM (NEW."lookup") OR OLD."revoked_at" IS DISTINCT FROM (NEW."revoked_at") OR OLD."source" IS DISTINCT FROM (NEW."source") OR OLD."state" IS DISTINCT FROM (NEW."state") OR OLD."value" IS DISTINCT FROM (NEW."value") OR OLD."verified_at" IS DISTINCT FROM (NEW."verified_at"))', func='INSERT INTO "customers_identityevent" ("app", "branch_id", "branch_pos", "customer_id", "id", "kind", "linked_at", "lookup", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "source", "state", "value", "verified_at") VALUES (NEW."app", NEW."branch_id", NEW."branch_pos", NEW."customer_id", NEW."id", NEW."kind", NEW."linked_at", NEW."lookup", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, CLOCK_TIMESTAMP(), \'update\', NEW."id", NEW."revoked_at", NEW."source", NEW."state", NEW."value", NEW."verified_at"); RETURN NULL;', hash='d3801de77a18368353bb8afa7f41bc908a01673d', operation='UPDATE', pgid='pgtrigger_update_update_10c47', table='customers_identity', when='AFTER')),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name='identity',
            trigger=pgtrigger.compiler.Trigger(name='delete_delete', sql=pgtrigger.compiler.UpsertTriggerSql(func='INSERT INTO "customers_identityevent" ("app", "branch_id", "branch_pos", "customer_id", "id", "kind", "linked_at", "lookup", "pgh_context", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "revoked_at", "source", "state", "value", "verified_at") VALUES (OLD."app", OLD."branch_id", OLD."branch_pos", OLD."customer_id", OLD."id", OLD."kind", OLD."linked_at", OLD."lookup", COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_metadata\', TRUE), \'\'), NULL)::JSONB, COALESCE(NULLIF(CURRENT_SETTING(\'pghistory.context_id\', TRUE), \'\'), NULL)::UUID, CLOCK_TIMESTAMP(), \'delete\', OLD."id", OLD."revoked_at", OLD."source", OLD."state", OLD."value", OLD."verified_at"); RETURN NULL;', hash='15345968e3021f7473eee58b8ae6e3847348a50b', operation='DELETE', pgid='pgtrigger_delete_delete_5368c', table='customers_identity', when='AFTER')),
        ),
        AddConstraintNotValid(
            model_name='customer',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ['active', 'blocked', 'merged', 'erased'])), name='customers_customer_status_is_known'),
        ),
        AddConstraintNotValid(
            model_name='identity',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', True), ('state', 'verified')), models.Q(('revoked_at__isnull', True), ('state', 'unverified'), ('verified_at__isnull', True)), models.Q(('revoked_at__isnull', False), ('state', 'revoked')), _connector='OR'), name='customers_identity_state_has_its_moment'),
        ),
        migrations.RunSQL(sql_identities.ATTRIBUTES_AT, migrations.RunSQL.noop),
        *verb("customer_by_identity(text, bytea)", sql_identities.CUSTOMER_BY_IDENTITY),
        *verb("customers_by_identities(text[], bytea[])", sql_identities.CUSTOMERS_BY_IDENTITIES),
    ]
