"""A small API for tests of the envelope itself, before and apart from the bank's own endpoints."""

from typing import Any

from django.urls import include, path
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.limits import Limit
from campaigns.lib.http.pages import PageQuery, Pages
from campaigns.lib.http.views import ApiView
from campaigns.lib.refusals import Refusal
from campaigns.requests.keys import idempotent
from campaigns.tenants.models import Person
from campaigns.tenants.services.people import add_person
from config.urls import handler404, handler500
from config.urls import urlpatterns as real

__all__ = ["handler404", "handler500", "urlpatterns"]


class TooQuiet(Refusal):
    code = "tests.too_quiet"
    status = 422
    zh = "“{name}”太安静了。"
    en = "“{name}” is too quiet."


class PersonIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=60)
    staff_number = serializers.CharField(max_length=32)
    age = serializers.IntegerField(required=False, min_value=18)


class People(ApiView):
    who = "staff"
    verb = {"GET": "tenants.branch.view", "POST": "tenants.person.add"}
    query = PageQuery

    def get(self, request: Request) -> Response:
        page = Pages(order=("staff_number", "-id")).cut(Person.objects.within(self.scope), self.query_values)
        return self.answer(page.shown(lambda person: {"id": person.id, "name": person.name}))

    @idempotent()
    def post(self, request: Request) -> Response:
        asked = self.body(PersonIn)
        person = add_person(
            scope=self.scope,
            branch_id=self.scope.branch_id,
            name=asked["name"],
            staff_number=asked["staff_number"],
        )
        match asked["name"]:
            case "quiet":
                raise TooQuiet(name=asked["name"])
            case "broken":
                raise RuntimeError("a mistake of ours")
        return self.answer({"id": person.id, "at": self.scope.at}, status=201)


class StrictPeople(People):
    query = None

    @idempotent(required=True)
    def post(self, request: Request) -> Response:
        return super().post(request)


class Customers(ApiView):
    who = "customer"

    def get(self, request: Request) -> Response:
        return self.answer({"customer": self.scope.customer_id})


class Anyone(ApiView):
    who = "anyone"

    def get(self, request: Request) -> Response:
        return self.answer({"words": "你好"})


class Rare(Anyone):
    limits = (Limit("rare", 2, 60),)


urlpatterns = [
    path(
        "api/v1/",
        include(
            (
                [
                    path("people", People.as_view(), name="people"),
                    path("strict-people", StrictPeople.as_view(), name="strict-people"),
                    path("customers-only", Customers.as_view(), name="customers-only"),
                    path("anyone", Anyone.as_view(), name="anyone"),
                    path("rare", Rare.as_view(), name="rare"),
                ],
                "trial",
            )
        ),
    ),
    *real,
]
