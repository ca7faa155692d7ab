// The one table of wanted differences from CPython's ssl, with the comparison that allows these and no others.
// docs/python-differences.md is made from it by scripts/make-differences.ts.
import type { Observation } from "./oracle.ts";

export interface Difference {
  readonly statement: string;
  readonly title: string;
  readonly python: string;
  readonly wanttls: string;
  readonly why: string;
  readonly seen: readonly Pair[];
  /** The two sides are in different states from here on, so that the rest of the script says nothing. */
  readonly parts: boolean;
}

/** Outcomes that may differ in these calls. What the patterns capture must be the same on both sides. */
interface Pair {
  readonly calls: readonly Observation["call"][];
  readonly python: RegExp;
  readonly wanttls: RegExp | typeof sameFailure;
  readonly afterFailure?: true; // of the same side
  readonly inPlay?: RegExp; // only in scripts with such a title
}

/** The fatal error that the same side had before. */
const sameFailure = "the failure again";

export const differences: readonly Difference[] = [
  {
    statement: "B2",
    title: "A failed connection stays failed",
    python:
      "after a fatal error the next call raises another error (`SSLEOFError`, `SSLZeroReturnError`), or `read()` returns an empty `bytes` as after a proper end.",
    wanttls: "each later call throws an error of the same class and reason as the first one, which is its `cause`.",
    why: "an empty read after a failure looks like the end of a complete message, which is what a truncation attack wants.",
    seen: [
      {
        calls: ["doHandshake", "read", "readInto", "readAll", "write", "unwrap"],
        python: /^/,
        wanttls: sameFailure,
      },
    ],
    parts: true,
  },
  {
    statement: "B21",
    title: "The peer's certificate before the handshake",
    python: "`getpeercert()` raises `ValueError`.",
    wanttls: "`getPeerCert()` throws `SSLStateError`.",
    why: "one class for every call that comes at the wrong time.",
    seen: [{ calls: ["getPeerCert"], python: /^ValueError$/, wanttls: /^SSLStateError / }],
    parts: false,
  },
  {
    statement: "B21",
    title: "version() after a failure",
    python: "is None again.",
    wanttls: "stays what was agreed on.",
    why: "it helps to know which version failed.",
    seen: [{ calls: ["version"], python: /^null$/, wanttls: /^TLSv1\.[23]$/, afterFailure: true }],
    parts: false,
  },
  {
    statement: "B22",
    title: "A trusted certificate that is not self-signed",
    python:
      "a chain must lead to a self-signed root; trusting only an intermediate, or only the certificate itself, is an error.",
    wanttls: "every certificate in `ca` is trusted as it is, unless `partialChain` is `false`.",
    why: "it was put there to be trusted; Python's default contexts do the same from 3.13 on (`VERIFY_X509_PARTIAL_CHAIN`).",
    seen: [
      {
        calls: ["handshake"],
        python: /^SSLCertVerificationError /,
        wanttls: /^null$/,
        inPlay: /trusts (?:intermediate|localhost) /,
      },
    ],
    parts: true,
  },
  {
    statement: "B22",
    title: "A certificate without subjectAltName",
    python: "the common name of the subject is compared.",
    wanttls: "the certificate is refused.",
    why: "RFC 9525 forbids the fallback, and no public CA has issued such certificates for years.",
    seen: [
      { calls: ["handshake"], python: /^null$/, wanttls: /^SSLCertVerificationError /, inPlay: /certificate cnOnly/ },
    ],
    parts: true,
  },
  {
    statement: "B22",
    title: "A server's certificate that is not for servers",
    python: "the server presents it all the same, and the client refuses.",
    wanttls: "the server does not present it: the handshake ends with the alert `handshake_failure`.",
    why: "no client that verifies could take it.",
    seen: [
      {
        calls: ["handshake"],
        python: /^SSLCertVerificationError /,
        wanttls: /^(?:SSLAlertError|SSLError) SSLV3_ALERT_HANDSHAKE_FAILURE$/,
        inPlay: /certificate wrongUsage/,
      },
    ],
    parts: true,
  },
  {
    statement: "B22",
    title: "A key that is too short",
    python: "an RSA key of 1,024 bits is refused when the server's certificate is loaded.",
    wanttls: "it is refused by the side that verifies, in the handshake.",
    why: "what is strong enough is for the verifying side to decide, which never takes it.",
    seen: [{ calls: ["wrap"], python: /^SSLError EE_KEY_TOO_SMALL$/, wanttls: /^made$/ }],
    parts: true,
  },
  {
    statement: "B25",
    title: "A certificate that was not verified",
    python: "`getpeercert()` returns an empty dictionary when the context verifies nothing.",
    wanttls: "`getPeerCert()` gives the certificate; whether it was verified follows from the context.",
    why: "who verifies nothing still wants to see whom he talks to, and `{}` says less than the type promises.",
    seen: [{ calls: ["getPeerCert"], python: /^unverified$/, wanttls: /^localhost$/ }],
    parts: false,
  },
  {
    statement: "B26",
    title: "A server name that is missing or wrong",
    python:
      "`wrap_bio` lets a client that checks names go without one, which then checks nothing, and ignores a `server_hostname` on the server side; an empty name, a leading dot and a NUL raise `ValueError`, `UnicodeError` and `TypeError`.",
    wanttls: "`wrapBio` throws `SSLConfigError` in all these cases.",
    why: "it fails closed, as Python's own `wrap_socket` does, and one class says that an option is wrong.",
    seen: [
      {
        calls: ["wrap"],
        python: /^(?:made|ValueError|UnicodeError|TypeError)$/,
        wanttls: /^SSLConfigError BAD_SERVER_HOSTNAME$/,
      },
    ],
    parts: true,
  },
  {
    statement: "B29",
    title: "No application protocol in common",
    python: "the handshake goes on and `selected_alpn_protocol()` is None on both sides.",
    wanttls:
      'the server refuses with the alert `no_application_protocol`; `alpnMismatch: "ignore"` gives Python\'s behaviour.',
    why: "RFC 7301 demands the refusal, which stops attacks that redirect a connection to a server for another protocol.",
    seen: [
      {
        calls: ["handshake"],
        python: /^null$/,
        wanttls: /^(?:SSLAlertError TLSV1_ALERT_NO_APPLICATION_PROTOCOL|SSLError)$/,
      },
    ],
    parts: true,
  },
  {
    statement: "B33",
    title: "A negative length in read()",
    python: "raises `ValueError`.",
    wanttls: "throws `RangeError`.",
    why: "it is what JavaScript calls an argument out of range.",
    seen: [{ calls: ["read"], python: /^ValueError$/, wanttls: /^RangeError$/ }],
    parts: false,
  },
  {
    statement: "B33",
    title: "read() without a length",
    python: "takes up to 1,024 bytes.",
    wanttls: "takes up to 16,384 bytes, a whole record.",
    why: "more than one call per record is wasted work, and the memory is there already.",
    seen: [{ calls: ["read"], python: /^1024 bytes /, wanttls: /^3000 bytes / }],
    parts: true,
  },
  {
    statement: "B34",
    title: "A negative length in readInto()",
    python: "counts as the length of the buffer.",
    wanttls: "throws `RangeError`.",
    why: "a negative length is a mistake in the caller's arithmetic and should be seen.",
    seen: [{ calls: ["readInto"], python: /^5 bytes /, wanttls: /^RangeError$/ }],
    parts: true,
  },
  {
    statement: "B45",
    title: "EOF without close_notify makes no alert",
    python: "`SSLEOFError` is raised, and the alert `decode_error` lies in the outgoing BIO.",
    wanttls: "`SSLEOFError` is thrown, and nothing is sent.",
    why: "no RFC asks for an alert there, and who has closed the transport does not listen any more.",
    seen: [
      { calls: ["hasOutput"], python: /^true$/, wanttls: /^false$/, afterFailure: true },
      {
        calls: ["doHandshake", "read", "readInto", "readAll", "write", "unwrap"],
        python: /^(.*)SSLError TLSV1_ALERT_DECODE_ERROR$/,
        wanttls: /^(.*)(?:SSLWantReadError|SSLEOFError UNEXPECTED_EOF_WHILE_READING)$/,
      },
    ],
    parts: true,
  },
  {
    statement: "B50",
    title: "The class of an alert",
    python: "a fatal alert of the peer raises `SSLError`; only the reason tells which alert it was.",
    wanttls: "it throws `SSLAlertError` with `alert` and `alertName`, and the same reason.",
    why: "what the peer said should not have to be parsed out of a text.",
    seen: [
      {
        calls: ["handshake", "doHandshake", "read", "readInto", "readAll", "write", "unwrap"],
        python: /^(.*)SSLError ((?:SSLV3|TLSV1|TLSV13)_ALERT_\w+)$/,
        wanttls: /^(.*)SSLAlertError (\w+)$/,
      },
    ],
    parts: false,
  },
  {
    statement: "B70",
    title: "unwrap() before the end of the handshake",
    python: "raises `SSLError` with the reason `SHUTDOWN_WHILE_IN_INIT`.",
    wanttls: "throws `SSLStateError` with the same reason.",
    why: "one class for every call that comes at the wrong time.",
    seen: [
      {
        calls: ["unwrap"],
        python: /^SSLError (SHUTDOWN_WHILE_IN_INIT)$/,
        wanttls: /^SSLStateError (SHUTDOWN_WHILE_IN_INIT)$/,
      },
    ],
    parts: false,
  },
  {
    statement: "B73",
    title: "unwrap() with unread application data",
    python:
      "raises `SSLError` with the reason `APPLICATION_DATA_AFTER_CLOSE_NOTIFY`; the data and the connection are lost.",
    wanttls:
      "throws `SSLStateError` with the same reason; the data can be read and `unwrap()` repeated. `unwrap({ discard: true })` drops the data.",
    why: "data that was received and authenticated must not be lost because of the order of two calls.",
    seen: [
      {
        calls: ["unwrap"],
        python: /^SSLError (APPLICATION_DATA_AFTER_CLOSE_NOTIFY)$/,
        wanttls: /^SSLStateError (APPLICATION_DATA_AFTER_CLOSE_NOTIFY)$/,
      },
    ],
    parts: true,
  },
];

