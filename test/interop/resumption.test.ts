// Sessions resumed with every other stack, in both roles; and not resumed where they must not be. Both sides have to agree.
import { expect, test } from "vitest";
import {
  type BaseOptions,
  type ClientOptions,
  type ServerOptions,
  type SessionCache,
  SSLContext,
  type SSLSession,
  type SSLSocket,
  TicketKeys,
  type TLSVersion,
} from "../../ts/index.ts";
import { versions } from "../socket/tls.ts";
import { certPath, certs } from "../support/certs.ts";
import type { ScriptOptions } from "../support/peers.ts";
import { bun, deno, gnutls, go, java, node, openssl, python, type Stack, type StackServer } from "./stacks.ts";
import { join, serve, turn } from "./turns.ts";

const stacks = [openssl, gnutls, go, java, python, node, deno, bun];
const timeout = 3600;
const week = 604_800;

for (const stack of stacks) {
  for (const version of versions) {
    test(`B85 we resume with ${stack.name}'s server over ${version}, but under no other name and not too late`, async () => {
      await using server = await stack.server({ version });
      let delay = 0;
      using visitor = new Visitor(stack, server, { version, now: () => Date.now() + delay });
      expect(await visitor.visit("localhost")).toBe(false);
      expect(await visitor.visit("localhost")).toBe(true);
      expect(await visitor.visit("127.0.0.1")).toBe(false);
      expect(await visitor.visit("127.0.0.1")).toBe(true);
      delay = week * 1000;
      expect(await visitor.visit("127.0.0.1")).toBe(false);
    });

    test(`B85 ${stack.name}'s client resumes with us over ${version}, but by no replaced key and not too late`, async () => {
      const [keys, others] = [new TicketKeys(), new TicketKeys()];
      using context = serverContext(stack, version, { ticketKeys: keys });
      using twin = serverContext(stack, version, { ticketKeys: keys });
      using replaced = serverContext(stack, version, { ticketKeys: others });
      using later = serverContext(stack, version, { ticketKeys: others, now: () => Date.now() + timeout * 1000 });
      const steps = [
        { context, resumed: false },
        { context: twin, resumed: true },
        { context: replaced, resumed: false },
        { context: replaced, resumed: true, afterwards: () => others.rotate() },
        { context: replaced, resumed: true },
        { context: later, resumed: false },
      ];
      await expectResumption(stack, { version }, steps);
    });
  }
}

for (const stack of [openssl, gnutls, go, java, python, node, bun]) {
  for (const version of versions) {
    test(`B85 the certificate of ${stack.name}'s client is still known when we resume over ${version}`, async () => {
      using context = serverContext(stack, version, { ca: certs.root.cert, verifyMode: "required" });
      const look = (tls: SSLSocket): unknown => ({ reused: tls.sessionReused, subject: tls.getPeerCert()?.subject });
      const { port, seen } = await serve([context, context], look);
      const identity = { cert: certPath("client", "cert"), key: certPath("client", "key") };
      await Promise.all([stack.client(port, { version, ...identity }), seen]);
      const subject = [[["commonName", "wanttls test client"]]];
      expect(await seen).toEqual([false, true].map((reused) => ({ reused, subject })));
    });
  }
}

for (const stack of [openssl, java, python, node, deno]) {
  test(`B85 we resume with ${stack.name}'s server by the id of a session`, async () => {
    const version = "TLSv1.2";
    await using server = await stack.server({ version, ...(stack === deno ? {} : { tickets: false }) });
    using visitor = new Visitor(stack, server, { version });
    expect(await visitor.visit("localhost")).toBe(false);
    expect(visitor.session).toMatchObject({ hasTicket: false });
    expect(await visitor.visit("localhost")).toBe(true);
  });
}

for (const stack of [openssl, gnutls, java, python, node]) {
  test(`B85 ${stack.name}'s client resumes with us by the id of a session`, async () => {
    const version = "TLSv1.2";
    const sessions = new Map<string, Uint8Array>();
    const sessionCache: SessionCache = {
      get: (id) => Promise.resolve(sessions.get(id.toString())),
      set: (id, session) => sessions.set(id.toString(), session),
    };
    using context = serverContext(stack, version, { sessionCache });
    const steps = [
      { context, resumed: false },
      { context, resumed: true, afterwards: () => sessions.clear() },
      { context, resumed: false },
    ];
    await expectResumption(stack, { version, tickets: false }, steps);
    expect(sessions.size).toBe(1);
  });
}

interface Step {
  readonly context: SSLContext;
  readonly resumed: boolean;
  readonly afterwards?: () => void;
}

/** Has a stack's client connect once for each step, and expects that both sides say the same about each. */
async function expectResumption(stack: Stack, options: ScriptOptions, steps: readonly Step[]): Promise<void> {
  let connections = 0;
  const { port, seen } = await serve(
    steps.map(({ context }) => context),
    (tls) => {
      steps[connections++]!.afterwards?.();
      return tls.sessionReused;
    },
    stack.asksForPage,
  );
  const [theirs, ours] = await Promise.all([stack.client(port, { ...options, connections: steps.length }), seen]);
  expect(ours).toEqual(steps.map(({ resumed }) => resumed));
  expect(theirs).toEqual(steps.map(({ resumed }) => (stack === deno ? null : resumed)));
}

function serverContext(stack: Stack, version: TLSVersion, options: Partial<ServerOptions>): SSLContext {
  const identities = [{ cert: certs.localhost.chain, key: certs.localhost.key }];
  return SSLContext.server({ ...common(stack, version), identities, sessionTimeout: timeout, ...options });
}

/** A client of ours that keeps the latest session and offers it each time. */
class Visitor implements Disposable {
  session: SSLSession | null = null;
  readonly #stack: Stack;
  readonly #server: StackServer;
  readonly #context: SSLContext;
  #visits = 0;

  constructor(
    stack: Stack,
    server: StackServer,
    { version, ...options }: ClientOptions & { readonly version: TLSVersion },
  ) {
    this.#stack = stack;
    this.#server = server;
    const onSession = (session: SSLSession): void => {
      this.session = session;
    };
    this.#context = SSLContext.client({ ...common(stack, version), ca: certs.root.cert, onSession, ...options });
  }

  /** Connects to the server by one of its names; whether the session was resumed, on which both have to agree. */
  async visit(serverHostname: string): Promise<boolean | null> {
    const visit = this.#visits++;
    const offer = this.session === null ? {} : { session: this.session };
    const ours = await join(this.#context, this.#server.port, { serverHostname, ...offer }, async (tls) => {
      expect(tls.getPeerCert()).toMatchObject({ subject: [[["commonName", "localhost"]]] });
      await turn(tls, visit);
      return tls.sessionReused;
    });
    expect(await this.#server.resumed(visit)).toBe(this.#stack === deno ? null : ours);
    return ours;
  }

  [Symbol.dispose](): void {
    this.#context.dispose();
  }
}

/** Go 1.19 does not know the extended master secret (RFC 7627), without which we do not talk unless we are told to. */
function common(stack: Stack, version: TLSVersion): BaseOptions {
  return { minVersion: version, maxVersion: version, ...(stack === go ? { requireExtendedMasterSecret: false } : {}) };
}
