import django.db.models.deletion
from django.db import migrations, models

from campaigns.events import sql


class Migration(migrations.Migration):
    initial = True

    dependencies = [("tenants", "0002_walls"), ("customers", "0002_walls")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(sql.TABLE, "DROP TABLE events_event")],
            state_operations=[
                migrations.CreateModel(
                    name="Event",
                    fields=[
                        ("branch_pos", models.IntegerField(editable=False)),
                        ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                        ("customer_id", models.UUIDField(verbose_name="customer")),
                        ("recorded_of", models.UUIDField(null=True, verbose_name="recorded of")),
                        ("kind", models.CharField(max_length=60, verbose_name="kind")),
                        ("at", models.DateTimeField(verbose_name="moment")),
                        ("told_at", models.DateTimeField(null=True, verbose_name="moment as told")),
                        ("received_at", models.DateTimeField(verbose_name="received")),
                        ("source", models.CharField(max_length=60, verbose_name="source")),
                        ("subject", models.CharField(blank=True, max_length=120, verbose_name="thing")),
                        ("properties", models.JSONField(blank=True, default=dict, verbose_name="properties")),
                        (
                            "branch",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="tenants.branch",
                                verbose_name="branch",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name": "event",
                        "verbose_name_plural": "events",
                        "ordering": ["-id"],
                        "indexes": [
                            models.Index(fields=["customer_id", "-at"], name="events_event_of_customer"),
                            models.Index(fields=["branch_pos", "branch"], name="events_event_position"),
                        ],
                    },
                ),
            ],
        ),
        migrations.CreateModel(
            name="HookNonce",
            fields=[
                ("mark", models.BinaryField(max_length=32, primary_key=True, serialize=False)),
                ("seen_at", models.DateTimeField(verbose_name="received")),
            ],
            options={
                "verbose_name": "call taken",
                "verbose_name_plural": "calls taken",
                "indexes": [models.Index(fields=["seen_at"], name="events_hooknonce_by_age")],
            },
        ),
        migrations.CreateModel(
            name="Drop",
            fields=[
                (
                    "fingerprint",
                    models.BinaryField(
                        max_length=32, primary_key=True, serialize=False, verbose_name="hash"
                    ),
                ),
                ("name", models.CharField(max_length=200, verbose_name="file name")),
                ("source", models.CharField(max_length=40, verbose_name="source")),
                ("size", models.BigIntegerField(verbose_name="size in bytes")),
                ("rows", models.BigIntegerField(default=0, verbose_name="rows done")),
                ("taken", models.BigIntegerField(default=0, verbose_name="rows taken")),
                ("known", models.BigIntegerField(default=0, verbose_name="rows known already")),
                ("refused", models.BigIntegerField(default=0, verbose_name="rows refused")),
                ("refused_bytes", models.BigIntegerField(default=0, verbose_name="bytes of refused rows")),
                ("started_at", models.DateTimeField(verbose_name="started at")),
                ("ended_at", models.DateTimeField(null=True, verbose_name="ended at")),
            ],
            options={
                "verbose_name": "file of events",
                "verbose_name_plural": "files of events",
                "ordering": ["-started_at"],
            },
        ),
        migrations.CreateModel(
            name="Cleared",
            fields=[
                (
                    "kind",
                    models.CharField(
                        max_length=60, primary_key=True, serialize=False, verbose_name="kind"
                    ),
                ),
                ("until", models.DateTimeField(verbose_name="until")),
            ],
            options={"verbose_name": "events deleted", "verbose_name_plural": "events deleted"},
        ),
    ]
