"""Log-ins of a browser through npm's oidc-provider, and all the ways they must fail."""

from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from sqlalchemy import update

from tests.servers import oidc
from towpath.kernel.access import service
from towpath.kernel.access.service import Role
from towpath.kernel.access.tables import ATTEMPT
from towpath.kernel.audit import service as audit

BROWSER = {"Accept": "text/html"}


def user(kernel, login):
    return kernel.db.read(lambda tx: service.user(tx, login))


def teams(kernel, login):
    found = kernel.db.read(service.teams)
    return {each.team.slug for each in found if login in each.members}


def refusals(kernel):
    wanted = audit.Search(what="session.refuse")
    return [each.after for each in kernel.db.read(lambda tx: audit.search(tx, wanted))]


def test_a_person_comes_in_with_role_and_teams_of_their_groups(house, web, log_in, kernel):
    assert "Log in with Canal ID" in web.get("/login").text
    reply = log_in("ann")
    assert (reply.status_code, reply.headers["location"]) == (303, "/settings/tokens")
    assert "httponly" in reply.headers["set-cookie"].lower()
    assert ">ann<" in web.get("/settings/tokens", headers=BROWSER).text
    ann = user(kernel, "ann")
    assert (ann.name, ann.role, ann.source) == ("Ann Ågren", Role.admin, "oidc")
    assert teams(kernel, "ann") == {"crew", "builders"}


def test_a_changed_group_counts_from_the_next_log_in(house, log_in, kernel, people, provider):
    people("root", Role.admin)
    log_in("ann")
    kernel.db.write(lambda tx: service.add_team(tx, "ours"))
    kernel.db.write(lambda tx: service.add_member(tx, "ours", "ann"))
    provider.change(people={"ann": {"name": "Ann Å.", "groups": ["devs"]}})
    log_in("ann")
    ann = user(kernel, "ann")
    assert (ann.name, ann.role) == ("Ann Å.", Role.member)
    assert teams(kernel, "ann") == {"builders", "ours"}, "our own word stays"


def test_a_session_from_the_provider_is_ours_to_end(house, web, log_in, kernel):
    log_in("ann")
    kernel.db.write(lambda tx: service.end_sessions(tx, "ann"))
    assert web.get("/settings/tokens", headers=BROWSER).url.path == "/login"


def test_whoever_was_deactivated_stays_out(house, log_in, kernel):
    log_in("bob")
    kernel.db.write(lambda tx: service.deactivate(tx, "bob"))
    reply = log_in("bob")
    assert reply.status_code == 403
    assert "bob was deactivated" in reply.text


def test_a_login_that_somebody_has_here_is_not_given_away(house, log_in, kernel, people):
    people("ann")
    reply = log_in("ann")
    assert reply.status_code == 409
    assert "belongs to somebody who does not come from this provider" in reply.text
    assert "TOWPATH_OIDC_ADOPTS" in reply.text
    assert user(kernel, "ann").name == "ann"


def test_a_login_given_to_another_subject_does_not_open_the_old_account(house, log_in, provider):
    log_in("ann")
    provider.change(people={"eve": {"preferred_username": "ann", "groups": ["devs"]}})
    reply = log_in("eve")
    assert reply.status_code == 409


def test_an_account_from_a_source_that_is_adopted_becomes_one_with_the_subject(
    house, log_in, kernel
):
    house(oidc_adopts="ldap")
    made = kernel.db.write(lambda tx: service.ensure_user(tx, "bob", "Bob", source="ldap"))
    assert log_in("bob").status_code == 303
    assert user(kernel, "bob").id == made.id
    assert teams(kernel, "bob") == {"builders"}


def test_without_a_named_group_nobody_comes_in_where_that_is_asked(house, log_in, provider):
    house(oidc_role="none")
    provider.change(people={"bob": {"groups": ["guests"]}})
    reply = log_in("bob")
    assert reply.status_code == 403
    assert "None of the groups" in reply.text


@pytest.mark.parametrize("goes_to", ["//evil.test", "https://evil.test/", "/\\evil.test"])
def test_a_log_in_leads_nowhere_else(house, log_in, goes_to):
    assert log_in("ann", goes_to).headers["location"] == "/"


def test_who_refuses_at_the_provider_is_told_how_to_go_on(house, log_in, kernel):
    reply = log_in(None)
    assert reply.status_code == 401
    assert "access_denied" in reply.text
    assert "Begin again" in reply.text
    assert refusals(kernel)[0]["by"] == "oidc"


