// Runs a case through our own path validation, with the arithmetic of the shared realm.
import { sharedRealm } from "../../../ts/engine/realms.ts";
import { verifySignature } from "../../../ts/engine/signatures.ts";
import { toHostName } from "../../../ts/ssl/names.ts";
import { parseCrl } from "../../../ts/ssl/x509/crl.ts";
import type { SignatureCheck } from "../../../ts/ssl/x509/keys.ts";
import type { PathMemory } from "../../../ts/ssl/x509/memory.ts";
import { TrustStore } from "../../../ts/ssl/x509/trust-store.ts";
import { type PathResult, validatePath } from "../../../ts/ssl/x509/validate.ts";
import { today } from "../../support/certificate-factory.ts";
import { type Case, server } from "./cases/case.ts";

export const verify: SignatureCheck = (publicKey, method, data, signature) =>
  verifySignature(sharedRealm(), publicKey, method, data, signature);

export function run(one: Omit<Case, "name" | "expected">, memory: PathMemory | null = null): PathResult {
  const host = one.host === undefined ? server : one.host;
  const { profile, partialChain, commonNameFallback, maxIntermediates, crlCheck } = one;
  return validatePath({
    chain: one.chain,
    trust: one.trust.length === 0 ? TrustStore.empty() : TrustStore.fromDer(one.trust),
    purpose: one.purpose ?? "serverAuth",
    host: host === null ? null : toHostName(host, "host"),
    time: one.time ?? today,
    verify,
    ...(profile === undefined ? {} : { profile }),
    ...(partialChain === undefined ? {} : { partialChain }),
    ...(commonNameFallback === undefined ? {} : { commonNameFallback }),
    ...(maxIntermediates === undefined ? {} : { maxIntermediates }),
    ...(crlCheck === undefined ? {} : { crlCheck }),
    crls: (one.crls ?? []).map((crl) => parseCrl(crl)),
    memory,
  });
}

/** OpenSSL's name of the first finding, or "ok". */
export function outcome(result: PathResult): string {
  return result.ok ? "ok" : result.failure.findings[0]!.code;
}
