// One side of a recorded conversation on stage, and what may become of it when it hears something else than what was
// recorded: the same result, or an error that names what is wrong. Never other plaintext, never a clean end too early.
import process from "node:process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  SSLAlertError,
  SSLEngineError,
  SSLEOFError,
  SSLError,
  SSLMemoryError,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import { recordsOf, recordType, type Role, roles, versions } from "../support/conversation.ts";
import {
  allThatIsSaidTo,
  lines,
  type Outcome,
  other,
  type Plot,
  plotOf,
  record,
  type Recording,
  recordOffsets,
  Side,
  type Variant,
} from "../support/recording.ts";

/** WANTTLS_FAULTS=all: no harm and no conversation is left out (`make faults`). */
export const everything: boolean = process.env["WANTTLS_FAULTS"] === "all";

const yesAndNo = [false, true] as const;

/** Every conversation: the versions, both kinds of keys, with and without all that changes what is said. */
export const plots: readonly Plot[] = versions.flatMap((version) => [
  ...(["ECDSA", "RSA"] as const).flatMap((key) =>
    yesAndNo.flatMap((clientCertificate) =>
      yesAndNo.flatMap((resumed) =>
        yesAndNo
          .filter((retry) => !retry || version === "TLSv1.3")
          .map((retry) => plotOf(version, { key, clientCertificate, resumed, retry })),
      ),
    ),
  ),
  plotOf(version, { alpn: "mismatch" }),
]);

/** Which of them are harmed at every place in the short run too, though not with every harm. */
const thorough: readonly (readonly [TLSVersion, Variant, readonly Role[]])[] = [
  ["TLSv1.2", {}, roles],
  ["TLSv1.3", {}, roles],
  ["TLSv1.3", { clientCertificate: true }, ["server"]],
];

/** Of most conversations the short run does every so-manieth harm. A prime, so that it is another one in each. */
const stride = 41;

interface Sample {
  readonly every: number;
  readonly first: number;
}

/** One side and what its peer once said to it. */
export class Replay {
  readonly role: Role;
  readonly version: TLSVersion;
  readonly resumed: boolean;
  readonly side: Side;
  readonly bytes: Uint8Array;
  /** Where the records begin; the last one is the end. */
  readonly offsets: readonly number[];
  /** What the side says when nothing is harmed. */
  readonly answer: Uint8Array;
  readonly #sample: Sample;

  constructor(plot: Plot, { said, session, before }: Recording, role: Role, sample: Sample) {
    this.role = role;
    this.version = plot.version;
    this.resumed = plot.resumed;
    this.#sample = sample;
    this.side = new Side(plot, role, session);
    this.bytes = said[other(role)];
    this.answer = said[role];
    this.offsets = recordOffsets(this.bytes);
    this.side.playAgainst((before ?? said)[other(role)]); // the first signature of an RSA key is not like the others
    this.expectUnharmed();
  }

  /** Whether the harm with that number is done. */
  takes(harm: number): boolean {
    const { every, first } = this.#sample;
    return (harm + first) % every === 0;
  }

  /** The places in the bytes that are harmed; `every` leaves out some more in the short run. */
  places(every = 1): number[] {
    const all = Array.from(this.bytes, (_, at) => at);
    return all.filter((at) => this.takes(at) && (everything || at % every === 0));
  }

  /** The record in which the byte lies. */
  recordAt(offset: number): number {
    return this.offsets.findLastIndex((start) => start <= offset);
  }

  /** What must have been heard when everything before `offset` arrived: the last record is the goodbye. */
  heardBefore(offset: number): string {
    const said = lines[other(this.role)];
    const first = this.offsets.length - 2 - said.length;
    return said.filter((_, i) => this.offsets[first + i + 1]! <= offset).join("");
  }

  /** The side is in order: confronted with what was recorded, it comes to the recorded end. */
  expectUnharmed(): void {
    this.expectSame(this.side.playAgainst(this.bytes), "unharmed");
  }

  /** To the byte what comes of it when nothing is harmed. */
  expectSame({ end, heard, said }: Outcome, what: string): void {
    expect({ end, heard }, what).toEqual({ end: "closed", heard: allThatIsSaidTo(this.role) });
    expect(said, what).toEqual(this.answer);
  }

  /** `outcome` is one that may follow from harm; answers whether the harm went unnoticed. */
  expectHarmless({ end, heard, said }: Outcome, harm: string): boolean {
    if (end === "closed") {
      expect(heard, harm).toBe(allThatIsSaidTo(this.role));
      return true;
    }
    expect(end, harm).toBeInstanceOf(SSLError);
    for (const fault of [SSLEngineError, SSLMemoryError]) expect(end, harm).not.toBeInstanceOf(fault);
    const { reason, message } = end as SSLError;
    expect([reason, message], harm).not.toContain("INTERNAL_ERROR");
    expect(message, harm).toMatch(/^Cannot (finish the handshake|read|trust the certificate of the peer|close): [^.]+/);
    expect(allThatIsSaidTo(this.role).startsWith(heard), `${harm}: heard ${JSON.stringify(heard)}`).toBe(true);
    if (isOwnFinding(end as SSLError)) expectAlert(said, harm);
    return false;
  }
}

/**
 * Describes the same for each side of each conversation. When nothing is left out a last test counts the connections: at least `least`
 * met with harm.
 */
export function forEachReplay(title: string, least: number, body: (replay: () => Replay) => void): void {
  let connections = 0;
  for (const [index, plot] of plots.entries()) {
    let recording: Recording | undefined;
    describe.each(roles)(`${title}: %s, ${plot.name}`, (role) => {
      let replay: Replay;
      beforeAll(() => {
        recording ??= record(plot);
        replay = new Replay(plot, recording, role, { every: isThorough(plot, role) ? 1 : stride, first: index });
      });
      afterAll(() => {
        replay.expectUnharmed();
        connections += replay.side.entered;
        replay.side.dispose();
      });
      body(() => replay);
    });
  }
  if (!everything) return;
  it(`${title}: was done to at least ${least} connections`, () => {
    console.info(`${title}: ${connections} connections`);
    expect(connections).toBeGreaterThanOrEqual(least);
  });
}

function isThorough(plot: Plot, role: Role): boolean {
  if (everything) return true;
  const isPlot = ([version, variant]: (typeof thorough)[number]): boolean =>
    plotOf(version, variant).name === plot.name;
  return thorough.find(isPlot)?.[2].includes(role) ?? false;
}

/** Whether the side found the fault itself, so that the peer is due an alert. */
function isOwnFinding(error: SSLError): boolean {
  return !(error instanceof SSLEOFError) && !(error instanceof SSLAlertError);
}

/** An encrypted alert of TLS 1.3 looks like data; its length is that of an alert, its type and the tag. */
function expectAlert(said: Uint8Array, harm: string): void {
  const last = recordsOf(said).at(-1) ?? new Uint8Array(0);
  const encrypted = last[0] === recordType.applicationData && last.length === 5 + 2 + 1 + 16;
  expect(last[0] === recordType.alert || encrypted, `${harm}: no alert`).toBe(true);
}
