from django.db import migrations, models

from community.plans import sql


class Migration(migrations.Migration):
    """Posts know when WeCom is asked for their result next."""

    dependencies = [("community", "0401_checkin_walls")]

    operations = [
        migrations.AddField(
            "post", "ask_at", models.DateTimeField(null=True, verbose_name="result asked at")
        ),
        migrations.RunSQL(sql.POST_MOVES_ASKED, migrations.RunSQL.noop),
        migrations.AddIndex(
            "post",
            models.Index(
                fields=["ask_at"],
                condition=models.Q(result="waiting", state__in=["due", "sent"], ask_at__isnull=False),
                name="community_post_to_ask",
            ),
        ),
    ]
