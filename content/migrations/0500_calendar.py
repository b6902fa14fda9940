from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


def _by_moment(model):
    return [
        AddIndexConcurrently(
            model_name=model,
            index=models.Index(fields=[column, "branch_pos"], name=f"content_{model}_{name}"),
        )
        for column, name in (("shown_from", "begins"), ("shown_until", "ends"))
    ]


class Migration(migrations.Migration):
    """The calendar reads the first few of each day: by the moment, within a branch's positions; and a maker's own."""

    atomic = False
    dependencies = [("content", "0402_handing_indexes")]

    operations = [
        *(
            operation
            for model in ("item", "liveitem", "placement", "liveplacement")
            for operation in _by_moment(model)
        ),
        *(
            AddIndexConcurrently(
                model_name=model,
                index=models.Index(fields=["author_id", "shown_from"], name=f"content_{model}_by_maker"),
            )
            for model in ("item", "placement")
        ),
    ]
