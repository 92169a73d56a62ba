"""People with browsers: who is logged in, in which colours, with scripts or without."""

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# WCAG 1.4.10 asks for no horizontal scroll at 400 % of 1280 pixels.
DESK = {"width": 1280, "height": 800}
ZOOMED = {"width": 320, "height": 256}


class Visitor:
    """Opens pages; every page must come without an error in its console or script."""

    def __init__(self, browser, town):
        self.browser, self.town = browser, town
        self.contexts, self.errors = [], []
        self.cookies = town.__dict__.setdefault("cookies", {})

    def __call__(self, login=None, *, dark=False, scripts=True, viewport=None):
        context = self.browser.new_context(
            base_url=self.town.url,
            viewport=viewport or DESK,
            color_scheme="dark" if dark else "light",
            java_script_enabled=scripts,
        )
        self.contexts.append(context)
        context.set_default_timeout(15_000)
        if login:
            context.add_cookies(self.session_of(login))
        page = context.new_page()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        return page

    def session_of(self, login):
        """Log in once, by the form, and keep the cookie for the other pages of this person."""
        if login not in self.cookies:
            context = self.browser.new_context(base_url=self.town.url)
            log_in(context.new_page(), login, self.town.password(login))
            self.cookies[login] = context.cookies()
            context.close()
        return self.cookies[login]

    def close(self):
        for context in self.contexts:
            context.close()
        assert self.errors == []


def log_in(page, login, password):
    page.goto("/login")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in", exact=True).click()
    page.wait_for_url("**/")
