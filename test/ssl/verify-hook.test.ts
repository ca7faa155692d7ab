// The hook `verify`: what it is told on each side, what its word does to the verdict, and what has left until it speaks.
import { expect, test } from "vitest";
import {
  type Certificate,
  type ClientOptions,
  pemCertToDer,
  type ServerOptions,
  type SSLAlertError,
  SSLCertVerificationError,
  type SSLError,
  SSLWantCallbackError,
  type TLSVersion,
  type VerifyInfo,
} from "../../ts/ssl/index.ts";
import { type CertName, certs } from "../support/certs.ts";
import {
  answerOf,
  ascii,
  attempt,
  attemptPatiently,
  connected,
  deliver,
  drained,
  expectHandshake,
  forEachVersion,
  handshake,
  identityOf,
  joined,
  pairOf,
  recordsOf,
  recordType,
  type Role,
  roles,
  sides,
  thrownBy,
  versions,
} from "../support/conversation.ts";
import { type Contexts, contextsOf, pairIn } from "../support/contexts.ts";

const mutual = { verifyMode: "required", ca: certs.root.cert } as const;

/** What each side was told. */
interface Told {
  readonly told: VerifyInfo[];
  readonly verify: (info: VerifyInfo) => undefined;
}

function listener(): Told {
  const told: VerifyInfo[] = [];
  return { told, verify: (info) => void told.push(info) };
}

function der(name: CertName): Uint8Array {
  return pemCertToDer(certs[name].cert);
}

function ders(chain: readonly Certificate[] | null): unknown {
  return chain?.map(({ raw }) => raw) ?? null;
}

test("B22 verify of a client is told chain, path and name of a server that is trusted", () => {
  forEachVersion((version) => {
    const { told, verify } = listener();
    connected({ version, client: { verify }, identity: "viaIntermediate" });
    expect(told).toHaveLength(1);
    const { chain, verified, ...rest } = told[0]!;
    expect(rest).toEqual({ error: null, flags: 0, hostname: "localhost", resumed: false, side: "client" });
    expect(ders(chain)).toEqual(["viaIntermediate", "intermediate"].map((name) => der(name as CertName)));
    expect(ders(verified)).toEqual([...(ders(chain) as Uint8Array[]), der("root")]);
  });
});

test("B22 verify of a client is told what is wrong, and its word is the last", () => {
  forEachVersion((version) => {
    for (const [identity, code, alertName] of [
      ["unknownCa", 20, "unknown_ca"],
      ["expired", 10, "certificate_expired"],
      ["otherHost", 62, "bad_certificate"],
      ["selfSigned", 18, "unknown_ca"],
    ] as [CertName, number, string][]) {
      const { told, verify } = listener();
      const refused = attempt(pairOf({ version, client: { verify }, identity }));
      const { chain, verified, error, flags, hostname } = told[0]!;
      expect([chain.length, verified, hostname]).toEqual([1, null, "localhost"]);
      expect(error).toBeInstanceOf(SSLCertVerificationError);
      expect([error?.verifyCode, flags === error?.flags, flags !== 0]).toEqual([code, true, true]);
      expect(refused.client).toBe(error);
      expect((refused.server as SSLAlertError).alertName).toBe(alertName);

      const accepted = connected({ version, client: { verify: () => ({ accept: true }) }, identity });
      expect(accepted.client.tls.getPeerCert({ binary: true })).not.toBe(null);
      expect(accepted.client.tls.getVerifiedChain()).toEqual([]);

      const rethrow = ({ error: found }: VerifyInfo): void => {
        if (found !== null) throw found;
      };
      const again = attempt(pairOf({ version, client: { verify: rethrow }, identity }));
      expect((again.client as SSLCertVerificationError).verifyCode).toBe(code);
      expect((again.server as SSLAlertError).alertName).toBe(alertName);
    }
  });
});

