// `--progress`: its lines on a screen of our own with a clock of our own, and what the command makes of them.
import { describe, expect, it } from "vitest";
import { Progress, type Traffic, withProgress } from "../../ts/cli/progress.ts";
import { certPath } from "../support/certs.ts";
import { Peer } from "../support/peers.ts";
import { commandLine, run, text, wanttlsConnect, wanttlsServe } from "./command.ts";

class Recorder {
  readonly isTerminal: boolean;
  readonly columns: number | undefined;
  readonly written: string[] = [];
  readonly traffic: Traffic = { sent: 0, received: 0 };
  readonly progress: Progress;
  now = 5_000_000;

  constructor(isTerminal: boolean, columns?: number) {
    this.isTerminal = isTerminal;
    this.columns = columns;
    this.progress = new Progress(this.traffic, this, () => this.now);
  }

  write(words: string): void {
    this.written.push(words);
  }

  /** After some milliseconds in which that much went each way. */
  pass(milliseconds: number, sent: number, received: number): void {
    this.now += milliseconds;
    this.traffic.sent += sent;
    this.traffic.received += received;
  }
}

describe("Progress", () => {
  it("tells bytes each way, the rate since the last time, and the time since the beginning", () => {
    const recorder = new Recorder(false);
    recorder.pass(2_000, 1_000_000, 500);
    recorder.progress.show();
    recorder.pass(1_500, 3_000_000, 0);
    recorder.progress.show();
    recorder.pass(60_000, 0, 0);
    recorder.progress.show();
    expect(recorder.written).toEqual([
      "sent 1.0 MB, received 500 B, 500 kB/s, 2 s\n",
      "sent 4.0 MB, received 500 B, 2.0 MB/s, 3 s\n",
      "sent 4.0 MB, received 500 B, 0 B/s, 63 s\n",
    ]);
  });

  it("sums up with every byte and the rate of the whole", () => {
    const recorder = new Recorder(false);
    recorder.pass(2_000, 1_234_567, 1);
    recorder.progress.show();
    recorder.pass(2_000, 0, 0);
    recorder.progress.finish();
    expect(recorder.written.at(-1)).toBe("sent 1234567 bytes, received 1 bytes in 4.0 s, 309 kB/s\n");
  });

  it("redraws its line on a terminal, within its width, and ends it once", () => {
    const recorder = new Recorder(true, 30);
    recorder.progress.show();
    recorder.pass(250, 1, 2);
    recorder.progress.show();
    recorder.progress.finish();
    expect(recorder.written).toEqual([
      "\rsent 0 B, received 0 B, 0 B/s\u001B[K",
      "\rsent 1 B, received 2 B, 12 B/\u001B[K",
      "\rsent 1 bytes, received 2 byte\u001B[K\n",
    ]);
  });

  it("leaves its line whole on a terminal that does not know its width", () => {
    for (const columns of [undefined, 0]) {
      const recorder = new Recorder(true, columns);
      recorder.progress.show();
      expect(recorder.written).toEqual(["\rsent 0 B, received 0 B, 0 B/s, 0 s\u001B[K"]);
    }
  });

  const amounts: readonly (readonly [bytes: number, amount: string])[] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [99_949, "99.9 kB"],
    [99_951, "100 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [12_345_678, "12.3 MB"],
    [5e9, "5.0 GB"],
    [7.25e15, "7250 TB"],
  ];
  for (const [bytes, amount] of amounts) {
    it(`writes ${bytes} bytes as ${amount}`, () => {
      const recorder = new Recorder(false);
      recorder.pass(0, bytes, 0);
      recorder.progress.show();
      expect(recorder.written).toEqual([`sent ${amount}, received 0 B, 0 B/s, 0 s\n`]);
    });
  }
});

describe("withProgress", () => {
  it("only runs the transfer when no progress is wanted", async () => {
    const seen: Traffic[] = [];
    await withProgress(false, async (traffic) => void seen.push(traffic));
    expect(seen).toEqual([{ sent: 0, received: 0 }]);
  });
});

const summary = (sent: number, received: number): RegExp =>
  new RegExp(`^sent ${sent} bytes, received ${received} bytes in \\d+\\.\\d s, \\S+ (B|kB|MB|GB)/s$`);

describe("wanttls --progress", () => {
  it("sums up on stderr on both sides, and leaves stdout alone", async () => {
    await using server = await wanttlsServe("--pipe", "--progress");
    const [there, back] = [text(200_000), text(300_000)];
    const [served, connected] = await Promise.all([
      run(server, back),
      run(wanttlsConnect(server.port, "--progress"), there),
    ]);
    expect([served.status, served.stdout === there]).toEqual([0, true]);
    expect([connected.status, connected.stdout === back]).toEqual([0, true]);
    expect(connected.stderr.trimEnd()).toMatch(summary(200_000, 300_000));
    expect(served.stderr.trimEnd().split("\n").at(-1)).toMatch(summary(300_000, 200_000));
  });

  it("comes behind the one line of --json", async () => {
    await using server = await wanttlsServe("--once");
    const { stderr } = await run(wanttlsConnect(server.port, "--progress", "--json"), "hello");
    const [json, last, ...rest] = stderr.split("\n");
    expect(JSON.parse(json!)).toMatchObject({ serverHostname: "localhost" });
    expect(last).toMatch(summary(5, 5));
    expect(rest).toEqual([""]);
  });

  it("sums up a transfer that fails, before it says why", async () => {
    await using server = await wanttlsServe("--pipe");
    await using client = wanttlsConnect(server.port, "--progress");
    client.write("hello");
    await server.waitFor(/hello/);
    await server.stop();
    expect(await client.exited).toBe(1);
    const [last, sentence] = client.stderr.split("\n");
    expect(last).toMatch(summary(5, 0));
    expect(sentence).toMatch(/^wanttls: Cannot /);
  });

  it("does not fail when nobody reads stderr", async () => {
    await using server = await wanttlsServe("--once");
    const unread =
      "import os, subprocess, sys; reader, writer = os.pipe(); os.close(reader);" +
      "sys.exit(subprocess.run(sys.argv[1:], input=b'hello', stderr=writer).returncode)";
    const { status, stdout } = await run(new Peer("python3", ["-c", unread, ...command(server.port)]));
    expect([status, stdout]).toEqual([0, "hello"]);
  });

  it("redraws one line when stderr is a terminal", async () => {
    await using server = await wanttlsServe("--once");
    // A terminal for stderr alone: what is drawn there comes out of Python's stdout.
    const inTerminal = [
      "import os, subprocess, sys",
      "ours, theirs = os.openpty()",
      "status = subprocess.run(sys.argv[1:], input=b'hello', stdout=subprocess.DEVNULL, stderr=theirs).returncode",
      "drawn = b''",
      "while not drawn.endswith(b'\\n'): drawn += os.read(ours, 65536)",
      "sys.stdout.buffer.write(drawn)",
      "sys.exit(status)",
    ].join("\n");
    const { status, stdout } = await run(new Peer("python3", ["-c", inTerminal, ...command(server.port)]));
    expect(status).toBe(0);
    const drawn = stdout.split("\r").filter((line) => line !== "" && line !== "\n");
    expect(drawn[0]).toBe("sent 0 B, received 0 B, 0 B/s, 0 s\u001B[K");
    expect(drawn.at(-1)!.replace("\u001B[K", "")).toMatch(summary(5, 5));
  });
});

/** The words of a command that connects with its progress shown. */
function command(port: number): string[] {
  return commandLine("connect", `localhost:${port}`, "--ca", certPath("root", "cert"), "--progress");
}
