from django.db import migrations

from campaigns.customers import tag_sql
from campaigns.customers.sql import FOLLOWS_CUSTOMER
from campaigns.tenants.walls import verb, wall


def sql(text: str) -> migrations.RunSQL:
    return migrations.RunSQL(text, migrations.RunSQL.noop)


def follows(table: str) -> migrations.RunSQL:
    return sql(FOLLOWS_CUSTOMER.format(table=table))


class Migration(migrations.Migration):
    dependencies = [("customers", "0010_attributes_and_tags")]

    operations = [
        sql(tag_sql.ATTRIBUTE_KIND_IS_FIXED),
        sql(tag_sql.DEFINITIONS_STAY),
        sql(tag_sql.FIRST_TERMS),
        *wall("customers_tagging", follows_branch=False),
        follows("customers_tagging"),
        *wall("customers_profile", verbs_only=True, verbs="SELECT, INSERT, UPDATE", follows_branch=False),
        follows("customers_profile"),
        *wall("customers_stagechange", follows_branch=False),
        follows("customers_stagechange"),
        sql(tag_sql.SPELL_GRANTS),
        sql(tag_sql.PROFILE_GRANTS),
        sql(tag_sql.NO_POSITIONS),
        sql(tag_sql.TAG_INDEX),
        *verb("customers_tags_given()", tag_sql.TAGS_GIVEN, execute=["fenhang_owner"]),
        *verb("customers_tags_changed()", tag_sql.TAGS_CHANGED, execute=["fenhang_owner"]),
        *verb("customers_tags_taken()", tag_sql.TAGS_TAKEN, execute=["fenhang_owner"]),
        sql(tag_sql.TAGS_KEPT),
        *verb("count_tagged(int[], int[], int[], boolean)", tag_sql.COUNT_TAGGED),
        *verb("tagged_customers(int[], int[], int[], uuid, int)", tag_sql.TAGGED_CUSTOMERS),
    ]
