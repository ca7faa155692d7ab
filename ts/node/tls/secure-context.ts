// Owns SecureContext: own certificates, trust and parameters, checked once. Refuses to know connections. `openClient` and
// `openServer` give each of them a context of the library; those that agree in what the library decides per context, and Node per
// connection, have the same one (families.ts). What takes time is done once: decrypting and indexing here.
import { randomBytes } from "node:crypto";
import {
  type BaseOptions,
  type PskIdentity,
  SSLContext,
  type TicketKeys,
  TrustStore,
  type VerifyInfo,
} from "../../index.ts";
import { tag } from "../../ssl/der.ts";
import { trustedIssuers } from "../../ssl/embedding.ts";
import { certificatesFrom } from "../../ssl/pem.ts";
import { requireReadable, type TrustedIssuers } from "./certificates.ts";
import { type ContextOptions, contextOptions, ticketKeysOf } from "./context-options.ts";
import { ContextMemory } from "./context-memory.ts";
import { defaults } from "./defaults.ts";
import { invalidArgType, opensslError } from "./errors.ts";
import { configErrorOf } from "./failures.ts";
import { Families, type Lease, type Shape } from "./families.ts";
import { identitiesOf, listOf, type OpenIdentity, requireMaterial, trustedByPfx } from "./identities.ts";
import type { Expectation, SecureContextOptions } from "./options.ts";
import { KnownServers } from "./server-identity.ts";
import { defaultTrust } from "./trust.ts";

/**
 * What connections have in common: certificates, trust, versions, cipher suites. Made by `createSecureContext`.
 *
 * Node's has OpenSSL's context in its property `context`; here that is the object itself.
 */
export class SecureContext {
  readonly context: this = this;
  /** @internal For the tickets of servers; all connections share them. */
  readonly ticketKeys: TicketKeys;
  readonly #options: ContextOptions;
  /** Null stands for what the process trusts when the connection is made. */
  readonly #trust: TrustStore | null;
  readonly #identities: readonly OpenIdentity[];
  readonly #families = new Families();
  readonly #servers = new KnownServers();

  /** @internal Use `createSecureContext`. */
  constructor(options: SecureContextOptions = {}) {
    this.#options = contextOptions(options);
    this.ticketKeys = ticketKeysOf(options.ticketKeys);
    try {
      const ca = listOf(options.ca).flatMap(trustedFrom);
      this.#identities = identitiesOf(options, ca);
      this.#trust = trustOf(ca, trustedByPfx(this.#identities, options), options.ca);
      if (this.#options.common !== null) this.openClient(plainClient, null).release(); // says now what is wrong with a certificate, a key or a list
    } catch (error) {
      throw configErrorOf(error);
    }
  }

  /** @internal The trusted certificates, DER, that may have issued this one. */
  readonly trustedIssuers: TrustedIssuers = (der) => trustedIssuers(der, this.#trustStore());

  /** @internal What is wrong with a peer that has this chain, for a client that expects somebody; names only. */
  complaintAbout(chain: readonly Uint8Array[], { check, host }: Expectation): Error | undefined {
    return this.#servers.complaint(check, host, chain, this.trustedIssuers);
  }

  /** @internal The first certificate that it presents, DER. */
  get certificate(): Uint8Array | undefined {
    return this.#identities[0]?.cert[0];
  }

  /** @internal A client's context for one connection, which may know a key already. */
  openClient(shape: ClientShape, psk: PskIdentity | null): Lease {
    const trust = this.#trustStore();
    const lease = this.#families.lease({ ...shape, side: "client", asksForPsk: false }, trust, () =>
      SSLContext.client({
        ...this.#common(),
        ...optionsOf(shape),
        checkHostname: false, // names are compared by `checkServerIdentity`
        identities: this.#presented(),
        sessionKey,
        trust,
      }),
    );
    return psk === null ? lease : variant(lease, psk);
  }

  /** @internal A server's context for one connection. Without a certificate it refuses every client, as in Node. */
  openServer(shape: ServerShape): Lease {
    const trust = this.#trustStore();
    return this.#families.lease({ ...shape, side: "server" }, trust, () => {
      const identities = this.#presented();
      return SSLContext.server({
        ...this.#common(),
        ...this.#options.serving,
        ...optionsOf(shape),
        // A client that may be anybody is still asked, and judged when the handshake is over.
        ...(shape.verifyMode === "optional" ? { verify: acceptAnybody } : {}),
        ...(shape.asksForPsk || identities.length === 0 ? { psk: () => null } : {}),
        identities,
        ticketKeys: this.ticketKeys,
        trust,
      });
    });
  }

  #common(): BaseOptions {
    const { common } = this.#options;
    if (common !== null) return common;
    throw opensslError("ERR_SSL_NO_PROTOCOLS_AVAILABLE", "no protocols available", "SSL routines", "0A0000BF");
  }

  #trustStore(): TrustStore {
    return this.#trust ?? defaultTrust();
  }

  #presented(): { readonly cert: Uint8Array[]; readonly key: Uint8Array }[] {
    return this.#identities.map(({ cert, key }) => ({ cert: [...cert], key }));
  }
}

