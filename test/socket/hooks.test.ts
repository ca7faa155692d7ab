// Decisions of the application on sockets: waiting for an answer with select and its like, without spinning, without
// missing it, and closing meanwhile.
import { afterEach, describe, expect, test } from "vitest";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import { EVENT_READ, EVENT_WRITE, Selector } from "../../ts/socket/selector.ts";
import { select } from "../../ts/socket/select.ts";
import { SSLContext } from "../../ts/socket/ssl-context.ts";
import type { SSLSocket } from "../../ts/socket/ssl-socket.ts";
import { SSLError, SSLStateError, SSLWantCallbackError } from "../../ts/ssl/index.ts";
import { certs } from "../support/certs.ts";
import { type Pair, tcpPair } from "./pairs.ts";
import { outcomeSoFar } from "./selectables.ts";
import { asRole, caught, patiently, recvAll, type Role, roles, type TlsPair, versions, Workshop } from "./tls.ts";

const workshop = new Workshop();
const contexts: SSLContext[] = [];
afterEach(() => {
  for (const context of contexts.splice(0)) context.dispose();
});

/** Asks `hook` on the side of `role`: of a client whether to trust, of a server which context to take. */
function pairAsking(role: Role, hook: () => unknown, [left, right]: Pair = memoryTransportPair()): TlsPair {
  const ask = hook as () => undefined;
  const clients = SSLContext.client({ ca: certs.root.cert, ...(role === "client" ? { verify: ask } : {}) });
  const identities = [{ cert: certs.localhost.chain, key: certs.localhost.key }];
  const servers = SSLContext.server({ identities, ...(role === "server" ? { selectContext: ask } : {}) });
  contexts.push(clients, servers);
  return { client: workshop.wrap(clients, left), server: workshop.wrap(servers, right) };
}

/** Both sides until one waits for the answer. */
function reachQuestion({ client, server }: TlsPair): void {
  for (let round = 0; round < 5; round++) {
    for (const tls of [client, server]) if (tls.want !== "callback") tls.tryHandshake();
  }
}

function waitsForAnswer(tls: SSLSocket): boolean {
  return caught(() => tls.doHandshake()) instanceof SSLWantCallbackError && tls.want === "callback";
}

