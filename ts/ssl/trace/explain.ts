// Owns what an event of a trace means, in words for people. Refuses to know where it is shown.
import { alert, alertName } from "../../engine/alerts.ts";
import type { TraceAlert, TraceEstablished, TraceEvent, TraceProtection, TraceRecord } from "../../engine/trace.ts";
import { messageText } from "./messages.ts";
import { contentName, suiteName, versionName } from "./names.ts";
import { sizeText } from "./text.ts";

/** An event of a trace in words. What the peer said is harmless text here: it has no control characters. */
export interface TraceExplanation {
  /** Such as `"ClientHello"`, or `"fatal alert unknown_ca"`. */
  readonly title: string;
  /** Names and values: versions, suites, extensions, certificates. */
  readonly details: readonly (readonly [name: string, value: string])[];
}

/**
 * Makes words of an event that `onTrace` was told. Never throws: what cannot be read is shown by its size.
 *
 * @example
 * const context = SSLContext.client({ trust, onTrace: (event) => console.error(event.time, explainTrace(event).title) });
 */
export function explainTrace(event: TraceEvent): TraceExplanation {
  switch (event.kind) {
    case "record":
      return { title: recordTitle(event), details: [] };
    case "message":
      return messageText(event);
    case "alert":
      return { title: alertTitle(event), details: [] };
    case "change-cipher-spec":
      return { title: "ChangeCipherSpec", details: [] };
    case "secret":
      return { title: event.label, details: [] };
    case "established":
      return established(event);
    default:
      return event satisfies never;
  }
}

function established({ resumed, version, cipherSuite }: TraceEstablished): TraceExplanation {
  return {
    title: resumed ? "handshake over, resumed" : "handshake over",
    details: [
      ["version", versionName(version)],
      ["cipher suite", suiteName(cipherSuite)],
    ],
  };
}

function recordTitle({ type, length, plaintext, protection }: TraceRecord): string {
  const keys = plaintext === null ? "could not be decrypted" : keysText[protection];
  return `${contentName(type)}, ${sizeText(length)}, ${keys}`;
}

const keysText: Readonly<Record<TraceProtection, string>> = {
  none: "in the clear",
  handshake: "handshake keys",
  application: "application keys",
};

/** With its level, except the one that is no trouble at all. */
function alertTitle({ level, description }: TraceAlert): string {
  const name = alertName(description);
  if (description === alert.close_notify) return `alert ${name}`;
  return `${level === 1 ? "warning" : level === 2 ? "fatal" : `level ${level}`} alert ${name}`;
}