/** Sessions are sealed with it: they are good for this process. */
const sessionKey = randomBytes(32);

function acceptAnybody({ chain }: VerifyInfo): { accept: true } {
  requireReadable(chain[0]?.raw);
  return { accept: true };
}

type ServerShape = Omit<Shape, "side">;
type ClientShape = Omit<ServerShape, "asksForPsk">;

const plainClient: ClientShape = { alpn: null, verifyMode: "required", logsKeys: false };

function optionsOf({ alpn, verifyMode, logsKeys }: ClientShape): BaseOptions {
  return { verifyMode, ...(alpn === null ? {} : { alpn }), ...(logsKeys ? { onKeyLog: () => {} } : {}) };
}

/** For one connection only, as the key is that of a connection. */
function variant({ context, release }: Lease, psk: PskIdentity): Lease {
  try {
    const own = context.with({ psk });
    const releaseBoth = (): void => {
      own.dispose();
      release();
    };
    return { context: own, release: releaseBoth };
  } catch (error) {
    release();
    throw error;
  }
}

/**
 * A context for clients, servers or both, as Node's function of that name.
 *
 * Throws what Node throws for options of the wrong type or with unknown names, and SSLConfigError for certificates and keys
 * that cannot be used.
 *
 * @example
 * const secureContext = createSecureContext({ cert, key, minVersion: "TLSv1.3" });
 */
export function createSecureContext(options?: SecureContextOptions): SecureContext {
  const given: unknown = options;
  if (given !== undefined && given !== null && typeof given !== "object")
    throw invalidArgType("options", ["object"], given);
  return new SecureContext(options ?? {});
}

/** The context for these options, made by whatever the program has put in the place of `createSecureContext`. */
export function contextFor(options: SecureContextOptions): SecureContext {
  const made = defaults.createSecureContext?.(options);
  return made instanceof SecureContext ? made : new SecureContext(options);
}

const ofClients = new ContextMemory();

/** As `contextFor`, and the same one for all that are given the same, unless the program makes its contexts itself. */
export function contextForClient(options: SecureContextOptions): SecureContext {
  const usual = defaults.createSecureContext === undefined || defaults.createSecureContext === createSecureContext;
  return usual ? ofClients.find(options, () => new SecureContext(options)) : contextFor(options);
}

/** As in Node, a text without certificates is no mistake, and OpenSSL's own label for trusted ones is taken for the usual. */
function trustedFrom(given: unknown): Uint8Array[] {
  const material = requireMaterial(given, "options.ca");
  if (typeof material !== "string" && material[0] === tag.sequence)
    return certificatesFrom(Buffer.from(material), "options.ca");
  const text = typeof material === "string" ? material : Buffer.from(material).toString("latin1");
  const usual = text.replaceAll("TRUSTED CERTIFICATE-----", "CERTIFICATE-----");
  return usual.includes("CERTIFICATE-----") ? certificatesFrom(usual, "options.ca") : [];
}

/** `ca` replaces what the process trusts; the certificates of a PKCS#12 file come on top. */
function trustOf(ca: readonly Uint8Array[], more: readonly Uint8Array[], given: unknown): TrustStore | null {
  const own = ca.length + more.length === 0 ? TrustStore.empty() : TrustStore.fromDer([...ca, ...more]);
  if (listOf(given).length > 0 || Array.isArray(given)) return own;
  return more.length === 0 ? null : own.with(defaultTrust());
}
