"""Content for customers: one piece of it, lists by category and words, the categories."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from campaigns.lib.http.openapi import page_of
from campaigns.lib.http.pages import PageQuery, Pages
from campaigns.lib.http.views import ApiView
from campaigns.tenants.models import Branch
from content.api import CardOut, OfferOut, card_out
from content.blocks.writing import shown_blocks
from content.category_selectors import categories_in_use
from content.content_selectors import contents_shown, detail_for
from content.rich_text import clean, is_link, nodes
from content.selectors import cards_of
from content.sights import CustomerSight, offer_out


class ProductOut(serializers.Serializer[Any]):
    product_class = serializers.CharField(help_text="产品类别 · product class, may be empty")
    code = serializers.CharField(help_text="产品代码 · product code")
    risk_level = serializers.CharField(help_text="R1 至 R5 · R1 to R5, may be empty")
    disclosure = serializers.CharField(help_text="风险揭示 · risk disclosure, plain text")


class ContentOut(CardOut):
    body = serializers.ListField(
        child=serializers.DictField(),
        help_text="小程序 rich-text 组件的节点 · nodes of the rich-text component",
    )
    category = serializers.CharField(help_text="分类代码，可为空 · code of its category, may be empty")
    link = serializers.CharField(help_text="点按后前往 · where a tap leads, may be empty")
    product = ProductOut(allow_null=True)
    blocks = serializers.ListField(
        child=serializers.DictField(),
        help_text="按顺序的区块，未知种类请跳过；文字为 rich-text 节点 · in order: skip kinds you do not know; a text"
        " is nodes of the rich-text component",
    )
    coupons = OfferOut(many=True)


class ContentQuery(PageQuery):
    category = serializers.SlugField(
        required=False, max_length=40, help_text="分类代码，含下级分类 · category, with those under it"
    )
    q = serializers.CharField(
        required=False, max_length=60, help_text="要找的字词，以空格分开 · words that must all occur"
    )


class CategoryOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    name_en = serializers.CharField()
    parent_code = serializers.CharField(
        allow_null=True, help_text="上级分类代码 · code of what it stands under"
    )


class CategoriesOut(serializers.Serializer[Any]):
    items = CategoryOut(many=True)


class Content(ApiView):
    who = "customer"

    @extend_schema(summary="内容详情 · One piece of content", responses=ContentOut, tags=["content"])
    def get(self, request: Request, content_id: UUID) -> Response:
        detail = detail_for(scope=self.scope, content_id=content_id)
        live = detail.card.live
        sight = CustomerSight(self.scope, live, detail.offers)
        product = {
            "product_class": live.product_class,
            "code": live.product_code,
            "risk_level": live.risk_level,
            "disclosure": live.disclosure,
        }
        return self.answer(
            {
                **card_out(detail.card, self.scope),
                "body": nodes(clean(live.body)),
                "category": live.category,
                # Looked at again: a phone follows it.
                "link": live.link if is_link(live.link) else "",
                "product": product if live.product_code else None,
                "blocks": [block for _kind, block in shown_blocks(sight=sight, blocks=live.blocks)],
                "coupons": [offer_out(offer) for offer in detail.offers.values()],
            }
        )


class Contents(ApiView):
    who = "customer"
    query = ContentQuery

    @extend_schema(
        summary="内容列表与搜索 · Content by category and words", responses=page_of(CardOut), tags=["content"]
    )
    def get(self, request: Request) -> Response:
        asked = self.query_values
        rows = contents_shown(scope=self.scope, category=asked.get("category", ""), words=asked.get("q", ""))
        page = Pages(("-shown_from", "-id")).cut(rows, asked)
        branch = Branch.objects.get(pk=self.scope.branch_id)
        cards = cards_of(scope=self.scope, branch=branch, items=page.items)
        return self.answer({"items": [card_out(card, self.scope) for card in cards], "next": page.next})


class Categories(ApiView):
    who = "customer"

    @extend_schema(summary="内容分类 · Categories of content", responses=CategoriesOut, tags=["content"])
    def get(self, request: Request) -> Response:
        return self.answer(
            {
                "items": [
                    {
                        "code": each.code,
                        "name": each.name,
                        "name_en": each.name_en or each.name,
                        "parent_code": each.parent_id,
                    }
                    for each in categories_in_use()
                ]
            }
        )
