// An allocation fails in the middle of everything that the module does: each single one, and all from one on. What comes of it is the
// right bytes or an SSLMemoryError on the side that it happened to, and an alert or silence for its peer. Nothing is left behind, and
// other connections in the same memory do not notice. Of long stretches, such as a handshake, the short run takes a sample.
import { describe, expect, test } from "vitest";
import {
  type ClientOptions,
  generateSelfSigned,
  type ServerOptions,
  SSLContext,
  SSLEngineError,
  SSLError,
  SSLMemoryError,
  type SSLSession,
} from "../../ts/ssl/index.ts";
import { allocationsOf, withFault } from "../engine/faulty-module.ts";
import { alive, type Contexts, contextsOf, expectAlive, pairIn } from "../support/contexts.ts";
import { certs, keyForms, keyPassword } from "../support/certs.ts";
import {
  attempt,
  available,
  connected,
  deliver,
  drained,
  type End,
  handshake,
  identityOf,
  inCase,
  joined,
  pattern,
  receive,
  versions,
} from "../support/conversation.ts";
import { everything } from "./replays.ts";

/** At most so many places of one stretch in the short run. */
const sample = 60;
const key = new Uint8Array(32).fill(7);
const modes = ["fail", "fail from then on"] as const;

/** What each side's part in it threw, undefined when it did not. */
type Thrown = readonly unknown[];

/** A stretch of work: `prepare` is spared, `act` is not. What `act` answers are the errors of each side. */
interface Stretch<T> {
  readonly prepare: () => T;
  readonly act: (prepared: T) => Thrown;
}

/** Runs the stretch again and again, the fault at another allocation each time. */
function expectSoundEverywhere<T>({ prepare, act }: Stretch<T>): void {
  const neighbours = connected();
  expectAlive(neighbours); // what is set up with the first record is there
  const run = (fault: (typeof modes)[number] | "none", at: number): Thrown => {
    let thrown: Thrown = [];
    inCase(`${fault} at allocation ${at}`, () => {
      const prepared = prepare();
      withFault(fault, at, () => (thrown = act(prepared)));
      expectTold(thrown);
    });
    return thrown;
  };
  expect(run("none", 0).filter((error) => error !== undefined)).toEqual([]);
  const clean = alive();
  let total = 0;
  inCase("counting", () => {
    const prepared = prepare();
    total = allocationsOf(() => act(prepared));
  });
  expect(total).toBeGreaterThan(0);
  const step = everything ? 1 : Math.ceil(total / sample);
  let failures = 0;
  for (const fault of modes) {
    for (let at = 1; at <= total; at += step) {
      failures += run(fault, at).some((error) => error !== undefined) ? 1 : 0;
      const { objects, blocks } = alive();
      expect(objects, `${fault} at allocation ${at}`).toBe(clean.objects);
      expect(blocks, `${fault} at allocation ${at}`).toBeLessThanOrEqual(clean.blocks);
      expectAlive(neighbours);
    }
  }
  expect(failures).toBeGreaterThan(0);
  // An RSA key that has failed makes its blinding values anew the next time.
  run("none", 0);
  expect(alive()).toEqual(clean);
}

/** An error says the truth: the memory was full, or for the peer of such a side, that it cannot go on. */
function expectTold(thrown: Thrown): void {
  const errors = thrown.filter((error) => error !== undefined);
  if (errors.length === 0) return;
  const own = errors.filter((error) => error instanceof SSLMemoryError);
  expect(own.length, String(errors)).toBeGreaterThan(0);
  for (const { message } of own) expect(message).toMatch(/^Cannot [^:]+: the wasm memory is full$/);
  for (const error of errors) {
    if (error instanceof SSLMemoryError) continue;
    expect(error).toBeInstanceOf(SSLError); // an alert mostly, though which one Mbed TLS may have said before anybody knew why
    expect(error).not.toBeInstanceOf(SSLEngineError);
  }
}

/** Runs each, and answers what they threw; the first that throws is the last to run. */
function inTurn(...steps: readonly (() => void)[]): Thrown {
  for (const step of steps) {
    try {
      step();
    } catch (error) {
      return [error];
    }
  }
  return [];
}

/** Wraps both ends and takes them through the handshake; what comes behind it is read. */
function conversation(contexts: Contexts, session: SSLSession | null = null): Thrown {
  let thrown: Thrown = [];
  const failed = inTurn(() => {
    const pair = pairIn(contexts, session);
    const { client, server } = attempt(pair);
    thrown = [client, server];
    if (client === undefined && server === undefined) available(pair.client);
  });
  return [...thrown, ...failed];
}