test("verify of a client is told no more than was looked at: no names, or no verification", () => {
  forEachVersion((version) => {
    for (const [options, hostname, depth] of [
      [{ checkHostname: false }, null, 2],
      [{ verifyMode: "none" }, null, null],
    ] as [ClientOptions, null, number | null][]) {
      const { told, verify } = listener();
      const pair = connected({ version, client: { ...options, verify } });
      const { chain, verified, error, flags } = told[0]!;
      expect([chain.length, verified?.length ?? null, error, flags]).toEqual([1, depth, null, 0]);
      expect(told[0]!.hostname).toBe(hostname);
      expect(pair.client.tls.getPeerCert()).not.toBe(null);
    }
    const refuse = (): never => {
      throw new Error("not this one");
    };
    const { client } = attempt(pairOf({ version, client: { verifyMode: "none", verify: refuse } }));
    expect(client).toBeInstanceOf(SSLCertVerificationError);
  });
});

test("B25 verify of a server is told the client's chain, or that there is none when there may be none", () => {
  forEachVersion((version) => {
    for (const [verifyMode, identity, presented, depth, code] of [
      ["required", "client", 1, 2, null],
      ["optional", "client", 1, 2, null],
      ["optional", "clientUnknown", 1, null, 20],
      ["optional", null, 0, null, null],
    ] as [ServerOptions["verifyMode"] & string, CertName | null, number, number | null, number | null][]) {
      const { told, verify } = listener();
      const identities = identity === null ? [] : [identityOf(identity)];
      attempt(pairOf({ version, client: { identities }, server: { ...mutual, verifyMode, verify } }));
      expect(told).toHaveLength(1);
      const { chain, verified, error, hostname, resumed, side } = told[0]!;
      expect([chain.length, verified?.length ?? null, error?.verifyCode ?? null]).toEqual([presented, depth, code]);
      expect([hostname, resumed, side]).toEqual([null, false, "server"]);
    }
  });
});

test("B25 a client that must present a certificate and has none is refused without a question", () => {
  forEachVersion((version) => {
    const verify = (): { accept: true } => expect.unreachable();
    const { server } = attempt(pairOf({ version, server: { ...mutual, verify } }));
    expect((server as SSLError).reason).toBe("PEER_DID_NOT_RETURN_A_CERTIFICATE");
  });
});

test("verify may refuse a client for having no certificate, where it may have none", () => {
  forEachVersion((version) => {
    const verify = ({ chain }: VerifyInfo): void => {
      if (chain.length === 0) throw Object.assign(new Error("show yourself"), { alert: 116 });
    };
    const server = { ...mutual, verifyMode: "optional", verify } as const;
    const pair = pairOf({ version, server });
    const outcome = attempt(pair);
    const seen = outcome.client ?? thrownBy(() => pair.client.tls.read());
    const expected = version === "TLSv1.3" ? "certificate_required" : "handshake_failure";
    expect((seen as SSLAlertError).alertName).toBe(expected);
    expectHandshake(pairOf({ version, client: { identities: [identityOf("client")] }, server }));
  });
});

test("a pre-shared key has no certificate, and verify is not asked", () => {
  forEachVersion((version) => {
    const psk = { identity: "me", key: new Uint8Array(32).fill(1) };
    const verify = (): undefined => expect.unreachable();
    connected({ version, client: { psk, verify }, server: { psk, identities: [], ...mutual, verify } });
  });
});

