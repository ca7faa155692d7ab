// Callbacks that do what nobody expects of them: call back into their connection from wherever they are called, settle their answer twice,
// or take away the caller's buffer in the middle of the call. Complements test/ssl/hook-contract.test.ts, which has the decisions.
import { describe, expect, test } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import {
  type ClientOptions,
  type ServerOptions,
  SSLError,
  type SSLObject,
  SSLStateError,
  type TLSVersion,
} from "../../ts/ssl/index.ts";
import {
  ascii,
  attemptPatiently,
  available,
  clientContext,
  connected,
  deliver,
  handshake,
  type Pair,
  pairOf,
  type Role,
  roles,
  serverContext,
  sides,
  thrownBy,
  versions,
} from "../support/conversation.ts";
import { expectAlive, pairIn } from "../support/contexts.ts";

/** Everything that a connection does, asked for in the middle of one of its own calls. */
const calls: readonly ((tls: SSLObject) => unknown)[] = [
  (tls) => tls.doHandshake(),
  (tls) => tls.tryHandshake(),
  (tls) => tls.read(),
  (tls) => tls.readInto(new Uint8Array(5)),
  (tls) => tls.tryRead(new Uint8Array(5)),
  (tls) => tls.write(ascii("x")),
  (tls) => tls.tryWrite(ascii("x")),
  (tls) => tls.unwrap(),
  (tls) => tls.shutdownWrite(),
  (tls) => tls.updateKeys(),
];

/** What may be looked at any time, and answers or says that it is too early. */
const looks: readonly ((tls: SSLObject) => unknown)[] = [
  (tls) => [tls.state, tls.want, tls.serverSide, tls.context, tls.clientHello, tls.session, tls.sessionReused],
  (tls) => [tls.pending(), tls.hasBuffered(), tls.version(), tls.cipher(), tls.group(), tls.sharedCiphers()],
  (tls) => [tls.clientSigalg(), tls.serverSigalg(), tls.selectedAlpnProtocol(), tls.compression()],
  (tls) => tls.getPeerCert(),
  (tls) => tls.getUnverifiedChain(),
  (tls) => tls.getVerifiedChain(),
  (tls) => tls.getChannelBinding("tls-server-end-point"),
  (tls) => tls.exportKeyingMaterial(16, "label"),
];

/** The options with which a context calls `probe` from the place that the name tells. */
type Place = (probe: () => void) => ClientOptions & Partial<ServerOptions>;

const told: Readonly<Record<string, { readonly roles: readonly Role[]; readonly options: Place }>> = {
  onKeyLog: { roles, options: (probe) => ({ onKeyLog: probe }) },
  onTrace: { roles, options: (probe) => ({ onTrace: probe }) },
  onSession: { roles: ["client"], options: (probe) => ({ onSession: probe }) },
  sessionCache: {
    roles: ["server"],
    options: (probe) => ({
      maxVersion: "TLSv1.2",
      minVersion: "TLSv1.2",
      numTickets: 0,
      sessionCache: { get: probe as () => null, set: probe },
    }),
  },
  now: {
    roles,
    options: (probe) => ({
      now: () => {
        probe();
        return Date.now();
      },
    }),
  },
};

for (const [name, { roles: askers, options }] of Object.entries(told)) {
  describe.each(askers)(`B94 ${name} of a %s`, (role) => {
    test.each(versions)("cannot call into its connection, but may look at it, %s", (version) => {
      let asked = 0;
      const own: { tls?: SSLObject } = {};
      const probe = (): void => {
        const { tls } = own;
        if (tls === undefined || tls.state === "init") return;
        asked++;
        for (const call of calls)
          expect(
            thrownBy(() => call(tls)),
            String(call),
          ).toBeInstanceOf(SSLStateError);
        for (const look of looks) {
          const error = thrownBy(() => look(tls));
          if (error !== undefined) expect(error, String(look)).toBeInstanceOf(SSLError);
        }
      };
      const only = versionOf(name, version);
      const pair = pairWith(role, { ...only, ...options(probe) }, only);
      own.tls = sides(pair, role)[0].tls;
      handshake(pair);
      available(pair.client);
      expect(asked).toBeGreaterThan(0);
      expectAlive(pair);
    });

    test.each(versions)("may dispose of its connection, and nothing stays of it, %s", (version) => {
      const before = sharedRealm().liveObjects();
      const own: { tls?: SSLObject } = {};
      const only = versionOf(name, version);
      const probe = (): void => {
        if (own.tls !== undefined && own.tls.state !== "init") own.tls.dispose();
      };
      const pair = pairWith(role, { ...only, ...options(probe) }, only);
      own.tls = sides(pair, role)[0].tls;
      const error = thrownBy(() => {
        handshake(pair);
        available(pair.client);
      });
      if (error !== undefined) expect(error).toBeInstanceOf(Error);
      expect(thrownBy(() => own.tls!.doHandshake())).toBeInstanceOf(SSLStateError);
      sides(pair, role)[1].tls.dispose();
      expect(sharedRealm().liveObjects()).toBe(before + 2);
    });
  });
}

