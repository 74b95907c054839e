// Reads AsyncAPI documents with the official parser. Prints every finding as one line; exit code 1 where one is worse
// than information (severity 0: error, 1: warning, 2: information, 3: hint).
import { readFileSync } from 'node:fs';
import { Parser } from '@asyncapi/parser';

const INFORMATION = 2;
let bad = false;
for (const file of process.argv.slice(2)) {
  const { document, diagnostics } = await new Parser().parse(readFileSync(file, 'utf8'), { source: file });
  for (const { severity, code, path, message } of diagnostics) {
    console.log(`${file}: severity ${severity} ${code} at ${path.join('/') || '/'}: ${message}`);
    bad ||= severity < INFORMATION;
  }
  bad ||= document === undefined;
  if (document) {
    const { version } = document.json().info;
    console.log(`${file}: contract ${version}, ${document.channels().length} channels, ${document.messages().length} messages`);
  }
}
process.exit(bad ? 1 : 0);
