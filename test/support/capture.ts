// What crosses loopback, as Wireshark sees it: dumpcap records a port, which takes root or the capability to capture, and
// tshark reads the record. Knows nothing of wanttls.
import { type ChildProcessWithoutNullStreams, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import dgram from "node:dgram";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const PATIENCE = 60_000;

/** Records everything that crosses `port` on loopback, from `start` to `finish`. */
export class Capture implements AsyncDisposable {
  readonly #port: number;
  readonly #dumpcap: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;
  readonly #frames: Buffer[] = [];
  #messages = "";
  #look: () => void = () => {};

  private constructor(port: number) {
    this.#port = port;
    this.#dumpcap = spawn("dumpcap", ["-q", "-p", "-i", "lo", "-f", `port ${port}`, "-w", "-"]);
    this.#dumpcap.stdout.on("data", (piece: Buffer) => {
      this.#frames.push(piece);
      this.#look();
    });
    this.#dumpcap.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#messages += text;
      this.#look();
    });
    this.#ended = new Promise((resolve) => {
      this.#dumpcap.once("error", (error) => {
        this.#messages += error.message;
        resolve();
      });
      this.#dumpcap.once("close", () => resolve());
    });
  }

  /** Resolves when nothing can be missed any more. */
  static async start(port: number): Promise<Capture> {
    const capture = new Capture(port);
    await capture.#until(() => capture.#messages.includes("File: "));
    return capture;
  }

  /** The record so far, a pcapng file: all that was sent before this call is in it. */
  async finish(): Promise<Uint8Array> {
    const marker = randomBytes(24);
    const socket = dgram.createSocket("udp4");
    socket.send(marker, this.#port, "127.0.0.1");
    await this.#until(() => Buffer.concat(this.#frames).includes(marker));
    socket.close();
    return Buffer.concat(this.#frames);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#dumpcap.kill("SIGKILL");
    await this.#ended;
  }

  async #until(condition: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#look = () => condition() && resolve();
    const fail = (): void => reject(new Error(`Cannot capture on loopback: ${this.#messages.trim()}`));
    const limit = setTimeout(fail, PATIENCE);
    void this.#ended.then(fail);
    this.#look();
    try {
      await promise;
    } finally {
      clearTimeout(limit);
    }
  }
}

/** One frame: the fields that were asked for; what occurs several times in it is separated by commas. */
export type Frame<Field extends string> = Readonly<Record<Field, string>>;

export interface Dissection<Field extends string> {
  readonly frames: readonly Frame<Field>[];
  /** What was said in each TCP connection, decrypted, in the order of their starts. */
  readonly conversations: readonly string[];
}

/** Has tshark read a record of TLS on `port` with the help of a key log. */
export async function dissect<Field extends string>(
  record: Uint8Array,
  port: number,
  keyLog: readonly string[],
  connections: number,
  fields: readonly Field[],
): Promise<Dissection<Field>> {
  const folder = await mkdtemp(join(tmpdir(), "wanttls-"));
  try {
    await writeFile(join(folder, "record.pcapng"), record);
    await writeFile(join(folder, "keys.log"), keyLog.map((line) => `${line}\n`).join(""));
    const input = ["-r", join(folder, "record.pcapng"), "-o", `tls.keylog_file:${join(folder, "keys.log")}`];
    const follow = Array.from({ length: connections }, (_, index) => ["-z", `follow,tls,ascii,${index}`]).flat();
    // The datagram that marks the end of the record is random, and may look like a broken packet of some protocol.
    const decode = ["-n", "-d", `tcp.port==${port},tls`, "-Y", "tcp"];
    const format = ["-T", "fields", "-E", "separator=;", ...fields.flatMap((field) => ["-e", field])];
    const limits = { timeout: PATIENCE, maxBuffer: 1 << 26 };
    const { stdout } = await promisify(execFile)("tshark", [...input, ...decode, ...format, ...follow], limits);
    return read(stdout, fields);
  } finally {
    await rm(folder, { recursive: true });
  }
}

function read<Field extends string>(output: string, fields: readonly Field[]): Dissection<Field> {
  const [table = "", ...followed] = output.split(/^=+\nFollow: tls,ascii\nFilter: tcp.stream eq /m);
  const frames = table
    .trimEnd()
    .split("\n")
    .map((line) => {
      const values = line.split(";");
      return Object.fromEntries(fields.map((field, index) => [field, values[index] ?? ""])) as Frame<Field>;
    });
  const conversations: string[] = [];
  for (const text of followed) conversations[Number.parseInt(text)] = text;
  return { frames, conversations };
}