/** TLS 1.3 has no use for a cache. */
function versionOf(
  name: string,
  version: TLSVersion,
): { readonly maxVersion: TLSVersion; readonly minVersion?: TLSVersion } {
  return name === "sessionCache" ? { maxVersion: "TLSv1.2" } : { minVersion: version, maxVersion: version };
}

/** The side of that role with these options, its peer with the others. */
function pairWith(role: Role, own: ClientOptions & Partial<ServerOptions>, other: ClientOptions): Pair {
  return pairIn({
    client: clientContext(role === "client" ? own : other),
    server: serverContext({ numTickets: 1, ...(role === "server" ? own : other) }),
  });
}

type Settle = (resolve: (value?: undefined) => void, reject: (error: Error) => void) => void;

/** A promise of another make, whose `then` answers nothing. */
function promiseLike(settle: Settle): Promise<undefined> {
  return new Proxy({}, { get: (_, name) => (name === "then" ? settle : undefined) }) as Promise<undefined>;
}

/** What a client, and a server, says when its hook refuses. */
const refusals = ["CERTIFICATE_VERIFY_FAILED", "CALLBACK_FAILED"];

describe.each(versions)("an answer, %s", (version) => {
  test.each([
    ["good, then bad", [true, false]],
    ["bad, then good", [false, true]],
    ["good, and again", [true, true]],
  ] as const)("that is settled twice counts the first time, whoever gives it: %s", async (_, settlings) => {
    const answer = promiseLike((resolve, reject) => {
      for (const good of settlings) {
        if (good) resolve();
        else reject(new Error("no"));
      }
    });
    const hook = (): Promise<undefined> => answer;
    for (const options of [
      { client: { verify: hook } },
      { server: { selectContext: hook } },
      { server: { sniCallback: hook } },
    ]) {
      const pair = pairOf({ version, ...options });
      const { client, server } = await attemptPatiently(pair);
      if (settlings[0]) expect([client, server]).toEqual([undefined, undefined]);
      else
        expect("client" in options ? client : server).toMatchObject({ reason: refusals[Number("server" in options)] });
      handshake(pairOf({ version }));
    }
  });

  test("that never comes leaves the connection waiting, and nothing behind when it is disposed of", async () => {
    const pair = pairOf({ version, client: { verify: () => new Promise<void>(() => {}) } });
    for (let turn = 0; turn < 3; turn++) {
      expect(pair.client.tls.tryHandshake().kind).toBe("want");
      deliver(pair.client, pair.server);
      pair.server.tls.tryHandshake();
      deliver(pair.server, pair.client);
      await Promise.resolve();
    }
    expect(pair.client.tls.want).toBe("callback");
    const before = sharedRealm().liveObjects();
    pair.client.tls.dispose();
    expect(sharedRealm().liveObjects()).toBe(before - 1);
  });
});

test.each(versions)(
  "a buffer that a callback takes away in the middle of the call is neither read nor written, %s",
  (version) => {
    const buffer = new ArrayBuffer(100);
    const bytes = new Uint8Array(buffer);
    let taken = false;
    const verify = (): void => {
      if (!taken) structuredClone(buffer, { transfer: [buffer] });
      taken = true;
    };
    const pair = pairOf({ version, client: { verify } });
    for (let turn = 0; turn < 4; turn++) {
      if (!taken) pair.client.tls.tryWrite(bytes);
      deliver(pair.client, pair.server);
      pair.server.tls.tryHandshake();
      deliver(pair.server, pair.client);
    }
    expect([taken, bytes.length]).toEqual([true, 0]);
    pair.client.tls.doHandshake();
    expectAlive({ client: pair.client, server: pair.server });
    expectAlive(connected({ version }));
  },
);
