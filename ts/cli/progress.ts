// Owns what `--progress` tells on stderr about a transfer that goes on: one line that is redrawn on a terminal, a line now
// and then elsewhere, and a summary. Refuses to know what is transferred.
import process from "node:process";

/** What has gone through a connection, in bytes; whoever moves them counts. */
export interface Traffic {
  sent: number;
  received: number;
}

/** Where progress is shown. */
export interface Screen {
  readonly isTerminal: boolean;
  /** Characters that fit in a line; undefined or 0 when nobody knows. */
  readonly columns: number | undefined;
  write(text: string): void;
}

const redrawMs = 250;
const lineMs = 10_000;

/** Runs a transfer, and shows its progress if that is wanted. The summary comes also when it fails; nobody has to read it. */
export async function withProgress(wanted: boolean, transfer: (traffic: Traffic) => Promise<void>): Promise<void> {
  const traffic: Traffic = { sent: 0, received: 0 };
  if (!wanted) return transfer(traffic);
  const { isTTY: isTerminal, columns } = process.stderr;
  const screen = { isTerminal, columns, write: (text: string) => void process.stderr.write(text) };
  const progress = new Progress(traffic, screen, () => performance.now());
  process.stderr.on("error", () => {}); // whoever read it has gone, which is no reason to end the transfer
  const timer = setInterval(() => progress.show(), isTerminal ? redrawMs : lineMs);
  try {
    if (isTerminal) progress.show();
    await transfer(traffic);
  } finally {
    clearInterval(timer);
    progress.finish();
  }
}

/** The lines about one transfer, which begins when this is made. `now` is a clock in milliseconds. */
export class Progress {
  readonly #traffic: Traffic;
  readonly #screen: Screen;
  readonly #now: () => number;
  readonly #start: number;
  #last: { readonly at: number; readonly bytes: number };

  constructor(traffic: Traffic, screen: Screen, now: () => number) {
    this.#traffic = traffic;
    this.#screen = screen;
    this.#now = now;
    this.#start = now();
    this.#last = { at: this.#start, bytes: 0 };
  }

  /** Tells how far it is, and how fast it went since this was last told. */
  show(): void {
    const { sent, received } = this.#traffic;
    const at = this.#now();
    const bytes = sent + received;
    const rate = perSecond(bytes - this.#last.bytes, at - this.#last.at);
    this.#last = { at, bytes };
    const elapsed = Math.floor((at - this.#start) / 1000);
    this.#draw(`sent ${amount(sent)}, received ${amount(received)}, ${rate}, ${elapsed} s`, "");
  }

  /** Tells what it came to, and how fast it was on the whole. */
  finish(): void {
    const { sent, received } = this.#traffic;
    const elapsed = this.#now() - this.#start;
    const seconds = (elapsed / 1000).toFixed(1);
    const rate = perSecond(sent + received, elapsed);
    this.#draw(`sent ${sent} bytes, received ${received} bytes in ${seconds} s, ${rate}`, "\n");
  }

  /** On a terminal over the line before, and without what that has left behind (ECMA-48, erase in line). */
  #draw(line: string, end: string): void {
    const { isTerminal, columns } = this.#screen;
    const width = columns === undefined || columns === 0 ? Infinity : columns - 1;
    this.#screen.write(isTerminal ? `\r${line.slice(0, width)}\u001B[K${end}` : `${line}\n`);
  }
}

function perSecond(bytes: number, milliseconds: number): string {
  return `${amount(milliseconds > 0 ? (bytes * 1000) / milliseconds : 0)}/s`;
}

const units = ["B", "kB", "MB", "GB", "TB"] as const;

/** To three digits, with the unit that is usual for that many. */
function amount(bytes: number): string {
  let [value, unit] = [bytes, 0];
  for (; value >= 999.5 && unit < units.length - 1; unit++) value /= 1000;
  return `${unit === 0 || value >= 99.95 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}