/** What differs and is not in the table, as readable lines; the differences that were met are added to `met`. */
export function unexpected(
  python: readonly Observation[],
  ours: readonly Observation[],
  { title, met }: { readonly title: string; readonly met: Set<Difference> },
): readonly string[] {
  const lines: string[] = [];
  for (const [index, expected] of python.entries()) {
    const got = ours[index];
    if (got !== undefined && same(expected.outcome, got.outcome)) continue;
    const difference = differences.find((candidate) => allows(candidate, title, expected, got, ours.slice(0, index)));
    if (difference === undefined) {
      const place = `step ${expected.step}, ${expected.side} ${expected.call}`;
      return [...lines, `${place}: python ${expected.outcome}, wanttls ${got?.outcome ?? "nothing"}`];
    }
    met.add(difference);
    if (difference.parts) return lines;
  }
  return lines;
}

/** The table as a page for users. */
export function differencesPage(): string {
  const sections = differences.map(
    ({ statement, title, python, wanttls, why }) =>
      `## ${title} (${statement})\n\n- Python: ${python}\n- wanttls: ${wanttls}\n- Why: ${why}\n`,
  );
  return `${PREFACE}\n${sections.join("\n")}`;
}

const PREFACE = `<!-- Generated by \`node scripts/make-differences.ts\` from test/oracle/differences.ts; do not edit. -->

# Where wanttls differs from Python's ssl

The calls of \`MemoryBIO\` and \`SSLObject\` are those of CPython's \`ssl\` module, and a differential test runs the same scripts of
calls on both and compares each outcome: returned bytes, exception class and reason, \`pending\` and \`eof\`. What follows is the
complete list of the differences that test allows; each of them is wanted. The numbers are those in the names of the tests.
`;

