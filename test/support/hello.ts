// A look into a ClientHello or ServerHello as it stands on the wire (RFC 8446, section 4.1), for tests that read or rewrite it.

/** The code points of the extensions that tests ask for. */
export const extension = {
  serverName: 0,
  supportedGroups: 10,
  signatureAlgorithms: 13,
  alpn: 16,
  extendedMasterSecret: 23,
  preSharedKey: 41,
  supportedVersions: 43,
  cookie: 44,
  pskModes: 45,
  keyShare: 51,
} as const;

export interface FoundExtension {
  readonly type: number;
  /** Where its type stands in the record. */
  readonly at: number;
  readonly body: Uint8Array;
}

/** The extensions of the hello in a record, in their order. */
export function extensionsIn(record: Uint8Array): FoundExtension[] {
  const number = (at: number): number => record[at]! * 256 + record[at + 1]!;
  let at = 5 + 4 + 2 + 32;
  at += 1 + record[at]!; // session id
  at += record[5] === 1 ? 2 + number(at) : 2; // cipher suites, or the one that was chosen
  at += record[5] === 1 ? 1 + record[at]! : 1; // compression methods, or the one that was chosen
  const found: FoundExtension[] = [];
  const end = at + 2 + number(at);
  for (at += 2; at < end; at += 4 + number(at + 2)) {
    found.push({ type: number(at), at, body: record.slice(at + 4, at + 4 + number(at + 2)) });
  }
  return found;
}

export function extensionIn(record: Uint8Array, type: number): Uint8Array | null {
  return extensionsIn(record).find((one) => one.type === type)?.body ?? null;
}

/** The name in the server_name extension of a ClientHello, or null. */
export function serverNameIn(record: Uint8Array): string | null {
  const body = extensionIn(record, extension.serverName);
  return body === null ? null : String.fromCharCode(...body.subarray(5));
}

/** The hello with an extension that no implementation knows in the place of this one. */
export function withoutExtension(record: Uint8Array, type: number): Uint8Array {
  const copy = record.slice();
  for (const { at } of extensionsIn(record).filter((one) => one.type === type)) copy.set([250, 250], at);
  return copy;
}

/** The hello with other extensions: what `change` makes of them, in this order. */
export function withExtensions(
  record: Uint8Array,
  change: (extensions: readonly Omit<FoundExtension, "at">[]) => readonly Omit<FoundExtension, "at">[],
): Uint8Array {
  const found = extensionsIn(record);
  const start = (found[0]?.at ?? record.length) - 2;
  const list = change(found).flatMap(({ type, body }) => [...sixteen(type), ...sixteen(body.length), ...body]);
  const message = [...record.subarray(5, start), ...sixteen(list.length), ...list];
  message.splice(1, 3, ...[0, ...sixteen(message.length - 4)]);
  const rest = record.subarray(5 + record[3]! * 256 + record[4]!); // a server says more in the same stretch
  return Uint8Array.of(...record.subarray(0, 3), ...sixteen(message.length), ...message, ...rest);
}

/** A number as two bytes. */
export function sixteen(number: number): [number, number] {
  return [Math.floor(number / 256), number % 256];
}
