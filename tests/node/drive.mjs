// npm's octokit, unmodified: a file, a pull request, a review, a status, a check run, pages, a 304.
import { Octokit } from "octokit";

const [baseUrl, auth, reviewer] = process.argv.slice(2);
const octokit = new Octokit({ baseUrl, auth });
const boat = { owner: "alice", repo: "boat" };
const told = {};
const { data: main } = await octokit.rest.git.getRef({ ...boat, ref: "heads/main" });
await octokit.rest.git.createRef({ ...boat, ref: "refs/heads/work", sha: main.object.sha });
const written = await octokit.rest.repos.createOrUpdateFileContents({
  ...boat, path: "docs/new.md", branch: "work", message: "add", content: btoa("new\n"),
});
const sha = written.data.commit.sha;
const pull = await octokit.rest.pulls.create({ ...boat, title: "New", head: "work", base: "main" });
told.number = pull.data.number;
const other = new Octokit({ baseUrl, auth: reviewer });
const seen = { ...boat, pull_number: told.number };
told.review = (await other.rest.pulls.createReview({ ...seen, event: "APPROVE" })).data.state;
const line = { ...seen, commit_id: sha, path: "docs/new.md", line: 1, body: "Why new?" };
const { data: asked } = await other.rest.pulls.createReviewComment(line);
await octokit.rest.pulls.createReplyForReviewComment({ ...seen, comment_id: asked.id, body: "Because." });
const remarks = await octokit.paginate(octokit.rest.pulls.listReviewComments, { ...seen, per_page: 1 });
told.remarks = remarks.map((one) => [one.body, one.line, one.in_reply_to_id === asked.id]);
const onFile = { path: "docs/new.md", body: "Hm.", subject_type: "file" };
const { data: begun } = await other.rest.pulls.createReview({ ...seen, comments: [onFile] });
const { data: given } = await other.rest.pulls.submitReview({
  ...seen, review_id: begun.id, event: "COMMENT", body: "All told",
});
told.begun = [begun.state, given.state, begun.id === given.id];
await octokit.rest.repos.createCommitStatus({ ...boat, sha, state: "success", context: "ci" });
const check = { ...boat, name: "lint", head_sha: sha, conclusion: "success" };
const { data: run } = await octokit.rest.checks.create(check);
told.again = (await octokit.rest.checks.rerequestRun({ ...boat, check_run_id: run.id })).status;
told.checks = (await octokit.rest.checks.listForRef({ ...boat, ref: sha })).data.total_count;
for (let n = 0; n < 5; n += 1) await octokit.rest.issues.createLabel({ ...boat, name: `l${n}` });
const labels = await octokit.paginate(octokit.rest.issues.listLabelsForRepo, { ...boat, per_page: 2 });
told.labels = labels.map((label) => label.name);
const { headers } = await octokit.rest.repos.get(boat);
const again = { ...boat, headers: { "if-none-match": headers.etag } };
told.unchanged = await octokit.rest.repos.get(again).catch((error) => error.status);
told.merge = await octokit.rest.pulls.merge(seen).catch((error) => error.status);
console.log(JSON.stringify(told));
