// Promise kept: what the documents state under a number, a test shows, and no test names a number that nobody has defined.
// The tests that a document points to are there, with the words that it quotes of them.
//
// A number is a capital letter with digits. It is defined where it stands in bold in docs/semantics.md or
// docs/scenarios.md, and named where it begins the name of a test (several may: "B26 S22 what is no name is refused").
import { existsSync, globSync, readFileSync } from "node:fs";
import process from "node:process";

const documents = ["docs/semantics.md", "docs/scenarios.md"];

const defined = new Map<string, string>();
const named = new Map<string, string>();
const complaints: string[] = [];

for (const document of documents) {
  for (const [, number] of readFileSync(document, "utf8").matchAll(/\*\*([A-Z]\d+)\*\*/g)) {
    if (defined.has(number!)) complaints.push(`${document}: ${number} is defined in ${defined.get(number!)} already`);
    defined.set(number!, document);
  }
}
for (const file of globSync("test/**/*.ts")) {
  for (const [, numbers] of readFileSync(file, "utf8").matchAll(/["'`]((?:[BLS]\d+ )+)/g)) {
    for (const number of numbers!.trim().split(" ")) named.set(number, file);
  }
}
for (const [number, file] of named) {
  if (!defined.has(number))
    complaints.push(`${file}: the name of a test begins with ${number}, which no document defines`);
}
for (const [number, document] of defined) {
  if (!named.has(number)) complaints.push(`${document}: the name of no test begins with ${number}`);
}
let pointers = 0;
for (const document of ["SECURITY.md", ...globSync("docs/*.md")]) {
  // `test/a.test.ts` ("words of a name", "words of another")
  for (const [, file, quoted] of readFileSync(document, "utf8").matchAll(
    /`(test\/[\w./-]+\.ts)`(?: \(("[^)]*")\))?/g,
  )) {
    pointers++;
    const text = existsSync(file!) ? readFileSync(file!, "utf8") : null;
    if (text === null) complaints.push(`${document}: there is no ${file}`);
    for (const [, words] of (quoted ?? "").matchAll(/"([^"]+)"/g)) {
      if (text?.includes(words!) === false) complaints.push(`${document}: ${file} does not say "${words}"`);
    }
  }
}
for (const document of ["SECURITY.md", "docs/limits.md"]) {
  for (const [, number] of readFileSync(document, "utf8").matchAll(/`([BLS]\d+)`/g)) {
    if (!defined.has(number!)) complaints.push(`${document}: ${number} is defined nowhere`);
  }
}
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0 || defined.size === 0) process.exit(1);
console.log(`numbers: ${defined.size} statements, each named by a test, and ${pointers} tests that are pointed to`);
