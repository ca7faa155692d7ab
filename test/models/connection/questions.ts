// Owns what can be asked of a connection at any time, and when there is an answer: the table in docs/semantics.md. Refuses to know
// how the conversation goes.
import { expect } from "vitest";
import { type SSLObject, SSLStateError } from "../../../ts/ssl/index.ts";

interface Question {
  readonly ask: (tls: SSLObject) => unknown;
  /** Before the end of the handshake. */
  readonly before: "null" | "throws";
}

const questions: Readonly<Record<string, Question>> = {
  version: { ask: (tls) => tls.version(), before: "null" },
  cipher: { ask: (tls) => tls.cipher(), before: "null" },
  group: { ask: (tls) => tls.group(), before: "null" },
  sharedCiphers: { ask: (tls) => tls.sharedCiphers(), before: "null" },
  serverSigalg: { ask: (tls) => tls.serverSigalg(), before: "null" },
  clientSigalg: { ask: (tls) => tls.clientSigalg(), before: "null" },
  selectedAlpnProtocol: { ask: (tls) => tls.selectedAlpnProtocol(), before: "null" },
  sessionReused: { ask: (tls) => tls.sessionReused, before: "null" },
  getPeerCert: { ask: (tls) => tls.getPeerCert(), before: "throws" },
  getPeerCertBinary: { ask: (tls) => tls.getPeerCert({ binary: true }), before: "throws" },
  getUnverifiedChain: { ask: (tls) => tls.getUnverifiedChain(), before: "throws" },
  getVerifiedChain: { ask: (tls) => tls.getVerifiedChain(), before: "throws" },
  tlsUnique: { ask: (tls) => tls.getChannelBinding(), before: "throws" },
  tlsExporter: { ask: (tls) => tls.getChannelBinding("tls-exporter"), before: "throws" },
  tlsServerEndPoint: { ask: (tls) => tls.getChannelBinding("tls-server-end-point"), before: "throws" },
  exportKeyingMaterial: { ask: (tls) => tls.exportKeyingMaterial(20, "EXPORTER-model"), before: "throws" },
};

export const questionNames: readonly string[] = Object.keys(questions);

/** What a connection has answered, and must answer again. */
export class Answers {
  readonly #known = new Map<string, unknown>();

  /** Asks one question at a connection that is not closed. */
  check(tls: SSLObject, name: string, handshakeOver: boolean): void {
    const { ask, before } = questions[name]!;
    if (!handshakeOver && before === "throws") return void expect(() => ask(tls), name).toThrow(SSLStateError);
    const answer = ask(tls);
    if (!handshakeOver) return void expect(answer, name).toBe(null);
    if (this.#known.has(name)) expect(answer, name).toEqual(this.#known.get(name));
    else this.#known.set(name, answer);
  }

  /** One that was closed has nothing to say any more. */
  checkClosed(tls: SSLObject, name: string): void {
    try {
      expect(questions[name]!.ask(tls), name).toBe(null);
    } catch (error) {
      expect(error, name).toBeInstanceOf(SSLStateError);
    }
  }
}
