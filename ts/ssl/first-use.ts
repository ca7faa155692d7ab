// Trust on first use, as SSH does it: whoever is behind a name when it is met for the first time must be there ever after.
// Owns the comparison; what is remembered lies in a store of the application's.
import { verifyFlag } from "../engine/codes.gen.ts";
import { SSLCertVerificationError, SSLError, SSLStateError } from "../engine/errors.ts";
import { describe } from "./bytes.ts";
import type { Certificate } from "./certificate.ts";
import type { VerifyInfo } from "./hooks.ts";
import { spkiPin } from "./spki-pin.ts";

/** Where keys are remembered, by name: a Map, or something that lasts. May answer with promises. */
export interface KnownHosts {
  /** What was set for the host; null or undefined when nothing was. */
  get(host: string): KnownKey | PromiseLike<KnownKey>;
  set(host: string, pin: string): unknown;
}

type KnownKey = string | null | undefined;

/** The part of what `verify` is told that counts here. */
type Met = Pick<VerifyInfo, "chain" | "hostname">;

interface Accepted {
  readonly accept: true;
}

/**
 * Makes a `verify` hook that remembers the key of each host when it meets it for the first time, accepts it from then on,
 * and refuses any other: the pin of the peer's own certificate, in the form of `spkiPin`, under the name that was asked for.
 * Nothing else counts, neither who issued the certificate nor whether it has expired. The first time is the weak one: who
 * is in between then is believed.
 *
 * The hook throws SSLCertVerificationError with `nodeCode` `"HOST_KEY_CHANGED"` for another key, and SSLStateError when
 * names are not compared, as there is nothing to remember the key under.
 *
 * @example
 * const known = new Map<string, string>();
 * const context = SSLContext.client({ verify: trustOnFirstUse(known) });
 */
export function trustOnFirstUse(known: KnownHosts): (met: Met) => Accepted | PromiseLike<Accepted> {
  if (typeof (known as Partial<KnownHosts> | null)?.get !== "function" || typeof known.set !== "function")
    throw new TypeError(`Cannot trust on first use: expected a store with get and set, got ${describe(known)}`);
  const remembering = new Map<string, string>(); // what the store has been given and may not answer with yet
  const remember = (hostname: string, pin: string): Accepted | PromiseLike<Accepted> => {
    remembering.set(hostname, pin);
    const done = (): Accepted => {
      remembering.delete(hostname);
      return { accept: true };
    };
    const failed = (error: unknown): never => {
      remembering.delete(hostname);
      throw error;
    };
    try {
      return after(known.set(hostname, pin), done, failed);
    } catch (error) {
      return failed(error);
    }
  };
  return ({ chain, hostname }) => {
    if (hostname === null)
      throw new SSLStateError("Cannot trust on first use: the name is missing, checkHostname must not be false");
    const [peer] = chain;
    if (peer === undefined) throw new SSLError("Cannot trust on first use: the peer did not send a certificate");
    const pin = spkiPin(peer);
    return after(known.get(hostname), (stored) => {
      const before = stored ?? remembering.get(hostname);
      if (before === undefined) return remember(hostname, pin);
      if (before === pin) return { accept: true };
      throw changed(before, pin, hostname, chain);
    });
  };
}

function changed(
  before: string,
  now: string,
  hostname: string,
  chain: readonly Certificate[],
): SSLCertVerificationError {
  return new SSLCertVerificationError({
    verifyCode: 50, // X509_V_ERR_APPLICATION_VERIFICATION
    verifyMessage: `the key of ${hostname} has changed: it was ${before} and is ${now}`,
    nodeCode: "HOST_KEY_CHANGED",
    flags: verifyFlag.BADCERT_OTHER,
    depth: 0,
    chain: chain.map(({ raw }) => raw),
    hostname,
  });
}

/** At once when the value is there, so that a Map makes no handshake wait. */
function after<T, R>(
  value: T | PromiseLike<T>,
  then: (value: T) => R | PromiseLike<R>,
  otherwise?: (error: unknown) => never,
): R | PromiseLike<R> {
  return isPromise(value) ? Promise.resolve(value).then(then, otherwise) : then(value);
}

function isPromise<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as Partial<PromiseLike<T>> | null | undefined)?.then === "function";
}