for (const version of versions) {
  test(`B85 verify is asked about resumed sessions too, and may refuse them, ${version}`, () => {
    for (const role of roles) {
      const { told, verify } = listener();
      let hook: (info: VerifyInfo) => undefined = verify;
      const asking = { verify: (info: VerifyInfo) => hook(info) };
      const both = mutualContexts(version, role, asking);
      const first = handshake(pairIn(both));
      deliver(first.server, first.client);
      first.client.tls.tryRead(new Uint8Array(1));
      const sessions = [first.client.tls.session!];
      const again = handshake(pairIn(both, sessions[0]));
      deliver(again.server, again.client);
      again.client.tls.tryRead(new Uint8Array(1));
      expect(again.server.tls.sessionReused).toBe(true);
      expect(told.map(({ resumed, side }) => [resumed, side])).toEqual([
        [false, role],
        [true, role],
      ]);
      const [full, resumed] = told.map(({ chain, verified }) => [ders(chain), ders(verified)]);
      expect(resumed).toEqual(full);

      const cause = new Error("thrown out meanwhile");
      hook = () => {
        throw cause;
      };
      const pair = pairIn(both, again.client.tls.session);
      const refused = attempt(pair);
      expect((refused[role] as SSLError).cause).toBe(cause);
      const [, peer] = sides(pair, role);
      const seen = refused[peer.role] ?? thrownBy(() => peer.tls.read());
      expect((seen as SSLAlertError).alertName).toBe("access_denied");
    }
  });

  test(`B23 while verify of a client is pending nothing leaves, then the certificate does, ${version}`, async () => {
    for (const trusted of [true, false]) {
      const deferred = Promise.withResolvers<undefined>();
      const identities = [identityOf("client")];
      const pair = pairOf({ version, client: { identities, verify: () => deferred.promise }, server: mutual });
      const { client, server } = pair;
      const sent: Uint8Array[] = [];
      attempt(pair, Infinity, (from, bytes) => {
        if (from === "client" && bytes.length > 0) sent.push(bytes);
        return bytes;
      });
      expect(sent).toHaveLength(1);
      expect(recordsOf(sent[0]!)).toHaveLength(1); // the ClientHello
      for (let i = 0; i < 3; i++)
        expect(thrownBy(() => client.tls.write(ascii("x")))).toBeInstanceOf(SSLWantCallbackError);
      expect(client.outgoing.pending).toBe(0);
      const ready = answerOf(client);
      if (trusted) deferred.resolve(undefined);
      else deferred.reject(new Error("impostor"));
      await ready;
      expect(client.outgoing.pending).toBe(0); // nothing happens by itself
      const error = thrownBy(() => client.tls.doHandshake());
      const left = recordsOf(drained(client));
      if (!trusted) {
        expect(error).toBeInstanceOf(SSLCertVerificationError);
        expect(left.filter(([type]) => type !== recordType.changeCipherSpec)).toHaveLength(1); // the alert
        expect(left.reduce((sum, record) => sum + record.length, 0)).toBeLessThan(60);
        continue;
      }
      server.incoming.write(joined(left));
      expect(attempt(pair)).toEqual({ client: undefined, server: undefined });
      expect(server.tls.getPeerCert()).not.toBe(null);
    }
  });

  test(`S18 what a client sends while the server's verify is pending is read after it was accepted, or never, ${version}`, async () => {
    for (const accepted of [true, false]) {
      const deferred = Promise.withResolvers<undefined>();
      const client = { identities: [identityOf("client")] };
      const pair = pairOf({ version, client, server: { ...mutual, verify: () => deferred.promise } });
      attempt(pair);
      const early = version === "TLSv1.3"; // whose client is through with its handshake
      if (early) pair.client.tls.write(ascii("let me in"));
      deliver(pair.client, pair.server);
      expect(thrownBy(() => pair.server.tls.read())).toBeInstanceOf(SSLWantCallbackError);
      expect(pair.server.tls.getUnverifiedChain.bind(pair.server.tls)).toThrow("handshake not done yet");
      if (accepted) deferred.resolve(undefined);
      else deferred.reject(new Error("no"));
      const outcome = await attemptPatiently(pair);
      if (!accepted) {
        expect(outcome.server).toBeInstanceOf(SSLCertVerificationError);
        expect(thrownBy(() => pair.server.tls.read())).toBeInstanceOf(SSLCertVerificationError);
        continue;
      }
      if (!early) pair.client.tls.write(ascii("let me in"));
      deliver(pair.client, pair.server);
      expect(pair.server.tls.read()).toEqual(ascii("let me in"));
    }
  });
}

function mutualContexts(version: TLSVersion, asker: Role, hook: Pick<ClientOptions, "verify">): Contexts {
  const [client, server] = asker === "client" ? [hook, {}] : [{}, hook];
  return contextsOf(
    version,
    { identities: [identityOf("client")], ...client },
    { ...mutual, numTickets: 1, ...server },
  );
}
