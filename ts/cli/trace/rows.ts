// Owns what of a trace is drawn, from top to bottom: arrows, notes, and how it ended. Refuses to know how that looks.
import { alertDescription, explainTrace, type TraceEvent, type TraceProtection } from "../../index.ts";

/** How a connection went, as a client saw it. */
export interface Story {
  /** Such as `example.org:443`. */
  readonly server: string;
  readonly events: readonly TraceEvent[];
  /** The sentence with which it failed, null when all went well. */
  readonly failure: string | null;
}

/** Something that went from one side to the other. */
export interface Arrow {
  readonly kind: "arrow";
  readonly from: "client" | "server";
  readonly time: number;
  readonly title: string;
  /** Bytes of the message, or of the data. */
  readonly size: number;
  readonly protection: TraceProtection;
  /** The essential ones of the details, in one line; may be empty. */
  readonly summary: string;
  readonly details: readonly (readonly [name: string, value: string])[];
  readonly tone: "usual" | "quiet" | "alarming";
}

export interface Note {
  readonly kind: "secrets" | "established";
  readonly time: number;
  readonly text: string;
}

export type Row = Arrow | Note;

export const protectionText: Readonly<Record<TraceProtection, string>> = {
  none: "in the clear",
  handshake: "handshake keys",
  application: "application keys",
};

/** Secrets that come together share a note; records of data that follow each other share an arrow. */
export function rowsOf(events: readonly TraceEvent[]): Row[] {
  const rows: Row[] = [];
  for (const event of events) {
    const row = rowOf(event);
    if (row === null) continue;
    const last = rows.at(-1);
    const both = last === undefined ? null : merged(last, row);
    if (both === null) rows.push(row);
    else rows[rows.length - 1] = both;
  }
  return rows;
}

/** Null for a record whose content gets a row of its own. */
function rowOf(event: TraceEvent): Row | null {
  const { title, details } = explainTrace(event);
  const { time } = event;
  if (event.kind === "secret") return { kind: "secrets", time, text: `new keys: ${title}` };
  if (event.kind === "established")
    return { kind: "established", time, text: `${title}: ${details.map(([, value]) => value).join(", ")}` };
  const from = event.direction === "sent" ? "client" : "server";
  const arrow = { kind: "arrow", from, time, title, details, protection: event.protection } as const;
  switch (event.kind) {
    case "record":
      return recordRow(event, arrow);
    case "message":
      return { ...arrow, size: event.body.length + 4, summary: summaryOf(details), tone: "usual" };
    case "alert": {
      const usual = event.description === alertDescription.close_notify;
      return { ...arrow, size: 2, summary: "", tone: usual ? "quiet" : "alarming" };
    }
    default:
      return { ...arrow, size: 1, summary: "", tone: "quiet" };
  }
}

const applicationData = 23;

function recordRow(
  event: TraceEvent & { kind: "record" },
  arrow: Omit<Arrow, "size" | "summary" | "tone">,
): Arrow | null {
  const { type, length, plaintext } = event;
  if (plaintext === null)
    return { ...arrow, title: "a record that cannot be decrypted", size: length, summary: "", tone: "alarming" };
  return type === applicationData ? { ...arrow, title: dataTitle, size: plaintext, summary: "", tone: "usual" } : null;
}

const dataTitle = "application data";

function merged(last: Row, row: Row): Row | null {
  if (last.kind === "secrets" && row.kind === "secrets")
    return { ...last, text: `${last.text}, ${row.text.replace("new keys: ", "")}` };
  if (last.kind !== "arrow" || row.kind !== "arrow" || last.title !== dataTitle || row.title !== dataTitle) return null;
  return last.from === row.from ? { ...last, size: last.size + row.size } : null;
}

/** The details that a reader looks for first. */
function summaryOf(details: Arrow["details"]): string {
  const values = new Map(details);
  const said = essential.flatMap((name) => values.get(name) ?? []);
  const named = ["lifetime", "answer", "malformed"].flatMap((name) =>
    values.has(name) ? `${name} ${values.get(name)}` : [],
  );
  return [...said, ...named].join(" · ");
}

/** What these are is plain to see. */
const essential: readonly string[] = [
  "server_name",
  "version",
  "supported_versions",
  "cipher suite",
  "key_share",
  "key share",
  "application_layer_protocol_negotiation",
  "certificate 1",
  "certificates",
  "signature",
];
