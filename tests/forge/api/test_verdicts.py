"""Checks and suites in GitHub's shapes, from records alone."""

from dataclasses import replace

from tests.forge.api.test_dialect import SAY
from tests.forge.model.test_checks import CHECK
from tests.forge.model.test_requests import request
from towpath.forge.api import verdicts
from towpath.forge.model.checks import suite


def test_a_check_leads_to_a_page_of_ours_or_wherever_it_says():
    assert verdicts.check(SAY, replace(CHECK, url="/runs/1"))["details_url"] == "http://x/runs/1"
    assert verdicts.check(SAY, replace(CHECK, url="https://a/1"))["html_url"] == "https://a/1"
    bare = verdicts.check(SAY, replace(CHECK, url=""))
    assert (bare["details_url"], bare["html_url"]) == (None, SAY.html)


def test_a_check_names_the_suite_it_is_in():
    told = verdicts.brief_suite(SAY, suite([CHECK]))
    assert verdicts.check(SAY, CHECK)["check_suite"]["id"] == told["id"]
    other = verdicts.brief_suite(SAY, suite([replace(CHECK, author="somebody else")]))
    assert other["id"] != told["id"]


def test_a_pull_request_is_named_by_its_two_ends():
    told = verdicts.brief_pull(SAY, request())
    assert told["head"]["ref"] == request().source
    assert told["base"]["ref"] == request().target
    assert told["number"] == request().number
