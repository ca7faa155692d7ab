// The time of a certificate as OpenSSL prints it, and Python reads it.
import { describe } from "./bytes.ts";

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/** As Python's strptime reads " %d %H:%M:%S %Y GMT": any white space, one digit or two, seconds up to 61. */
const form = /^\s+(3[01]|[12]\d|0[1-9]|[1-9])\s+(2[0-3]|[01]\d|\d):([0-5]\d|\d):(6[01]|[0-5]\d|\d)\s+(\d{4})\s+gmt$/;

/**
 * Seconds since 1970 of a certificate's `notBefore` or `notAfter`, like Python's `ssl.cert_time_to_seconds`. A day that its
 * month does not have counts on into the next one, as there.
 *
 * Throws RangeError, where Python raises ValueError, for a text of another form, and TypeError for what is no text.
 *
 * @example
 * const end = new Date(certTimeToSeconds(socket.getPeerCert()!.notAfter) * 1000);
 */
export function certTimeToSeconds(text: string): number {
  if (typeof text !== "string")
    throw new TypeError(`Cannot read the time of a certificate: expected a string, got ${describe(text)}`);
  const lower = text.toLowerCase();
  const month = months.indexOf(lower.slice(0, 3));
  const [, ...parts] = form.exec(lower.slice(3)) ?? [];
  const [day, hour, minute, second, year] = parts.map(Number);
  if (month === -1 || parts.length === 0 || year === 0) {
    const expected = 'expected the form "Jan  5 09:34:43 2018 GMT"';
    throw new RangeError(`Cannot read the time of a certificate: ${expected}, got ${describe(text)}`);
  }
  const date = new Date(0);
  date.setUTCFullYear(year!, month, day); // unlike Date.UTC it takes years below 100 as they are
  return date.setUTCHours(hour!, minute, second) / 1000;
}
