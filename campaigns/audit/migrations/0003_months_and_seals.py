from django.db import migrations, models

from campaigns.audit import sql
from campaigns.tenants.walls import wall


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_walls"), ("tenants", "0002_walls")]

    operations = [
        migrations.RunSQL(sql.ID_AT, migrations.RunSQL.noop),
        migrations.RunSQL(sql.WALL_OFF, migrations.RunSQL.noop),
        migrations.RunSQL(sql.MAKE_MONTHS, migrations.RunSQL.noop),
        migrations.RunSQL(sql.PARTITION, migrations.RunSQL.noop),
        migrations.RunSQL(sql.FIRST_MONTHS, migrations.RunSQL.noop),
        # Gone with the old table.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveIndex("entry", "audit_entry_of_subject"),
                migrations.RemoveIndex("entry", "audit_entry_of_actor"),
            ]
        ),
        migrations.AddIndex("entry", models.Index(fields=["-at", "-id"], name="audit_entry_by_moment")),
        migrations.AddIndex(
            "entry", models.Index(fields=["branch_pos", "-at", "-id"], name="audit_entry_by_branch")
        ),
        migrations.AddIndex(
            "entry", models.Index(fields=["actor", "-at", "-id"], name="audit_entry_by_actor")
        ),
        migrations.AddIndex(
            "entry", models.Index(fields=["subject", "-at", "-id"], name="audit_entry_by_subject")
        ),
        migrations.AddIndex(
            "entry",
            models.Index(
                fields=["subject_name", "-at", "-id"], include=["branch_pos"], name="audit_entry_by_name"
            ),
        ),
        migrations.AddIndex(
            "entry",
            models.Index(
                condition=models.Q(actor__gte="system", actor__lt="system;"),
                fields=["-at", "-id"],
                name="audit_entry_by_system",
            ),
        ),
        *wall("audit_entry", append_only=True, verbs="SELECT, INSERT"),
        # The index by branch begins with the same column.
        migrations.RunSQL("DROP INDEX audit_entry_position", migrations.RunSQL.noop),
        migrations.AddIndex(
            "securityrecord", models.Index(fields=["kind", "-id"], name="audit_security_by_kind")
        ),
        migrations.AddIndex(
            "securityrecord", models.Index(fields=["who", "-id"], name="audit_security_by_who")
        ),
        migrations.AddIndex(
            "securityrecord", models.Index(fields=["address", "-id"], name="audit_security_by_address")
        ),
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="number")),
                ("day", models.DateField(verbose_name="day")),
                ("since", models.DateTimeField(verbose_name="from")),
                ("until", models.DateTimeField(verbose_name="until")),
                ("entry_rows", models.BigIntegerField(verbose_name="entries")),
                ("entry_first", models.UUIDField(null=True, verbose_name="first entry")),
                ("entry_last", models.UUIDField(null=True, verbose_name="last entry")),
                ("entry_digest", models.BinaryField(max_length=32)),
                ("entry_tags", models.BinaryField()),
                ("record_rows", models.BigIntegerField(verbose_name="security records")),
                ("record_first", models.UUIDField(null=True, verbose_name="first security record")),
                ("record_last", models.UUIDField(null=True, verbose_name="last security record")),
                ("record_digest", models.BinaryField(max_length=32)),
                ("record_tags", models.BinaryField()),
                ("previous", models.BinaryField(max_length=32)),
                ("digest", models.BinaryField(max_length=32)),
                ("sealed_at", models.DateTimeField(verbose_name="sealed at")),
            ],
            options={
                "verbose_name": "seal",
                "verbose_name_plural": "seals",
                "ordering": ["number"],
                "indexes": [models.Index(fields=["day"], name="audit_seal_of_day")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("since__lt", models.F("until"))),
                        name="audit_seal_stretch_is_forward",
                    )
                ],
            },
        ),
        migrations.RunSQL(sql.SEAL_GRANTS, migrations.RunSQL.noop),
    ]
