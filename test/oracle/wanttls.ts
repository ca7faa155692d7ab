// wanttls as a party of the differential test: the command set of oracle.ts over SSLContext, MemoryBIO and SSLObject.
// Translates calls and outcomes, judges nothing.
import type { Certificate, SSLObject } from "../../ts/ssl/index.ts";
import type {
  Answer,
  Bio,
  BioCallName,
  CallName,
  Implementation,
  Outcome,
  Party,
  PartyConfig,
  PlainArgument,
  Supply,
  Value,
} from "./oracle.ts";
import { MemoryBIO, SSLContext } from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";

export const wanttls: Implementation = {
  name: "wanttls",
  async bio(): Promise<Bio> {
    const bio = new MemoryBIO();
    return { call: async (name, args) => outcomeOf(() => bioCall(bio, name, args)) };
  },
  async party(config: PartyConfig): Promise<Party | Outcome> {
    let party: WanttlsParty | null = null;
    const outcome = outcomeOf(() => {
      party = new WanttlsParty(config);
      return null;
    });
    return party ?? outcome;
  },
};

class WanttlsParty implements Party {
  readonly #context: SSLContext;
  readonly #incoming = new MemoryBIO();
  readonly #outgoing = new MemoryBIO();
  readonly #object: SSLObject;

  constructor(config: PartyConfig) {
    this.#context = contextFor(config);
    const name = config.serverHostname === undefined ? {} : { serverHostname: config.serverHostname };
    this.#object = this.#context.wrapBio(this.#incoming, this.#outgoing, name);
  }

  async call(name: CallName, args: readonly PlainArgument[], supply: Supply): Promise<Answer> {
    for (let taken = 0; ;) {
      const piece = supply.bytes.subarray(taken, taken + supply.chunk);
      if (piece.length > 0) this.#incoming.write(piece);
      taken += piece.length;
      const all = taken === supply.bytes.length;
      if (supply.eof && all) this.#incoming.writeEof();
      const outcome = outcomeOf(() => this.#act(name, args));
      if (all || !("error" in outcome) || outcome.error !== "SSLWantReadError") {
        return { outcome, taken, out: this.#outgoing.read() };
      }
    }
  }

  async dispose(): Promise<void> {
    this.#object.dispose();
    this.#context.dispose();
  }

  #act(name: CallName, args: readonly PlainArgument[]): Value {
    if (name === "readInto") return this.#readInto(args as [number, number?]);
    if (name === "getPeerCert") return commonName(this.#object.getPeerCert());
    if (name === "cipher") return this.#object.cipher()?.version ?? null;
    const method = this.#object[name] as (...args: readonly PlainArgument[]) => Value | undefined;
    return method.apply(this.#object, args as PlainArgument[]) ?? null;
  }

  #readInto([length, count]: [number, number?]): Uint8Array {
    const buffer = new Uint8Array(length);
    const moved = this.#object.readInto(buffer, count);
    return buffer.slice(0, moved);
  }
}

function contextFor(config: PartyConfig): SSLContext {
  const options = {
    ...(config.minVersion === undefined ? {} : { minVersion: config.minVersion }),
    ...(config.maxVersion === undefined ? {} : { maxVersion: config.maxVersion }),
    ...(config.verifyMode === undefined ? {} : { verifyMode: config.verifyMode }),
    ...(config.ca === undefined ? {} : { ca: certs[config.ca].cert }),
    ...(config.alpn === undefined ? {} : { alpn: [...config.alpn] }),
    ...(config.cert === undefined
      ? {}
      : { identities: [{ cert: certs[config.cert].chain, key: certs[config.cert].key }] }),
  };
  if (config.role === "server") return SSLContext.server(options);
  const check = config.checkHostname === undefined ? {} : { checkHostname: config.checkHostname };
  return SSLContext.client({ ...options, ...check });
}

function commonName(certificate: Certificate | null): string | null {
  return certificate?.subject.flat().find(([name]) => name === "commonName")?.[1] ?? null;
}

function bioCall(bio: MemoryBIO, name: BioCallName, args: readonly PlainArgument[]): Value {
  if (name === "pending" || name === "eof") return bio[name];
  const method = bio[name] as (...args: readonly PlainArgument[]) => Value | undefined;
  return method.apply(bio, args as PlainArgument[]) ?? null;
}

function outcomeOf(act: () => Value): Outcome {
  try {
    return { value: act() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const reason = "reason" in error && typeof error.reason === "string" ? error.reason : null;
    return { error: error.constructor.name, reason, text: error.message };
  }
}
