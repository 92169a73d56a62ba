from click.testing import CliRunner

from towpath.app.recover import recover


def test_the_link_opens_the_door_of_the_server_that_runs(admin, kernel):
    done = CliRunner().invoke(recover, ["--data", str(kernel.data)])
    link = done.stdout.split()[0]
    assert link.startswith("http://towpath.test/login/recover?key=door_")
    del admin.headers["Authorization"]
    page = admin.get(link)
    form = {
        "key": link.split("key=")[1],
        "csrf": page.text.split('name="csrf" value="')[1].split('"')[0],
    }
    assert admin.post("/login/recover", data=form, follow_redirects=False).status_code == 303


def test_without_an_address_it_asks_for_one(tmp_path):
    done = CliRunner().invoke(recover, ["--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "Add --url" in done.output
