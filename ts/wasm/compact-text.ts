// A text for bytes that gzip and brotli leave as small as the bytes themselves, which those of base64 do not: its characters do not
// begin where bytes begin, so that what repeats in the bytes does not in the text. Here the most frequent bytes are one character
// each, and the others two. Owns the form; scripts/compact-text.ts writes it. Decoding is a loop, where base64 has something native.

/** Printable, and as they are in each kind of string literal, in a script element, and after every minifier. */
export const letters: string = String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 32 + i)).replace(
  /["$<\\`]/g,
  "",
);

/** So many letters, the first ones, begin a pair. */
export const leads = 2;

/** The bytes of a text; `order` has all 256 bytes, the most frequent first. */
export function fromCompactText(text: string, order: readonly number[]): Uint8Array<ArrayBuffer> {
  const table = tableOf(order);
  const codes = new TextEncoder().encode(text);
  const firstSingle = letters.charCodeAt(leads);
  let size = 0;
  for (let at = 0; at < codes.length; size++) {
    const code = codes[at++]!;
    // In place, as no byte is written before its character was read.
    codes[size] = code < firstSingle ? table[rowOf(code) + codes[at++]!]! : table[code]!;
  }
  return codes.slice(0, size);
}

/** A row of 128 for letters that stand alone, and one for each that begins a pair. */
function tableOf(order: readonly number[]): Uint8Array {
  const table = new Uint8Array(128 * (1 + leads));
  const singles = letters.length - leads;
  for (const [rank, byte] of order.entries()) {
    const pair = rank - singles;
    if (pair < 0) table[letters.charCodeAt(leads + rank)] = byte;
    else
      table[rowOf(letters.charCodeAt(Math.floor(pair / letters.length))) + letters.charCodeAt(pair % letters.length)] =
        byte;
  }
  return table;
}

function rowOf(lead: number): number {
  return 128 * (1 + lead - 32);
}
