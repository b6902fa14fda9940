"""The site of `bench claims`: the address that claims, a view with one statement, and one that locks as an ORM does.

Its database is named by the environment (FENHANG_BENCH_DATABASE).
"""

import os
from typing import Any, ClassVar
from uuid import UUID

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

from django.conf import settings  # noqa: E402 - needs what the lines above have loaded
from django.db import connection, models, transaction  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.urls import include, path  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402

from campaigns.lib.clock import now  # noqa: E402
from campaigns.lib.http.views import ApiView  # noqa: E402
from campaigns.lib.ids import new_id  # noqa: E402
from campaigns.lib.memory import settle_memory  # noqa: E402
from campaigns.rewards.api.coupons import Claims  # noqa: E402
from campaigns.tenants.middleware import own_scope  # noqa: E402
from config.bench.scratch import speak_to  # noqa: E402


class BenchStock(models.Model):  # noqa: DJ008 - nobody reads it
    """One row for a batch, as is usual."""

    batch = models.UUIDField(primary_key=True)
    left = models.IntegerField()

    objects: ClassVar[models.Manager["BenchStock"]] = models.Manager()

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "bench_stock"


class BenchCoupon(models.Model):  # noqa: DJ008
    id = models.UUIDField(primary_key=True)
    batch = models.UUIDField()
    customer = models.UUIDField()
    at = models.DateTimeField()

    objects: ClassVar[models.Manager["BenchCoupon"]] = models.Manager()

    class Meta:
        app_label = "bench"
        managed = False
        db_table = "bench_coupon"


class Bare(ApiView):
    """The limit: reads the token, and commits one row without a rule."""

    who = "customer"

    def post(self, request: Request, batch_id: UUID) -> Response:
        fresh = new_id()
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO bench_coupon (id, batch, customer, at) VALUES (%s, %s, %s, %s)",
                [fresh, batch_id, self.scope.carry["customer"], now()],
            )
        return self.answer({"id": fresh, "batch_id": batch_id}, status=201)


class Locked(ApiView):
    """The usual way: lock the stock, look, write."""

    who = "customer"

    def post(self, request: Request, batch_id: UUID) -> Response:
        customer = self.scope.carry["customer"]
        with transaction.atomic():
            stock = BenchStock.objects.select_for_update().get(pk=batch_id)
            if (
                stock.left < 1
                or BenchCoupon.objects.filter(batch=batch_id, customer=customer).count() > 30_000
            ):
                return self.answer({"code": "no"}, status=409)
            stock.left -= 1
            stock.save(update_fields=["left"])
            made = BenchCoupon.objects.create(id=new_id(), batch=batch_id, customer=customer, at=now())
        return self.answer({"id": made.pk, "batch_id": batch_id}, status=201)


def ready(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _at(name: str, view: Any) -> Any:
    return path(f"batches/<uuid:batch_id>/{name}", own_scope(view.as_view()), name=name)


urlpatterns = [
    path(
        "api/v1/",
        include(
            (
                [
                    path("ready", own_scope(ready)),
                    _at("claims", Claims),
                    _at("bare", Bare),
                    _at("locked", Locked),
                ],
                "api",
            )
        ),
    ),
]

if "FENHANG_BENCH_DATABASE" in os.environ:
    speak_to(os.environ["FENHANG_BENCH_DATABASE"])
    settings.ROOT_URLCONF = __name__
    settle_memory()