/** Where Python gives no reason, the class alone is compared. */
function same(python: string, ours: string): boolean {
  return python === ours || (/^\w+Error$/.test(python) && ours.startsWith(`${python} `));
}

function allows(
  difference: Difference,
  title: string,
  python: Observation,
  ours: Observation | undefined,
  before: readonly Observation[],
): boolean {
  if (ours === undefined || ours.call !== python.call || ours.side !== python.side) return false;
  const failures = before.filter(({ side, outcome }) => side === ours.side && FATAL.test(outcome));
  return difference.seen.some(({ calls, python: theirs, wanttls, afterFailure, inPlay }) => {
    if (inPlay?.test(title) === false) return false;
    const was = calls.includes(python.call) ? theirs.exec(python.outcome) : null;
    if (was === null || (afterFailure === true && failures.length === 0)) return false;
    if (wanttls === sameFailure) return failures.some(({ outcome }) => repeats(ours.outcome, outcome));
    const is = wanttls.exec(ours.outcome);
    return is !== null && String(was.slice(1)) === String(is.slice(1));
  });
}

function repeats(now: string, failure: string): boolean {
  const first = failure.replace(READ_BEFORE, "");
  return now.replace(READ_BEFORE, "") === first;
}

const READ_BEFORE = /^.*, then /; // of readAll
/** Those of the wrong time or argument leave the connection as it is. */
const FATAL = /^(.*, then )?(SSLError (?!PROTOCOL_IS_SHUTDOWN)|SSLAlertError |SSLCertVerificationError |SSLEOFError )/;
