// Towpath's own script. Everything works without it; with it pages follow what happens.
(() => {
  "use strict";

  // Theme: the server reads this cookie, so the next page comes in the right colours at once.
  const root = document.documentElement;
  const button = document.getElementById("theme");
  const dark = () => matchMedia("(prefers-color-scheme: dark)").matches;
  const current = () => root.dataset.theme || (dark() ? "dark" : "light");
  const label = () => {
    button.textContent = current() === "dark" ? "Light" : "Dark";
    button.setAttribute("aria-label", `Switch to ${button.textContent.toLowerCase()} colours`);
  };
  if (button) {
    button.hidden = false;
    label();
    button.addEventListener("click", () => {
      root.dataset.theme = current() === "dark" ? "light" : "dark";
      document.cookie = `towpath_theme=${root.dataset.theme};path=/;max-age=31536000;samesite=lax`;
      label();
    });
  }

  // Times: the tooltip tells the reader's own clock; the words age while the page stays open.
  const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "long" });
  const units = [[31536000, "year"], [2592000, "month"], [86400, "day"], [3600, "hour"], [60, "minute"]];
  const words = (seconds) => {
    for (const [size, unit] of units) {
      const count = Math.floor(Math.abs(seconds) / size);
      if (count) {
        const many = `${count} ${unit}${count === 1 ? "" : "s"}`;
        return seconds >= 0 ? `${many} ago` : `in ${many}`;
      }
    }
    return seconds >= 0 ? "just now" : "in a moment";
  };
  const tellTimes = () => {
    for (const time of document.querySelectorAll("time[datetime][title]")) {
      const at = new Date(time.dateTime);
      if (!time.dataset.local) {
        time.title = time.dataset.local = full.format(at);
      }
      const told = words((Date.now() - at) / 1000);
      if (time.textContent !== told) time.textContent = told;
    }
  };
  tellTimes();
  setInterval(tellTimes, 15000);
  document.body.addEventListener("htmx:after:swap", tellTimes);

  // Live topics: one stream for the page; each event becomes "live:TOPIC" on the body, which
  // parts of the page name in hx-trigger. The server sends every topic once on each connection.
  const follow = document.getElementById("live");
  const connection = document.getElementById("connection");
  if (follow && window.EventSource && window.htmx) {
    const topics = follow.dataset.topics.split(" ");
    const query = new URLSearchParams(topics.map((topic) => ["topic", topic]));
    let stream = null;
    const open = () => {
      stream = new EventSource(`/live?${query}`);
      for (const topic of topics) {
        stream.addEventListener(topic, () => {
          document.body.dispatchEvent(new CustomEvent(`live:${topic}`));
        });
      }
      stream.onopen = () => { connection.textContent = ""; };
      stream.onerror = () => {
        connection.textContent = "· Not connected; what you see may be old.";
        if (stream.readyState === EventSource.CLOSED) setTimeout(open, 5000);
      };
    };
    open();
    addEventListener("pagehide", () => stream.close());
    addEventListener("pageshow", (event) => { if (event.persisted) open(); });
  }

  // Logs: <pre class="log" data-stream="URL"> grows as the job speaks and keeps its end in view
  // while the reader is there. An event carries HTML that the server made safe; its id is where
  // in the log to go on. A log that begins anew (another attempt) clears the old one.
  for (const log of document.querySelectorAll(".log[data-stream]")) {
    let seen = -1;
    const atEnd = () => scrollY + innerHeight >= document.documentElement.scrollHeight - 64;
    const open = () => {
      const address = new URL(log.dataset.stream, location.href);
      if (seen >= 0) address.searchParams.set("from", seen);
      const stream = new EventSource(address);
      stream.onmessage = (event) => {
        const stay = atEnd();
        if (Number(event.lastEventId) < seen) log.replaceChildren();
        seen = Number(event.lastEventId);
        log.insertAdjacentHTML("beforeend", event.data);
        if (stay) scrollTo(0, document.documentElement.scrollHeight);
      };
      stream.addEventListener("end", () => stream.close());
      stream.onerror = () => {
        if (stream.readyState === EventSource.CLOSED) setTimeout(open, 5000);
      };
    };
    open();
  }
})();
