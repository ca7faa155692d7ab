// Owns what lets Node's own HTTP clients speak TLS through wanttls. Refuses to know HTTP.
import type https from "node:https";
import net from "node:net";
import type { Duplex } from "node:stream";
import { type SSLContext, startTls } from "../index.ts";
import { tell } from "./callback.ts";
import { toDuplex } from "./duplex.ts";
import { connect } from "./stream.ts";
import { fromNodeSocket } from "./transport.ts";

/**
 * Stands for `https.Agent`, and inherits from it as soon as there is an instance: loading Node's HTTP takes as long as loading all
 * of wanttls, and few need it.
 */
const LateAgent: typeof https.Agent = function (options: https.AgentOptions): https.Agent {
  const { Agent: Real } = process.getBuiltinModule("node:https");
  Object.setPrototypeOf(LateAgent, Real);
  Object.setPrototypeOf(LateAgent.prototype, Real.prototype);
  const made = new.target as unknown as typeof https.Agent; // or what inherits from it
  return Reflect.construct<[https.AgentOptions], https.Agent>(Real, [options], made);
} as unknown as typeof https.Agent;

/** What an `Agent` can be told; the rest is for Node's own. */
export interface AgentOptions extends https.AgentOptions {
  /** How to speak TLS: whom to trust, what to present. */
  readonly context: SSLContext;
}

/**
 * An agent for `https.request` whose connections are wanttls's: errors, trust and sessions are those of its context, and the TLS
 * options of the request are ignored but for `servername`. `socketPath` is heeded: TLS then runs over that local socket.
 *
 * @example
 * https.get("https://example.org/", { agent: new Agent({ context }) }, (response) => response.pipe(process.stdout));
 */
export class Agent extends LateAgent {
  readonly #context: SSLContext;

  constructor({ context, ...options }: AgentOptions) {
    super(options);
    this.#context = context;
  }

  override createConnection(
    options: https.RequestOptions,
    callback: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const hostname = options.host ?? "localhost";
    const { servername } = options;
    const name = servername === undefined || servername === "" ? hostname : servername;
    const { port = 443, socketPath } = options;
    const start = { context: this.#context, serverHostname: name };
    const open = async (): Promise<Duplex> =>
      toDuplex(
        await (socketPath === undefined || socketPath === ""
          ? connect({ hostname, port: Number(port), ...start })
          : startTls(fromNodeSocket(net.connect(socketPath)), start)),
      );
    tell(open(), callback);
    return undefined;
  }
}
