// Owns errors in the shape that Node gives them (name, code, message), and the checks of arguments that throw them.
// Refuses to know what the arguments are for.
import { nodeUtil } from "../builtin.ts";

type ErrorClass = new (message: string, options?: ErrorOptions) => Error;

/** An error with a code, as Node's are; `more` are the properties that this one has besides. */
export function nodeError(
  code: string,
  message: string,
  more: Readonly<Record<string, unknown>> = {},
  Base: ErrorClass = Error,
): NodeJS.ErrnoException {
  const error = Object.assign(new Base(message), { code, ...more });
  if (!code.startsWith("ERR_")) return error;
  // As Node does it: the code is part of what the text shows, not of the name.
  Object.defineProperty(error, "toString", {
    value: () => `${error.name} [${code}]: ${error.message}`,
    enumerable: false,
    writable: true,
    configurable: true,
  });
  return error;
}

/** An error in the shape of OpenSSL's, as Node passes them on; `number` is that of the reason, when it has one. */
export function opensslError(code: string, reason: string, library: string, number?: string): NodeJS.ErrnoException {
  const message = `error:${number === undefined ? "" : `${number}:`}${library}::${reason}`;
  return Object.assign(new Error(message), { library, reason, code });
}

/** ERR_INVALID_ARG_TYPE. `expected` are names of primitive types in small letters, or of classes. */
export function invalidArgType(name: string, expected: readonly string[], value: unknown): NodeJS.ErrnoException {
  const kind = name.includes(".") ? "property" : "argument";
  const subject = name.endsWith(" argument") ? `The ${name}` : `The "${name}" ${kind}`;
  const message = `${subject} must be ${expectation(expected)}. Received ${received(value)}`;
  return nodeError("ERR_INVALID_ARG_TYPE", message, {}, TypeError);
}

/** ERR_INVALID_ARG_VALUE. */
export function invalidArgValue(name: string, value: unknown, reason = "is invalid"): NodeJS.ErrnoException {
  const kind = name.includes(".") ? "property" : "argument";
  const message = `The ${kind} '${name}' ${reason}. Received ${shortly(value, 128)}`;
  return nodeError("ERR_INVALID_ARG_VALUE", message, {}, TypeError);
}

/** ERR_OUT_OF_RANGE. `subject` is a name, or a whole sentence about what is out of range. */
export function outOfRange(subject: string, range: string, value: unknown): NodeJS.ErrnoException {
  const shown = typeof value === "number" ? grouped(value) : nodeUtil().inspect(value);
  const sentence = subject.includes(" ") ? subject : `The value of "${subject}" is out of range.`;
  const message = `${sentence} It must be ${range}. Received ${shown}`;
  return nodeError("ERR_OUT_OF_RANGE", message, {}, RangeError);
}

export function requireString(value: unknown, name: string): asserts value is string {
  if (typeof value !== "string") throw invalidArgType(name, ["string"], value);
}

export function requireNumber(value: unknown, name: string): asserts value is number {
  if (typeof value !== "number") throw invalidArgType(name, ["number"], value);
}

export function requireFunction(value: unknown, name: string): void {
  if (typeof value !== "function") throw invalidArgType(name, ["function"], value);
}

export function requireObject(value: unknown, name: string): void {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidArgType(name, ["object"], value);
}

/** A whole number within bounds. */
export function requireInteger(value: unknown, name: string, least: number, most: number): asserts value is number {
  requireNumber(value, name);
  if (!Number.isInteger(value)) throw outOfRange(name, "an integer", value);
  if (value < least || value > most) throw outOfRange(name, `>= ${least} && <= ${most}`, value);
}

/** Bytes as Node takes them. */
export function requireBuffer(value: unknown, name: string): asserts value is NodeJS.ArrayBufferView {
  if (!ArrayBuffer.isView(value)) throw invalidArgType(name, ["Buffer", "TypedArray", "DataView"], value);
}

function expectation(expected: readonly string[]): string {
  const types = expected.filter((name) => /^[a-z]/.test(name));
  const classes = expected.filter((name) => /^[A-Z]/.test(name));
  const parts: string[] = [];
  if (types.length > 0) parts.push(`${types.length > 1 ? "one of type" : "of type"} ${oneOf(types)}`);
  if (classes.length > 0) parts.push(`an instance of ${oneOf(classes)}`);
  return parts.join(" or ");
}

function oneOf(names: readonly string[]): string {
  if (names.length < 3) return names.join(" or ");
  return `${names.slice(0, -1).join(", ")}, or ${names.at(-1)}`;
}

function received(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === "function") return `function ${value.name}`;
  if (typeof value !== "object") return `type ${typeof value} (${shortly(value, 28)})`;
  const { name } = (value as { constructor?: { name?: string } }).constructor ?? {};
  return name === undefined || name === "" ? nodeUtil().inspect(value, { depth: -1 }) : `an instance of ${name}`;
}

function shortly(value: unknown, most: number): string {
  const text = nodeUtil().inspect(value, { colors: false });
  return text.length > most ? `${text.slice(0, most - 3)}...` : text;
}

/** Digits in groups of three, as Node writes large numbers. */
function grouped(value: number): string {
  const text = String(value);
  return Number.isInteger(value) && Math.abs(value) > 2 ** 32 ? text.replaceAll(/\B(?=(\d{3})+$)/g, "_") : text;
}
