// Owns a trace as lines for people, one for each record and event, and what is in it indented below. Refuses to know where
// lines go.
import { explainTrace, type TraceEvent, type TraceListener } from "../../index.ts";

const WIDTH = 100;
const INDENT = 16;
const NAME_WIDTH = 24;

/**
 * Gives each line to `print`. With `numbered`, each line begins with the number of its connection, in the order in which they
 * were first heard of.
 */
export function traceLines(print: (line: string) => void, numbered: boolean): TraceListener {
  const numbers = new WeakMap<object, number>();
  let count = 0;
  return (event, connection) => {
    if (!numbers.has(connection)) numbers.set(connection, ++count);
    const prefix = numbered ? `[${numbers.get(connection)}] ` : "";
    for (const line of linesOf(event)) print(prefix + line);
  };
}

function linesOf(event: TraceEvent): string[] {
  const { title, details } = explainTrace(event);
  switch (event.kind) {
    case "record":
      return [headLine(event, event.direction === "sent" ? "->" : "<-", title)];
    case "secret":
      return [headLine(event, "**", `secret ${title}`)];
    case "established":
      return [headLine(event, "==", `${title}: ${details.map(([, value]) => value).join(", ")}`)];
    case "message":
      return [contentLine(`${title}, ${event.body.length + 4} bytes`), ...details.flatMap(detailLines)];
    default:
      return [contentLine(title)];
  }
}

function headLine({ time }: TraceEvent, mark: string, text: string): string {
  return `${time.toFixed(1).padStart(9)} ms ${mark} ${text}`;
}

function contentLine(text: string): string {
  return " ".repeat(INDENT) + text;
}

function detailLines([name, value]: readonly [string, string]): string[] {
  const first = `${" ".repeat(INDENT + 2)}${name.padEnd(NAME_WIDTH)} `;
  const [head, ...rest] = wrapped(value, WIDTH - INDENT - NAME_WIDTH - 3);
  return [first + head!, ...rest.map((line) => " ".repeat(INDENT + NAME_WIDTH + 3) + line)];
}

/** Breaks between words, and within one that is longer than a line. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").flatMap((long) => pieces(long, width))) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function pieces(word: string, size: number): string[] {
  return Array.from({ length: Math.ceil(word.length / size) || 1 }, (_, i) => word.slice(i * size, (i + 1) * size));
}
