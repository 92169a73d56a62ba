// npm's octokit with its throttling plugin, unmodified, against a server that says "too many".
import { Octokit } from "octokit";

const [baseUrl, auth, calls] = process.argv.slice(2);
const held = [];
const again = (kind) => (after, options, _, retries) => {
  held.push({ kind, after });
  return retries === 0;
};
const throttle = { onRateLimit: again("primary"), onSecondaryRateLimit: again("secondary") };
const octokit = new Octokit({ baseUrl, auth, throttle, log: { debug() {}, info() {}, warn() {}, error() {} } });
const statuses = [];
for (let n = 0; n < Number(calls); n += 1) {
  const done = await octokit.request("GET /user").catch((error) => error);
  statuses.push(done.status);
}
console.log(JSON.stringify({ statuses, held }));
