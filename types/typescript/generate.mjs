// Writes index.d.ts from the JSON Schemas of the topics: `npm run generate`.
//
// The schemas share definitions (Source, ErrorInfo, …): they are put together first, so that each comes out once.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile } from "json-schema-to-typescript";

const [schemas, target] = process.argv.slice(2);
const ENDING = ".schema.json";

const definitions = {};
const topics = [];

function define(name, schema) {
  if (name in definitions && JSON.stringify(definitions[name]) !== JSON.stringify(schema)) {
    throw new Error(`two different schemas are called ${name}`);
  }
  definitions[name] = schema;
}

for (const file of readdirSync(join(schemas, "json")).sort()) {
  const { $schema, $id, $defs = {}, ...schema } = JSON.parse(readFileSync(join(schemas, "json", file), "utf8"));
  topics.push({ topic: file.slice(0, -ENDING.length), type: schema.title, record: $id.slice("urn:".length).replaceAll(":", ".") });
  define(schema.title, schema);
  for (const [name, definition] of Object.entries($defs)) define(name, definition);
}

const TYPED = ["type", "anyOf", "enum", "const"];

/** The schema as json-schema-to-typescript wants it. */
function adapted(node) {
  const { title, examples, $ref, ...made } = node;
  // By name, so that each type is written once and the field keeps its description.
  if ($ref) return { ...made, tsType: $ref.slice("#/$defs/".length) };
  // A value of any kind, which the library would take for an object.
  if (!TYPED.some((key) => key in made)) return { ...made, tsType: "unknown" };
  if (made.properties) {
    made.properties = Object.fromEntries(Object.entries(made.properties).map(([name, one]) => [name, adapted(one)]));
    // TypeScript has no word for "and whatever is added later": readers ignore fields they do not know.
    made.additionalProperties ??= false;
  }
  if (made.items) made.items = adapted(made.items);
  if (made.anyOf) made.anyOf = made.anyOf.map(adapted);
  return made;
}

const options = { bannerComment: "", style: { printWidth: 120 }, unknownAny: true };
const types = [];
for (const name of Object.keys(definitions).sort()) types.push(await compile(adapted(definitions[name]), name, options));

const any = topics.map(({ type }) => `  | ${type}`).join("\n");
const byTopic = topics.map(({ topic, type }) => `  ${JSON.stringify(topic)}: ${type};`).join("\n");
const byType = topics.map(({ record, type }) => `  ${JSON.stringify(record)}: ${type};`).join("\n");

writeFileSync(
  target,
  `// Generated from topics/schemas/json by \`npm run generate\`; edit the models and not this file.

${types.join("\n")}
/** A record of any topic. */
export type AnyRecord =
${any};

/** The topics, without their prefix (\`realtime.\` unless configured), and what is on them. */
export interface RecordOfTopic {
${byTopic}
}

/** Header \`ce_type\` of a record, and what the record is. */
export interface RecordOfType {
${byType}
}
`,
);
