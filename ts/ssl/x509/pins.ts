// Pins (RFC 7469, section 2.4): the SHA-256 of a SubjectPublicKeyInfo in Base64. Owns their form and whether a path has one.

/** What a peer is held to: some key of its path must be among these. */
export interface Pinning {
  /** In Base64, without prefix. */
  readonly pins: ReadonlySet<string>;
  readonly hash: (publicKey: Uint8Array) => Uint8Array;
}

/** The pin in Base64 if the text is one, with or without its prefix, else null. */
export function parsePin(text: string): string | null {
  // 256 bits leave two of the last character's six unused; set, they would make a pin that nothing can match.
  return /^(?:sha256\/)?([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$/.exec(text)?.[1] ?? null;
}

/** Null when one of the keys is pinned, or their pins, to be named in the error. */
export function unpinned(publicKeys: readonly Uint8Array[], { pins, hash }: Pinning): string[] | null {
  const found = publicKeys.map((key) => pinOf(hash(key)));
  return found.some((pin) => pins.has(pin)) ? null : found.map((pin) => `sha256/${pin}`);
}

/** Completes "it ...". */
export function pinSentence(seen: readonly string[]): string {
  return `is not vouched for by a pinned key: the keys of its path are ${seen.join(", ")}`;
}

/** The pin without its prefix, given the hash. */
export function pinOf(hash: Uint8Array): string {
  return btoa(String.fromCharCode(...hash));
}
