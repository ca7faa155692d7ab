// The application's word on the verdict over the peer: what the hook `verify` and embeddings are told, and what their answer
// means.
import { SSLCertVerificationError, SSLError } from "../engine/errors.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { Refusal, wrongAnswer } from "./hello.ts";
import { verifyFailure, type VerifyHook, type VerifyInfo } from "./hooks.ts";
import type { ConnectionHooks } from "./options.ts";
import type { Verdict, VerifyMode } from "./verification.ts";
import { errorOf, toFailure } from "./x509/findings.ts";

/** What was judged, and for whom. */
interface Judged {
  readonly chain: readonly Uint8Array[];
  readonly hostname: string | null;
  readonly side: "client" | "server";
  readonly mode: VerifyMode;
  readonly resumed: boolean;
}

/** What the application makes of the verdict; what it throws refuses the peer. */
export function overrule(
  verify: VerifyHook,
  found: Verdict,
  { chain, hostname, side, mode, resumed }: Judged,
): Verdict | PromiseLike<Verdict> {
  // With a leaf that it cannot see, the hook would take the next certificate for the peer's.
  if (chain.length > 0 && readable(chain[0]!).length === 0) return found.trusted ? unreadable(chain, hostname) : found;
  const failure = found.trusted ? null : found.failure.error;
  const error = failure instanceof SSLCertVerificationError ? failure : null;
  const info: VerifyInfo = {
    chain: chain.flatMap(readable),
    verified: found.trusted && mode !== "none" && chain.length > 0 ? found.path.flatMap(readable) : null,
    error,
    flags: error?.flags ?? 0,
    hostname,
    resumed,
    side,
  };
  const refuse = (cause: unknown): Verdict =>
    error !== null && cause === error ? found : { trusted: false, failure: verifyFailure(cause, chain, hostname) };
  const use = (answer: void | { readonly accept: true }): Verdict => {
    if (answer === undefined) return found;
    if ((answer as { accept?: unknown } | null)?.accept !== true)
      throw wrongAnswer("verify", "nothing or { accept: true }", answer);
    return found.trusted ? found : { trusted: true, path: [] };
  };
  try {
    const answer = verify(info);
    return typeof (answer as Partial<PromiseLike<void>> | undefined)?.then === "function"
      ? Promise.resolve(answer).then(use, refuse)
      : use(answer as void | { readonly accept: true });
  } catch (cause) {
    if (cause instanceof Refusal) throw cause;
    return refuse(cause);
  }
}

/** What an embedding makes of the verdict. It gets bytes: to parse them for it would cost more than everything else here. */
export function approved(
  approve: NonNullable<ConnectionHooks["approve"]>,
  found: Verdict,
  chain: readonly Uint8Array[],
): Verdict {
  if (!found.trusted) return found;
  try {
    approve(chain);
    return found;
  } catch (cause) {
    return { trusted: false, failure: verifyFailure(cause, chain, null) };
  }
}

function unreadable(chain: readonly Uint8Array[], hostname: string | null): Verdict {
  const failure = toFailure([{ code: "UNSPECIFIED", text: "cannot be read", certificate: null, depth: 0 }]);
  return { trusted: false, failure: errorOf(failure, chain, hostname) };
}

function readable(der: Uint8Array): Certificate[] {
  try {
    return [parseCertificate(der)];
  } catch (error) {
    if (error instanceof SSLError) return [];
    throw error;
  }
}
