// Makes sure that a client looks at what it is shown: speed without verification would be another thing.
import type { Peer } from "./peer.ts";
import { impostors, setupFor } from "./setup.ts";
import type { ClientContender } from "./sockets/contender.ts";

const TIME_MS = 2000;

/** Rejects when the client accepts a certificate of another issuer, or for another name. Who does not load accepts nothing. */
export async function mustRefuseImpostors({ name, load, setup: own }: ClientContender, peer: Peer): Promise<void> {
  const side = await load().catch(() => undefined); // the figures say why
  if (side === undefined) return;
  for (const key of impostors) {
    const asked = { ...setupFor("TLSv1.3", "ECDSA P-256"), key };
    const setup = own?.(asked) ?? asked;
    const dialer = await side.dialer(setup, false);
    const dialled = dialer.dial(await peer.serve(setup)).then(
      () => true,
      () => false,
    );
    if (await Promise.race([dialled, new Promise((resolve) => setTimeout(resolve, TIME_MS, false))]))
      throw new Error(`Cannot measure ${name}: it accepts a certificate of ${key}`);
    dialer.end?.();
  }
}
