// One side of a recorded conversation on stage, and what may become of it when it hears something else than what was
// recorded: the same result, or an error that names what is wrong. Never other plaintext, never a clean end too early.
import process from "node:process";
import { afterAll, beforeAll, describe, expect } from "vitest";
import {
  SSLAlertError,
  SSLEngineError,
  SSLEOFError,
  SSLError,
  SSLMemoryError,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import {
  allThatIsSaidTo,
  lines,
  type Outcome,
  other,
  type Plot,
  plotOf,
  record,
  recordOffsets,
  type Role,
  Side,
} from "../support/recording.ts";

/** WANTTLS_FAULTS=all: no harm and no conversation is left out. Takes ten minutes rather than one. */
export const everything: boolean = process.env["WANTTLS_FAULTS"] === "all";

const both: readonly Role[] = ["client", "server"];

/** Which side of which conversation is put to the test. */
const parts: readonly (readonly [Plot, readonly Role[]])[] = [
  [plotOf("TLSv1.2"), both],
  [plotOf("TLSv1.3"), both],
  [plotOf("TLSv1.3", { clientCertificate: true }), everything ? both : ["server"]],
  [plotOf("TLSv1.2", { alpn: "mismatch" }), ["server"]],
  [plotOf("TLSv1.2", { clientCertificate: true }), everything ? both : []],
  [plotOf("TLSv1.3", { groups: "retry" }), everything ? both : []],
];

/** One side and what its peer once said to it. */
export class Replay {
  readonly role: Role;
  readonly version: TLSVersion;
  readonly side: Side;
  readonly bytes: Uint8Array;
  /** Where the records begin; the last one is the end. */
  readonly offsets: readonly number[];

  constructor(plot: Plot, role: Role) {
    this.role = role;
    this.version = plot.version;
    this.side = new Side(plot, role);
    this.bytes = record(plot).said[other(role)];
    this.offsets = recordOffsets(this.bytes);
    this.expectUnharmed();
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
    const { end, heard } = this.side.playAgainst(this.bytes);
    expect({ end, heard }).toEqual({ end: "closed", heard: allThatIsSaidTo(this.role) });
  }

  /** `outcome` is one that may follow from harm; answers whether the harm went unnoticed. */
  expectHarmless({ end, heard }: Outcome, harm: string): boolean {
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
    return false;
  }
}

/** Describes the same for each version and role, and for servers that do more; with WANTTLS_FAULTS=all for more. */
export function forEachReplay(title: string, body: (replay: () => Replay) => void): void {
  for (const [plot, sides] of parts) {
    describe.each(sides)(`${title}: %s, ${plot.name}`, (role) => {
      let replay: Replay;
      beforeAll(() => {
        replay = new Replay(plot, role);
      });
      afterAll(() => replay.side.dispose());
      body(() => replay);
    });
  }
}

/** Whether the side found the fault itself, so that the peer is due an alert. */
export function isOwnFinding(error: SSLError): boolean {
  return !(error instanceof SSLEOFError) && !(error instanceof SSLAlertError);
}
