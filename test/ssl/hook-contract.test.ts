// What all decisions of the application in the handshake have in common: asked once, answered now or later, what it means
// when one throws, answers nonsense, never answers, or calls back into the connection.
import { describe, expect, test } from "vitest";
import {
  alertDescription,
  type AlertName,
  type ClientOptions,
  type ServerOptions,
  SSLAlertError,
  SSLCertVerificationError,
  SSLError,
  SSLStateError,
  SSLWantCallbackError,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import {
  answerOf,
  type Attempt,
  attempt,
  attemptPatiently,
  chunks,
  clientContext,
  drained,
  type End,
  handshake,
  identityOf,
  type Pair,
  type Role,
  roles,
  serverContext,
  sides,
  thrownBy,
  versions,
} from "../support/conversation.ts";
import { type Contexts, contextsOf, pairIn } from "../support/contexts.ts";

/** Stands for any of the hooks. */
type Hook = (...asked: unknown[]) => unknown;

interface HookCase {
  readonly name: string;
  readonly asker: Role;
  readonly client?: (hook: Hook) => ClientOptions;
  readonly server?: (hook: Hook) => Partial<ServerOptions>;
  /** Answers with which the handshake succeeds. */
  readonly good: readonly unknown[];
  /** Answers that are none. */
  readonly wrong: readonly unknown[];
  /** What the peer is told when it throws. */
  readonly refusal: AlertName;
}

const key = new Uint8Array(32).fill(7);
const mutual = { verifyMode: "required", ca: certs.root.cert } as const;
const client = { identities: [identityOf("client")] };
const alpn = ["h2", "http/1.1"];

const hooks: readonly HookCase[] = [
  {
    name: "verify of a client",
    asker: "client",
    client: (hook) => ({ verify: hook as never }),
    good: [undefined, { accept: true }],
    wrong: [null, true, false, 5, "yes", {}, { accept: false }],
    refusal: "access_denied",
  },
  {
    name: "verify of a server",
    asker: "server",
    client: () => client,
    server: (hook) => ({ ...mutual, verify: hook as never }),
    good: [undefined, { accept: true }],
    wrong: [null, true, false, 5, "yes", {}, { accept: false }],
    refusal: "access_denied",
  },
  {
    name: "selectContext",
    asker: "server",
    server: (hook) => ({ selectContext: hook as never }),
    good: [undefined],
    wrong: [null, true, 5, "localhost", {}],
    refusal: "access_denied",
  },
  {
    name: "sniCallback",
    asker: "server",
    server: (hook) => ({ sniCallback: hook as never }),
    good: [undefined, null],
    wrong: ["112", 1.5, 256, -1, NaN, true, {}],
    refusal: "handshake_failure",
  },
  {
    name: "selectAlpn",
    asker: "server",
    client: () => ({ alpn }),
    server: (hook) => ({ alpn, selectAlpn: hook as never }),
    good: ["http/1.1", null],
    wrong: [undefined, "spdy", "", 5, ["h2"]],
    refusal: "no_application_protocol",
  },
  {
    name: "psk",
    asker: "server",
    client: () => ({ psk: { identity: "me", key } }),
    server: (hook) => ({ identities: [], psk: hook as never }),
    good: [key, key.buffer],
    wrong: ["key", 5, {}, true],
    refusal: "internal_error",
  },
];

function contextsFor(one: HookCase, version: TLSVersion, hook: Hook): Contexts {
  return contextsOf(version, one.client?.(hook), one.server?.(hook));
}

function expectOpen(pair: Pair, outcome: Attempt): void {
  expect(outcome).toEqual({ client: undefined, server: undefined });
  expect([pair.client.tls.state, pair.server.tls.state]).toEqual(["open", "open"]);
}

/** The fatal error of the asker; its peer, having read what came, knows the alert. */
function expectRefused(one: HookCase, pair: Pair, outcome: Attempt, told: number): SSLError {
  const [asker, peer] = sides(pair, one.asker);
  const error = outcome[asker.role];
  expect(error).toBeInstanceOf(SSLError);
  expect(asker.tls.state).toBe("failed");
  expect(alertSeenBy(peer, outcome)).toBe(told);
  return error as SSLError;
}

/** In TLS 1.3 a client is through with its handshake when the server refuses its certificate. */
function alertSeenBy(peer: End, outcome: Attempt): number {
  const error = outcome[peer.role] ?? thrownBy(() => peer.tls.read());
  expect(error).toBeInstanceOf(SSLAlertError);
  expect((error as SSLAlertError).sent).toBe(false);
  return (error as SSLAlertError).alert;
}

function expectRepeated({ tls }: End, first: SSLError): void {
  for (const call of [
    () => tls.doHandshake(),
    () => tls.read(),
    () => tls.write(Uint8Array.of(1)),
    () => tls.unwrap(),
  ]) {
    const again = thrownBy(call) as SSLError;
    expect(again.constructor).toBe(first.constructor);
    expect(again).not.toBe(first);
    expect([again.cause, again.reason]).toEqual([first, first.reason]);
  }
}

/** The ways to give an answer. */
const now = (value: unknown): unknown => value;
const later = (value: unknown): unknown => new Promise((resolve) => setTimeout(resolve, 0, value));
/** A promise of another make. */
const foreign = (value: unknown): unknown => {
  const given: Promise<unknown> = Promise.resolve(value);
  return new Proxy({}, { get: (_, name) => (name === "then" ? given.then.bind(given) : undefined) });
};
const ways = { now, later, foreign };

class Refused extends Error {}

for (const one of hooks) {
  for (const version of versions) {
    describe(`${one.name}, ${version}`, () => {
      test("B28 is asked once, and its answer counts, be it given at once or later, in whatever pieces the bytes come", async () => {
        for (const answer of one.good) {
          for (const give of Object.values(ways)) {
            for (const chunk of answer === one.good[0] ? chunks : [Infinity]) {
              let calls = 0;
              const hook = (): unknown => give(++calls === 1 ? answer : new Refused("asked again"));
              const pair = pairIn(contextsFor(one, version, hook));
              expectOpen(pair, await attemptPatiently(pair, chunk));
              expect(calls).toBe(1);
            }
          }
        }
      });

      test("B30 while it has not answered every call throws SSLWantCallbackError, nothing is sent, and nobody is asked again", async () => {
        for (const chunk of [1, Infinity]) {
          let calls = 0;
          const { promise, resolve } = Promise.withResolvers<unknown>();
          const pair = pairIn(contextsFor(one, version, () => (++calls > 0 ? promise : null)));
          expect(attempt(pair, chunk)).toEqual({ client: undefined, server: undefined });
          const [{ tls, outgoing }] = sides(pair, one.asker);
          let settled = 0;
          const waiting = [
            () => tls.doHandshake(),
            () => tls.read(),
            () => tls.write(Uint8Array.of(1)),
            () => tls.doHandshake(),
          ].map((call) => {
            const error = thrownBy(call);
            expect(error).toBeInstanceOf(SSLWantCallbackError);
            return (error as SSLWantCallbackError).ready.then(() => settled++);
          });
          expect(tls.tryHandshake()).toEqual({ kind: "want", want: "callback" });
          expect([tls.want, tls.state, outgoing.pending, calls]).toEqual(["callback", "handshaking", 0, 1]);
          await later(undefined);
          expect(settled).toBe(0);
          resolve(one.good[0]);
          await Promise.all(waiting);
          expect(settled).toBe(4);
          expectOpen(pair, await attemptPatiently(pair, chunk));
          expect(calls).toBe(1);
        }
      });

      const throwing: Readonly<Record<string, (error: unknown) => unknown>> = {
        throws: (error) => {
          throw error;
        },
        "answers with a promise that fails": async (error) => {
          await Promise.resolve();
          throw error;
        },
        "answers with a promise that fails later": (error) =>
          new Promise((_, reject) => setTimeout(reject, 0, error as Error)),
      };
      for (const [way, fail] of Object.entries(throwing)) {
        test(`S19 B2 when it ${way}, that connection fails, the peer is told, and the next one succeeds`, async () => {
          for (const chunk of [5, Infinity]) {
            let calls = 0;
            const cause = new Refused("no thanks");
            const contexts = contextsFor(one, version, () => (++calls === 1 ? fail(cause) : one.good[0]));
            const pair = pairIn(contexts);
            const outcome = await attemptPatiently(pair, chunk);
            const error = expectRefused(one, pair, outcome, alertDescription[one.refusal]);
            expect(error.cause).toBe(cause);
            expect(error.message).toContain("no thanks");
            const isVerify = one.name.startsWith("verify");
            expect(error instanceof SSLCertVerificationError).toBe(isVerify);
            expect(error.reason).toBe(isVerify ? "CERTIFICATE_VERIFY_FAILED" : "CALLBACK_FAILED");
            expectRepeated(sides(pair, one.asker)[0], error);
            expect(calls).toBe(1);
            handshake(pairIn(contexts), chunk);
          }
        });
      }

      test("B30 when it throws an error with an alert, the peer gets that one", async () => {
        const alerted = (alert: unknown): unknown => Object.assign(new Refused("no thanks"), { alert });
        const number = alertDescription[one.refusal];
        for (const [i, [cause, told]] of (
          [
            [alerted(112), 112],
            [alerted(90), 90],
            [new SSLAlertError("No thanks", { alert: 80, sent: true }), 80],
            [alerted(0), number],
            [alerted(256), number],
            [alerted("112"), number],
            [null, number],
            [undefined, number],
            ["only a text", number],
          ] as const
        ).entries()) {
          const fail = Object.values(throwing)[i % 3]!;
          const pair = pairIn(contextsFor(one, version, () => fail(cause)));
          const error = expectRefused(one, pair, await attemptPatiently(pair), told);
          expect(error.cause).toBe(cause);
        }
      });

      test("B28 an answer of the wrong type is an internal_error, which says what was expected", async () => {
        for (const [i, answer] of one.wrong.entries()) {
          const give = Object.values(ways)[i % 3]!;
          const pair = pairIn(contextsFor(one, version, () => give(answer)));
          const error = expectRefused(one, pair, await attemptPatiently(pair), alertDescription.internal_error);
          expect(error.cause).toBeInstanceOf(TypeError);
          expect((error.cause as TypeError).message).toMatch(/expected .*, got /);
          expectRepeated(sides(pair, one.asker)[0], error);
        }
      });

      test("B95 a connection can be disposed of while it has not answered, and does not mind what comes then", async () => {
        for (const settle of ["never", "resolve", "reject"] as const) {
          const deferred = Promise.withResolvers<unknown>();
          const pair = pairIn(contextsFor(one, version, () => deferred.promise));
          attempt(pair);
          const [{ tls, outgoing }] = sides(pair, one.asker);
          const { ready } = thrownBy(() => tls.doHandshake()) as SSLWantCallbackError;
          tls.dispose();
          if (settle === "resolve") deferred.resolve(one.good[0]);
          if (settle === "reject") deferred.reject(new Refused("too late"));
          if (settle !== "never") await ready;
          await later(undefined);
          expect(thrownBy(() => tls.doHandshake())).toBeInstanceOf(SSLStateError);
          expect(outgoing.pending).toBe(0);
        }
      });

      test("the end of the transport is seen when the answer is there", async () => {
        const deferred = Promise.withResolvers<unknown>();
        const pair = pairIn(contextsFor(one, version, () => deferred.promise));
        attempt(pair);
        const [asker] = sides(pair, one.asker);
        asker.incoming.writeEof();
        const ready = answerOf(asker);
        expect(asker.tls.want).toBe("callback");
        deferred.resolve(one.good[0]);
        await ready;
        const after = thrownBy(() => asker.tls.read()) as SSLError;
        expect(after.reason).toBe("UNEXPECTED_EOF_WHILE_READING");
      });

      test("B94 it cannot call into its connection, but may look at it", async () => {
        for (const give of Object.values(ways)) {
          const pair = pairIn(contextsFor(one, version, (): unknown => give((look(), one.good[0]))));
          const [{ tls }] = sides(pair, one.asker);
          const server = one.asker === "server";
          let looked = 0;
          const look = (): void => {
            looked++;
            for (const call of [
              () => tls.doHandshake(),
              () => tls.tryHandshake(),
              () => tls.read(),
              () => tls.tryRead(new Uint8Array(5)),
              () => tls.write(Uint8Array.of(1)),
              () => tls.unwrap(),
              () => tls.shutdownWrite(),
              () => tls.updateKeys(),
              () => tls.getPeerCert(),
              () => tls.exportKeyingMaterial(16, "label"),
            ]) {
              expect(thrownBy(call)).toBeInstanceOf(SSLStateError);
            }
            expect([tls.state, tls.version(), tls.cipher(), tls.selectedAlpnProtocol(), tls.sessionReused]).toEqual([
              "handshaking",
              null,
              null,
              null,
              null,
            ]);
            expect([tls.serverSide, tls.pending(), tls.context.serverSide]).toEqual([server, 0, server]);
            expect(() => tls.hasBuffered()).not.toThrow();
          };
          expectOpen(pair, await attemptPatiently(pair));
          expect(looked).toBe(1);
        }
      });

      test("B94 B95 it may dispose of its connection, which ends the call", () => {
        for (const refuses of [false, true]) {
          const hook = (): unknown => {
            tls.dispose();
            if (refuses) throw new Refused("and good bye");
            return one.good[0];
          };
          const pair = pairIn(contextsFor(one, version, hook));
          const [{ role, tls, outgoing }] = sides(pair, one.asker);
          const outcome = attempt(pair);
          expect(outcome[role]).toBeInstanceOf(SSLStateError);
          expect(outgoing.pending).toBe(0);
          expect(thrownBy(() => tls.doHandshake())).toBeInstanceOf(SSLStateError);
        }
      });
    });
  }
}

describe("callbacks that are only told", () => {
  for (const version of versions) {
    for (const role of roles) {
      test(`S19 onKeyLog of a ${role} that throws fails that connection only, ${version}`, () => {
        let lines = 0;
        const only = { minVersion: version, maxVersion: version };
        const cause = new Refused("the disk is full");
        const onKeyLog = (): void => {
          if (++lines === 1) throw cause;
        };
        const logging = { ...only, onKeyLog };
        const contexts = {
          client: clientContext(role === "client" ? logging : only),
          server: serverContext(role === "server" ? logging : only),
        };
        const pair = pairIn(contexts);
        const outcome = attempt(pair);
        const [own, peer] = sides(pair, role);
        const error = outcome[role] as SSLError;
        expect([error.reason, error.cause, own.tls.state]).toEqual(["CALLBACK_FAILED", cause, "failed"]);
        expect(alertSeenBy(peer, outcome)).toBe(alertDescription.internal_error);
        expectRepeated(own, error);
        handshake(pairIn(contexts));
      });
    }

    test(`S19 onSession that throws fails that connection only, ${version}`, () => {
      const only = { minVersion: version, maxVersion: version };
      let calls = 0;
      const onSession = (): void => {
        if (++calls === 1) throw new Refused("the store is gone");
      };
      const contexts = {
        client: clientContext({ ...only, onSession }),
        server: serverContext({ ...only, numTickets: 1 }),
      };
      for (const first of [true, false]) {
        const pair = pairIn(contexts);
        const outcome = attempt(pair);
        const error = outcome.client ?? thrownBy(() => pair.client.tls.read());
        expect((error as SSLError).reason).toBe(first ? "CALLBACK_FAILED" : "WANT_READ");
        if (!first) continue;
        pair.server.incoming.write(drained(pair.client));
        expect(alertSeenBy(pair.server, outcome)).toBe(alertDescription.internal_error);
      }
    });
  }

  test("B2 what failed first is not hidden by a callback that throws then", () => {
    let lines = 0;
    const onKeyLog = (): void => {
      lines++;
      throw new Refused("the disk is full");
    };
    const contexts = { client: clientContext({ ca: certs.unknownRoot.cert, onKeyLog }), server: serverContext() };
    const { client: error } = attempt(pairIn(contexts));
    expect(error).toBeInstanceOf(SSLError);
    expect(lines).toBeGreaterThan(0);
  });

  test("S19 a sessionCache that throws, answers nonsense, or fails later harms that connection only", async () => {
    const only = { maxVersion: "TLSv1.2" } as const;
    const broken = {
      throws: () => {
        throw new Refused("the cache is gone");
      },
      fails: () => Promise.reject(new Refused("the cache is gone")),
      lies: () => "not bytes" as never,
    };
    const kept = new Map<string, Uint8Array>();
    const name = (id: Uint8Array): string => id.toString();
    let get = (id: Uint8Array): unknown => kept.get(name(id));
    const sessionCache = {
      get: (id: Uint8Array) => get(id) as never,
      set: (id: Uint8Array, session: Uint8Array) => void kept.set(name(id), session),
    };
    const server = serverContext({ ...only, sessionCache });
    const own = clientContext(only);
    const first = handshake(pairIn({ client: own, server }));
    const resume = (): Pair => pairIn({ client: own, server }, first.client.tls.session);
    const works = get;
    for (const way of Object.values(broken)) {
      get = way;
      const pair = resume();
      const outcome = await attemptPatiently(pair);
      expect((outcome.server as SSLError).reason).toBe("CALLBACK_FAILED");
      expect(alertSeenBy(pair.client, outcome)).toBe(alertDescription.internal_error);
    }
    get = works;
    const again = handshake(resume());
    expect([again.client.tls.sessionReused, again.server.tls.sessionReused]).toEqual([true, true]);

    const setting = (set: () => unknown): Attempt =>
      attempt(pairIn({ client: own, server: serverContext({ ...only, sessionCache: { get: () => null, set } }) }));
    expect((setting(broken.throws).server as SSLError).reason).toBe("CALLBACK_FAILED");
    expect(setting(broken.fails)).toEqual({ client: undefined, server: undefined });
  });
});
