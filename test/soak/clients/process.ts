// The program of a process of clients: obeys the orders of orders.ts.
import { failureOf } from "../../support/failure.ts";
import { obeyOrders } from "../../support/obedient.ts";
import { Clock } from "../clock.ts";
import { flood, headerOf } from "../message.ts";
import { Churn } from "./churn.ts";
import { Gate } from "./gate.ts";
import { Talk, versions, type Wish } from "./link.ts";
import { nodeTlsDialer } from "./node-tls.ts";
import { type Order, type PeerName, peerNames } from "./orders.ts";
import { beRude } from "./rude.ts";
import { Tally } from "./tally.ts";
import { wanttlsDialer } from "./wanttls.ts";

/** In their handshake, or having their say, at once. */
const atOnce = 16;
const jumpEveryMs = 700;
const largest = 2048;

type OrderTo<What extends Order["do"]> = Extract<Order, { readonly do: What }>;

const clock = new Clock();
const dialers = { wanttls: wanttlsDialer(clock), "node:tls": nodeTlsDialer() };
const held = new Map<string, Talk[]>();
let churn: Churn | undefined;

await obeyOrders(obey);

async function obey(order: Order): Promise<Tally> {
  const tally = new Tally();
  switch (order.do) {
    case "churn":
      clock.jumping(jumpEveryMs);
      churn = new Churn(order.port, [dialers[order.peer]], order.clients, order.pauseMs);
      break;
    case "rest":
      return churn!.rest();
    case "be rude":
      beRude(order.port, order.clients);
      break;
    case "sequence":
      await sequence(order, tally);
      break;
    case "hold":
      await hold(order, tally);
      break;
    case "visit":
      clock.set(order.clockOffset);
      await noted(tally, () => converse(order.port, order.peer, order.wish, tally));
      break;
    default:
      await withHeld(order, tally);
  }
  return tally;
}

async function sequence({ port, count }: OrderTo<"sequence">, tally: Tally): Promise<void> {
  for (let nth = 0; nth < count; nth++) {
    const [peer, version] = [peerNames[nth % 2]!, versions[(nth >> 1) % 2]!];
    const wish = { version, resume: (nth >> 2) % 2 === 1, identity: (nth >> 3) % 8 === 0 };
    await noted(tally, () => converse(port, peer, wish, tally));
  }
}

async function hold({ port, peer, count, under }: OrderTo<"hold">, tally: Tally): Promise<void> {
  const talks = held.get(under) ?? [];
  held.set(under, talks);
  const gate = new Gate(atOnce);
  const one = (nth: number): Promise<void> =>
    gate.run(() =>
      noted(tally, async () => {
        const wish = { version: versions[nth % 2]!, resume: false, identity: false };
        talks.push(await opened(port, peer, wish, tally));
      }),
    );
  await Promise.all(Array.from({ length: count }, (_, nth) => one(nth)));
}

async function withHeld(order: OrderTo<"ask" | "release" | "flood">, tally: Tally): Promise<void> {
  const talks = held.get(order.under) ?? [];
  if (order.do === "release") held.delete(order.under);
  const gate = new Gate(atOnce);
  await Promise.all(talks.map((talk) => gate.run(() => noted(tally, () => act(order, talk, tally)))));
}

async function act(order: OrderTo<"ask" | "release" | "flood">, talk: Talk, tally: Tally): Promise<void> {
  if (order.do === "ask") await say(talk, tally);
  else if (order.do === "flood") await talk.link.write(headerOf(flood));
  else if (order.how === "end") await talk.link.end();
  else talk.link.cut();
}

/** A connection with one message. */
async function converse(port: number, peer: PeerName, wish: Wish, tally: Tally): Promise<void> {
  const talk = await opened(port, peer, wish, tally);
  try {
    await say(talk, tally);
    await talk.link.end();
  } catch (error) {
    talk.link.cut();
    throw error;
  }
}

async function opened(port: number, peer: PeerName, wish: Wish, tally: Tally): Promise<Talk> {
  const begin = performance.now();
  const link = await dialers[peer].dial(port, wish);
  tally.connected(peer, wish.version, link.resumed, performance.now() - begin);
  return new Talk(link);
}

async function say(talk: Talk, tally: Tally): Promise<void> {
  const length = Math.floor(Math.random() * largest);
  const begin = performance.now();
  await talk.message(length);
  tally.answered(length, performance.now() - begin);
}

async function noted(tally: Tally, act_: () => Promise<unknown>): Promise<void> {
  await act_().catch((error: unknown) => tally.failed(failureOf(error)));
}