for (const role of roles) {
  describe(`a ${role} that waits for an answer`, () => {
    test("B30 is not readable, whatever has come, until the answer is there; select then wakes up", async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const pair = pairAsking(role, () => promise);
      const { us, them } = asRole(pair, role);
      reachQuestion(pair);
      expect(waitsForAnswer(us)).toBe(true);
      them.transport.send(Uint8Array.of(23, 3, 3)); // something to read, below
      expect(us.transport.readable).toBe(true);
      expect([us.readable, await select([us], [], [], 0)]).toEqual([false, [[], [], []]]);
      const waiting = select([us], []);
      expect(await outcomeSoFar(waiting)).toBe("pending");
      resolve();
      expect(await waiting).toEqual([[us], [], []]);
    });

    test("B92 an answer that comes between the failed call and select is not lost", async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const pair = pairAsking(role, () => promise);
      const { us } = asRole(pair, role);
      reachQuestion(pair);
      expect(waitsForAnswer(us)).toBe(true);
      resolve();
      await promise;
      expect(await select([us], [])).toEqual([[us], [], []]);
    });

    test("B30 does not spin: the loop of every program goes round once for the question", async () => {
      let asked = 0;
      let calls = 0;
      const hook = (): Promise<void> => {
        asked++;
        return new Promise((resolve) => setTimeout(resolve, 20));
      };
      const { us, them } = asRole(pairAsking(role, hook), role);
      const other = patiently(them, () => them.doHandshake());
      while (us.tryHandshake().kind === "want") {
        calls++;
        await select(us.want === "write" ? [] : [us], us.want === "write" ? [us] : []);
      }
      await other;
      expect(asked).toBe(1);
      expect(calls).toBeLessThan(8);
    });

    test("B30 a Selector wakes up when the answer is there, and not before", async () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const pair = pairAsking(role, () => promise);
      const { us } = asRole(pair, role);
      reachQuestion(pair);
      expect(waitsForAnswer(us)).toBe(true);
      using selector = new Selector();
      selector.register(us, EVENT_READ);
      expect(await selector.select(0)).toEqual([]);
      const waiting = selector.select();
      expect(await outcomeSoFar(waiting)).toBe("pending");
      resolve();
      expect(await waiting).toEqual([[selector.getKey(us), EVENT_READ]]);
      selector.modify(us, EVENT_READ | EVENT_WRITE);
      expect(await selector.select()).toEqual([[selector.getKey(us), EVENT_READ | EVENT_WRITE]]);
    });

    for (const version of versions) {
      test(`B61 sendAll and recv wait for the answer as for anything else, over TCP, ${version}`, async () => {
        let settle: () => void = () => undefined;
        const hook = (): Promise<void> => new Promise((resolve) => (settle = resolve));
        const pair = pairAsking(role, hook, await tcpPair());
        const { us, them } = asRole(pair, role);
        const text = new TextEncoder().encode("through the gate");
        const sending = us.sendAll(text);
        const heard = recvAll(them, text.length);
        while (us.want !== "callback") await new Promise((resolve) => setTimeout(resolve, 1));
        expect(await outcomeSoFar(sending)).toBe("pending");
        settle();
        await sending;
        expect(await heard).toEqual(text);
      });
    }

    test("a sendAll that waits for the answer can be aborted", async () => {
      const pair = pairAsking(role, () => new Promise(() => {}));
      const { us } = asRole(pair, role);
      reachQuestion(pair);
      const abort = new AbortController();
      const sending = us.sendAll(new Uint8Array(5), { signal: abort.signal });
      abort.abort(new Error("enough"));
      await expect(sending).rejects.toThrow("Cannot send everything");
    });

    for (const way of ["close", "abort", "dispose"] as const) {
      test(`B95 ${way} while it waits ends it: select rejects, and the answer changes nothing`, async () => {
        for (const settle of ["resolve", "reject"] as const) {
          const deferred = Promise.withResolvers<void>();
          const pair = pairAsking(role, () => deferred.promise);
          const { us, them } = asRole(pair, role);
          reachQuestion(pair);
          expect(waitsForAnswer(us)).toBe(true);
          const waiting = select([us], []);
          us[way]();
          await expect(waiting).rejects.toThrow(SSLStateError);
          deferred[settle](settle === "reject" ? (new Error("too late") as never) : undefined);
          await new Promise((resolve) => setTimeout(resolve, 0));
          expect([us.state, us.closed, us.closeReason]).toEqual(["closed", true, "local"]);
          expect(() => us.doHandshake()).toThrow(SSLStateError);
          await expect(patiently(them, () => them.doHandshake())).rejects.toThrow(SSLError);
        }
      });

      test(`B94 ${way} from within the hook ends it`, async () => {
        for (const refuses of [false, true]) {
          const hook = (): void => {
            us[way]();
            if (refuses) throw new Error("and good bye");
          };
          const pair = pairAsking(role, hook);
          const { us, them } = asRole(pair, role);
          const both = [us, them].map((tls) => patiently(tls, () => tls.doHandshake()));
          const [mine, theirs] = await Promise.allSettled(both);
          expect(mine).toMatchObject({ status: "rejected", reason: expect.any(SSLStateError) as unknown });
          expect(theirs).toMatchObject({ status: "rejected", reason: expect.any(SSLError) as unknown });
          expect([us.state, us.transport.closed]).toEqual(["closed", true]);
        }
      });
    }

    test("B94 its socket's calls are refused from within the hook", async () => {
      let looked = false;
      let sending: unknown;
      const hook = (): void => {
        looked = true;
        for (const call of [
          () => us.doHandshake(),
          () => us.recv(),
          () => us.send(Uint8Array.of(1)),
          () => us.unwrap(),
          () => us.shutdownWrite(),
        ]) {
          expect(caught(call)).toBeInstanceOf(SSLStateError);
        }
        sending = us.sendAll(Uint8Array.of(1)).catch((error: unknown) => error);
      };
      const { us, them } = asRole(pairAsking(role, hook), role);
      await Promise.all([us, them].map((tls) => patiently(tls, () => tls.doHandshake())));
      expect([looked, us.state]).toEqual([true, "open"]);
      expect(await sending).toBeInstanceOf(SSLStateError);
    });

    test("B3 B30 a refusal that comes later is delivered: the peer learns why", async () => {
      const hook = async (): Promise<never> => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        throw Object.assign(new Error("not today"), { alert: 112 });
      };
      const { us, them } = asRole(pairAsking(role, hook, await tcpPair()), role);
      const both = [us, them].map((tls) => patiently(tls, () => tls.doHandshake()));
      const [mine, theirs] = await Promise.allSettled(both);
      expect(mine).toMatchObject({ status: "rejected", reason: { cause: { message: "not today" } } });
      expect(theirs).toMatchObject({ status: "rejected", reason: { alertName: "unrecognized_name" } });
      expect([us.failed, us.closeReason]).toEqual([true, "alert"]);
    });
  });
}
