// Owns calls that are wrong in any state: they are refused by a typed error and change nothing.
import { expect } from "vitest";
import { type SSLObject, SSLConfigError, SSLError, SSLStateError } from "../../../ts/ssl/index.ts";

const none = new Uint8Array(0);

const wrong: readonly ((tls: SSLObject) => unknown)[] = [
  (tls) => tls.read(-1),
  (tls) => tls.readInto("text" as unknown as Uint8Array),
  (tls) => tls.write("text" as unknown as Uint8Array),
  (tls) => tls.unwrap({ discrad: true } as object),
  (tls) => tls.updateKeys({ request: 1 as unknown as boolean }),
  (tls) => tls.exportKeyingMaterial(0, "EXPORTER-model"),
  (tls) => tls.exportKeyingMaterial(8161, "EXPORTER-model", none),
  (tls) => tls.getChannelBinding("tls-first" as "tls-unique"),
];

/** Makes all of them; a connection that `refuses` everything may say just that. */
export function misuse(tls: SSLObject, refuses: boolean): void {
  const before = tls.state;
  for (const call of wrong) {
    const error = thrownBy(() => call(tls));
    const typed = error instanceof TypeError || error instanceof RangeError || error instanceof SSLConfigError;
    expect(typed || (refuses && error instanceof SSLStateError), String(error)).toBe(true);
  }
  const { context } = tls;
  expect(thrownBy(() => void (tls.context = context))).toBeInstanceOf(SSLStateError);
  expect(tls.state, "the state after calls that were refused").toBe(before);
}

function thrownBy(call: () => unknown): unknown {
  try {
    return call();
  } catch (error) {
    if (error instanceof Error || error instanceof SSLError) return error;
    throw error;
  }
}