const kinds: readonly (readonly [string, ClientOptions, Partial<ServerOptions>])[] = [
  ["ECDSA", {}, {}],
  ["RSA", { ca: certs.rsaRoot.cert }, { identities: [identityOf("localhostRsa")] }],
  [
    "a client certificate, and a trace",
    { identities: [identityOf("client")], onTrace: () => {}, onKeyLog: () => {} },
    { verifyMode: "required", ca: certs.root.cert, alpn: ["h2"] },
  ],
  ["a pre-shared key", { psk: { identity: "us", key } }, { psk: () => key }],
];

describe.each(versions)("an allocation that fails, %s", (version) => {
  test.each(kinds)("in a handshake with %s", (_, client, server) => {
    const contexts = contextsOf(version, client, server);
    expectSoundEverywhere({ prepare: () => undefined, act: () => conversation(contexts) });
  });

  test.each([
    ["tickets", {}],
    ["a cache", { numTickets: 0, sessionCache: memoryCache() }],
  ] as const)("when a session is made, and when it is resumed, with %s", (_, options) => {
    const contexts = contextsOf(version, {}, { numTickets: 2, ...options });
    expectSoundEverywhere({ prepare: () => undefined, act: () => conversation(contexts) });
    const pair = handshake(pairIn(contexts));
    available(pair.client);
    const { session } = pair.client.tls;
    if (session === null) return expect([version, options]).toEqual(["TLSv1.3", expect.anything()]);
    expectSoundEverywhere({ prepare: () => undefined, act: () => conversation(contexts, session) });
  });

  test.each(["client", "server"] as const)(
    "when the %s writes, and when its peer reads what comes in pieces",
    (role) => {
      const contexts = contextsOf(version);
      const bytes = pattern(40_000);
      expectSoundEverywhere({
        prepare: () => handshake(pairIn(contexts)),
        act: (pair) => {
          const [writer, reader] = role === "client" ? [pair.client, pair.server] : [pair.server, pair.client];
          return inTurn(() => {
            writer.tls.write(bytes);
            expect(joined(receive(reader, drained(writer), 5000))).toEqual(bytes);
          });
        },
      });
    },
  );

  test("when secrets are exported, and both sides close", () => {
    const contexts = contextsOf(version);
    expectSoundEverywhere({
      prepare: () => handshake(pairIn(contexts)),
      act: ({ client, server }) =>
        inTurn(
          () => client.tls.exportKeyingMaterial(32, "EXPORTER-test"),
          () => goodbye(client, server),
          () => goodbye(server, client),
        ),
    });
  });

  test.runIf(version === "TLSv1.3")("when keys are updated", () => {
    const contexts = contextsOf(version);
    expectSoundEverywhere({
      prepare: () => handshake(pairIn(contexts)),
      act: (pair) =>
        inTurn(
          () => pair.client.tls.updateKeys({ request: true }),
          () => expectAlive(pair),
        ),
    });
  });
});

test.each(["localhost", "localhostRsa"] as const)(
  "an allocation that fails while contexts are made with %s",
  (name) => {
    const options = { identities: [identityOf(name)], ca: certs.root.cert, alpn: ["h2", "http/1.1"] };
    expectSoundEverywhere({
      prepare: () => undefined,
      act: () =>
        inTurn(
          () => SSLContext.client(options).dispose(),
          () => SSLContext.server(options).dispose(),
        ),
    });
  },
);

test("an allocation that fails while a key is decrypted is not said to be a wrong password", () => {
  expectSoundEverywhere({
    prepare: () => undefined,
    act: () =>
      inTurn(() => {
        const identity = { cert: certs.localhost.chain, key: keyForms.ec.encryptedPkcs8, password: keyPassword };
        SSLContext.client({ identities: [identity] }).dispose();
      }),
  });
});

test("an allocation that fails while a self-signed certificate is made", () => {
  expectSoundEverywhere({
    prepare: () => undefined,
    act: () => inTurn(() => void generateSelfSigned({ names: ["localhost"] })),
  });
});

function goodbye(from: End, to: End): void {
  from.tls.shutdownWrite();
  deliver(from, to);
  expect(to.tls.tryRead(new Uint8Array(1))).toEqual({ kind: "eof" });
}

function memoryCache(): NonNullable<ServerOptions["sessionCache"]> {
  const kept = new Map<string, Uint8Array>();
  return {
    get: (id) => kept.get(String(id)) ?? null,
    set: (id, session) => void kept.set(String(id), session),
  };
}
