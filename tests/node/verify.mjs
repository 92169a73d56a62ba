// Receives webhooks as programs written for GitHub do: reads {secret, messages: [{headers, body}]}
// from standard input, and prints the events that the library verified and handed on.
import { readFileSync } from "node:fs";
import { Webhooks } from "@octokit/webhooks";

const { secret, messages } = JSON.parse(readFileSync(0, "utf8"));
const webhooks = new Webhooks({ secret });
const heard = [];
webhooks.onAny(({ id, name, payload }) => {
  heard.push({ id, name, action: payload.action ?? null, repository: payload.repository.full_name });
});
for (const { headers, body } of messages) {
  await webhooks.verifyAndReceive({
    id: headers["X-GitHub-Delivery"],
    name: headers["X-GitHub-Event"],
    signature: headers["X-Hub-Signature-256"],
    payload: body,
  });
}
console.log(JSON.stringify(heard));