def test_an_answer_is_taken_once(house, web, walk):
    back = walk("ann")
    assert web.get(back, follow_redirects=False).status_code == 303
    web.cookies.delete("towpath_session")
    again = web.get(back, follow_redirects=False)
    assert again.status_code == 401
    assert "has been used" in again.text
    assert "towpath_session" not in again.headers.get("set-cookie", "")


def test_a_code_used_before_is_refused_by_the_provider(house, web, walk):
    first = parse_qs(urlsplit(walk("ann")).query)
    web.get(f"/login/oidc/callback?{urlencode(first, doseq=True)}", follow_redirects=False)
    second = parse_qs(urlsplit(walk("ann")).query) | {"code": first["code"]}
    reply = web.get(f"/login/oidc/callback?{urlencode(second, doseq=True)}")
    assert reply.status_code == 401
    assert "invalid_grant" in reply.text


def test_another_browser_cannot_use_the_answer(house, web, walk):
    back = walk("ann")
    web.cookies.clear()
    assert web.get(back, follow_redirects=False).status_code == 401


def test_a_made_up_state_is_refused(house, web, walk):
    sent = parse_qs(urlsplit(walk("ann")).query) | {"state": ["oidc_made-up"]}
    reply = web.get(f"/login/oidc/callback?{urlencode(sent, doseq=True)}")
    assert reply.status_code == 401


def test_an_attempt_ends_after_ten_minutes(house, web, walk, clock):
    back = walk("ann")
    clock.advance(601)
    reply = web.get(back, follow_redirects=False)
    assert reply.status_code == 401
    assert "took over ten minutes" in reply.text


def test_a_wrong_nonce_is_refused(house, web, walk, kernel):
    back = walk("ann")
    kernel.db.write(lambda tx: tx.execute(update(ATTEMPT).values(nonce="another")))
    reply = web.get(back, follow_redirects=False)
    assert reply.status_code == 401
    assert "nonce" in reply.text


def test_a_code_without_our_verifier_is_refused(house, web, walk, kernel):
    back = walk("ann")
    kernel.db.write(lambda tx: tx.execute(update(ATTEMPT).values(verifier="v" * 60)))
    assert "invalid_grant" in web.get(back, follow_redirects=False).text


@pytest.mark.parametrize("issuer", ["", "https://evil.test"])
def test_the_answer_of_another_issuer_is_refused(house, web, walk, issuer):
    sent = parse_qs(urlsplit(walk("ann")).query) | {"iss": [issuer]}
    reply = web.get(f"/login/oidc/callback?{urlencode(sent, doseq=True)}")
    assert reply.status_code == 401
    assert "another provider" in reply.text


def test_keys_that_changed_since_are_asked_for_anew(house, log_in, provider):
    assert log_in("ann").status_code == 303
    provider.change(kid="key-2")
    assert log_in("ann").status_code == 303


def test_clocks_that_differ_are_named(house, log_in, clock):
    clock.advance(-3600)
    assert "its clock and ours differ" in log_in("ann").text
    clock.advance(2 * 3600 + 600)
    assert "its clock and ours differ" in log_in("ann").text


def test_a_provider_that_goes_in_the_middle_is_named_and_passwords_work(
    house, web, clock, form_token, people
):
    people("root", Role.admin)
    with oidc.provider("http://towpath.test/login/oidc/callback") as short_lived:
        house(oidc_issuer=short_lived.issuer)
        begun = web.get("/login/oidc", follow_redirects=False)
        back = short_lived.walk(begun.headers["location"], "ann")
    assert "does not answer" in web.get(back).text
    clock.advance(20)
    page = web.get("/login")
    assert "Canal ID does not answer" in page.text
    assert "towpath recover" in page.text
    assert web.get("/login/oidc").status_code == 503
    form = {"login": "root", "password": "correct horse battery", "csrf": form_token(page)}
    assert web.post("/login", data=form, follow_redirects=False).status_code == 303


def test_logging_out_offers_to_leave_the_provider_too(house, web, log_in, form_token, provider):
    log_in("ann")
    page = web.post("/logout", data={"csrf": form_token(web.get("/settings/tokens"))})
    assert "/login/oidc/end" in page.text
    leads = web.get("/login/oidc/end", follow_redirects=False).headers["location"]
    assert leads.startswith(f"{provider.issuer}/session/end?client_id=towpath")


def test_without_a_provider_there_is_no_button_and_no_way(web):
    assert "/login/oidc" not in web.get("/login").text
    reply = web.get("/login/oidc")
    assert reply.status_code == 404
    assert "No provider is set up" in reply.text


def test_the_secret_stands_in_no_page_log_or_settings(house, log_in, kernel, capsys):
    page = log_in("ann").text
    said = capsys.readouterr()
    assert oidc.SECRET not in page + said.out + said.err + repr(kernel.settings)
