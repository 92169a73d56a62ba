// npm's @actions/expressions as a server: one JSON line in (expr, contexts), one line out.
import { createInterface } from "node:readline";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

const KINDS = {
  [data.Kind.Null]: () => ["null"],
  [data.Kind.Boolean]: (value) => ["boolean", value.value],
  [data.Kind.Number]: (value) => ["number", String(value.value)],
  [data.Kind.String]: (value) => ["string", value.value],
  [data.Kind.Array]: (value) => ["array", value.values().map(shown)],
  [data.Kind.Dictionary]: (value) =>
    ["object", value.pairs().map((pair) => [pair.key, shown(pair.value)])],
};

function shown(value) {
  return KINDS[value.kind](value);
}

function answer(line) {
  const { expr, contexts } = JSON.parse(line);
  try {
    const known = JSON.parse(JSON.stringify(contexts), data.reviver);
    const { tokens } = new Lexer(expr).lex();
    const tree = new Parser(tokens, Object.keys(contexts), []).parse();
    return { value: shown(new Evaluator(tree, known).evaluate()) };
  } catch (error) {
    return { error: String(error.message) };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(line))}\n`);
}
