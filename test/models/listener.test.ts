// A listener and random clients: some behave, some say nothing, something else than TLS, or go away; connections are asked for before and
// after they are there, the context changes, and somebody closes the listener in the middle. Whoever behaves gets in, once.
import fc from "fast-check";
import { afterAll, beforeAll, expect } from "vitest";
import { sharedRealm } from "../../ts/engine/realms.ts";
import { nextTurn } from "../../ts/socket/event-loop.ts";
import { memoryTransportPair } from "../../ts/socket/memory-transport.ts";
import type { NonBlockingTransport } from "../../ts/socket/transport.ts";
import { type Arrivals, listenOver } from "../../ts/stream/listener.ts";
import { SSLContext, SSLError, startTls, type TLSConnection, type TLSListener } from "../../ts/index.ts";
import { certs } from "../support/certs.ts";
import { explore, Tally } from "./effort.ts";

type Step = "good" | "silent" | "garbage" | "gone" | "accept" | "change" | "turn" | "close";

const steps: fc.Arbitrary<Step[]> = fc
  .tuple(
    fc.array(fc.constantFrom<Step>("good", "good", "silent", "garbage", "gone", "accept", "accept", "change", "turn"), {
      minLength: 1,
      maxLength: 20,
    }),
    fc.option(fc.nat(20)),
  )
  .map(([all, close]) => (close === null ? all : all.toSpliced(close, 0, "close")));

const calls = new Tally("steps");
const { chain: cert, key } = certs.localhost;
let client: SSLContext;
let servers: SSLContext[];
beforeAll(() => {
  client = SSLContext.client({ ca: certs.root.cert });
  servers = [1, 2].map(() => SSLContext.server({ identities: [{ cert, key }], numTickets: 0 }));
});
afterAll(() => [client, ...servers].forEach((context) => context.dispose()));

/** Turns of the event loop after which whatever goes on has come to its end. */
const longest = 20_000;

explore(
  "whoever behaves is accepted once, whoever does not is reported once, and nobody is left waiting",
  40,
  fc.asyncProperty(steps, fc.integer({ min: 1, max: 12 }), async (script, most) => {
    const alive = sharedRealm().liveObjects();
    const scene = await Scene.open(most);
    for (const step of script) await scene.perform(step);
    await scene.end();
    expect(sharedRealm().liveObjects(), "objects alive in the wasm memory").toBe(alive);
    calls.add(script.length);
  }),
  calls,
);

class Scene {
  readonly #listener: TLSListener;
  readonly #arrivals: Arrivals;
  readonly #failures: unknown[];
  readonly #accepted: TLSConnection[] = [];
  readonly #clients: TLSConnection[] = [];
  readonly #transports: NonBlockingTransport[] = [];
  /** Of those who do not behave. */
  readonly #strangers: NonBlockingTransport[] = [];
  #asked = 0;
  #answered = 0;
  #good = 0;
  #settled = 0;
  #closed = false;

  private constructor(listener: TLSListener, arrivals: Arrivals, failures: unknown[]) {
    this.#listener = listener;
    this.#arrivals = arrivals;
    this.#failures = failures;
  }

  static async open(most: number): Promise<Scene> {
    const failures: unknown[] = [];
    let arrivals: Arrivals | undefined;
    const listener = await listenOver(
      {
        ...{ port: 0, context: servers[0]!, maxPendingHandshakes: most, handshakeTimeout: 600_000 },
        onHandshakeError: (error) => failures.push(error),
      },
      (_host, _port, given) => {
        arrivals = given;
        return { port: 1, close: () => {} };
      },
    );
    return new Scene(listener, arrivals!, failures);
  }

  async perform(step: Step): Promise<void> {
    if (step === "accept") this.#accept();
    else if (step === "change") this.#listener.setContext(servers[this.#good % 2]!);
    else if (step === "close") this.#close();
    else if (step === "turn") for (let i = 0; i < 10; i++) await nextTurn();
    else this.#arrive(step);
  }

  /** Those who say nothing give up now; then everything has its end, also without an answer to those who ask in vain. */
  async end(): Promise<void> {
    for (const transport of this.#strangers) transport.shutdownWrite();
    await until(() => this.#settled === this.#good && (this.#closed || this.#reported >= this.#strangers.length));
    const cutOff = this.#failures.filter((error) => (error as SSLError).reason === "TOO_MANY_HANDSHAKES").length;
    for (const error of this.#failures) expect(error).toBeInstanceOf(SSLError);
    if (!this.#closed) {
      for (let left = this.#good - this.#asked; left > 0; left--) this.#accept();
      await until(() => this.#accepted.length + cutOff >= this.#clients.length);
      expect(this.#accepted.length, "clients that behaved are in, but for those who were cut off").toBe(
        this.#clients.length,
      );
      expect(this.#failures.length, "each failure is reported once").toBe(
        this.#strangers.length + this.#good - this.#clients.length,
      );
    }
    await this.#listener.close();
    await until(() => this.#answered === this.#asked);
    expect(await this.#listener.accept(), "a listener that is closed").toBe(null);
    for (const connection of [...this.#accepted, ...this.#clients]) connection.abort();
    for (const transport of this.#transports) transport.abort();
    await nextTurn();
  }

  get #reported(): number {
    return this.#failures.length;
  }

  #accept(): void {
    this.#asked++;
    void this.#listener.accept().then((connection) => {
      this.#answered++;
      if (connection !== null) this.#accepted.push(connection);
    });
  }

  #close(): void {
    this.#closed = true;
    void this.#listener.close();
  }

  #arrive(kind: "good" | "silent" | "garbage" | "gone"): void {
    const [own, theirs] = memoryTransportPair();
    this.#transports.push(own);
    if (kind === "gone") own.abort();
    if (kind === "garbage") own.send(new TextEncoder().encode("GET / HTTP/1.1\r\n\r\n"));
    if (kind === "good") this.#greet(own);
    else this.#strangers.push(own);
    this.#arrivals.take(theirs);
  }

  #greet(own: NonBlockingTransport): void {
    this.#good++;
    startTls(own, { context: client, serverHostname: "localhost" }).then(
      (connection) => {
        this.#settled++;
        this.#clients.push(connection);
      },
      (error: unknown) => {
        this.#settled++;
        expect(error).toBeInstanceOf(SSLError);
      },
    );
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; !condition(); turn++) {
    expect(turn, "turns of the event loop until it has come to its end").toBeLessThan(longest);
    await nextTurn();
  }
}
