// Runs the examples of docs/http.md: the clients against the server, and against Node's own.
import http, { type Server } from "node:http";
import http2 from "node:http2";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { WebSocketServer, type WebSocket } from "ws";
import { SSLCertVerificationError, SSLContext, type TLSListener } from "../../ts/index.ts";
import { toDuplex, type TLSDuplex } from "../../ts/node/duplex.ts";
import { certPath, certs } from "../support/certs.ts";
import { identityOf } from "../support/conversation.ts";
import { Peer } from "../support/peers.ts";
import { thisRuntime } from "../support/this-runtime.ts";
import { documentAt } from "./snippets.ts";

const { snippet } = documentAt("docs/http.md");

interface Request {
  poster(context: SSLContext): { post: (url: string, body: string) => Promise<string>; close: () => void };
}
interface Fetch {
  textOf(url: string, context: SSLContext): Promise<string>;
}
interface OpenWebSocket {
  openWebSocket(url: string, context: SSLContext): WebSocket;
}
interface Serve {
  serveHttps(server: Server, listener: TLSListener): Promise<void>;
}

const identities = [identityOf("localhost")];
const serving = SSLContext.server({ identities, ca: certs.root.cert, verifyMode: "optional" });
const trusting = SSLContext.client({ ca: certs.root.cert, identities: [identityOf("client")] });
const doubting = SSLContext.client({ ca: certs.unknownRoot.cert });
afterAll(() => [serving, trusting, doubting].forEach((context) => context.dispose()));

/** Answers with what was asked, by whom, and the body; echoes messages of WebSockets. */
const server = http.createServer((request, response) => {
  const { tls, encrypted, remoteAddress } = request.socket as unknown as TLSDuplex;
  const who = tls.info.peerCertificate?.subject.flat().find(([name]) => name === "commonName")?.[1];
  response.write(`${request.method} ${request.url} ${who ?? "nobody"} ${String(encrypted)} ${remoteAddress} `);
  request.pipe(response);
});
new WebSocketServer({ server }).on("connection", (socket) => {
  socket.on("message", (message: Buffer) => socket.send(`echo of ${message.toString()}`));
});

let listener: TLSListener;
let served: Promise<void>;
let origin = "";

beforeAll(async () => {
  const { serveHttps } = await snippet<Serve>("server.ts");
  listener = await (await thisRuntime()).listen({ port: 0, context: serving });
  served = serveHttps(server, listener);
  origin = `localhost:${listener.port}`;
});

afterAll(async () => {
  await listener.close();
  await served;
});

describe("docs/http.md: https.request", () => {
  test("posts over an agent's connections", async () => {
    const { poster } = await snippet<Request>("request.ts");
    const { post, close } = poster(trusting);
    for (const body of ["one", "two", "x".repeat(100_000)]) {
      expect(await post(`https://${origin}/news`, body)).toBe(`POST /news wanttls test client true 127.0.0.1 ${body}`);
    }
    close();
  });

  test("sends nothing to a server that is not trusted", async () => {
    const { poster } = await snippet<Request>("request.ts");
    await expect(poster(doubting).post(`https://${origin}/`, "secret")).rejects.toThrow(SSLCertVerificationError);
  });
});

describe("docs/http.md: fetch with undici", () => {
  test("speaks HTTP/1.1", async () => {
    const { textOf } = await snippet<Fetch>("fetch.ts");
    const text = await textOf(`https://${origin}/page`, trusting);
    expect(text).toBe("GET /page wanttls test client true 127.0.0.1 ");
  });

  test("speaks HTTP/2 when both contexts have it", async () => {
    const { textOf } = await snippet<Fetch>("fetch.ts");
    using both = SSLContext.client({ ca: certs.root.cert, alpn: ["h2", "http/1.1"] });
    using h2 = SSLContext.server({ identities, alpn: ["h2"] });
    const answering = http2.createServer((request, response) => response.end(`HTTP/${request.httpVersion}`));
    await using listening = await (await thisRuntime()).listen({ port: 0, context: h2 });
    const taken = listening.accept().then((tls) => answering.emit("connection", toDuplex(tls!)));
    expect(await textOf(`https://localhost:${listening.port}/`, both)).toBe("HTTP/2.0");
    await taken;
  });

  test("gives the reason why a server is not trusted as the cause", async () => {
    const { textOf } = await snippet<Fetch>("fetch.ts");
    const refused = textOf(`https://${origin}/`, doubting);
    await expect(refused).rejects.toMatchObject({ cause: expect.any(SSLCertVerificationError) as unknown });
  });
});

describe("docs/http.md: a WebSocket with ws", () => {
  test("has a message echoed", async () => {
    const { openWebSocket } = await snippet<OpenWebSocket>("websocket.ts");
    const socket = openWebSocket(`wss://${origin}/`, trusting);
    await once(socket, "open");
    const answer = once(socket, "message") as Promise<[Buffer]>;
    socket.send("hello");
    expect(String((await answer)[0])).toBe("echo of hello");
    const over = once(socket, "close");
    socket.close();
    await over;
  });

  test("does not open to a server that is not trusted", async () => {
    const { openWebSocket } = await snippet<OpenWebSocket>("websocket.ts");
    const [error] = (await once(openWebSocket(`wss://${origin}/`, doubting), "error")) as [Error];
    expect(error).toBeInstanceOf(SSLCertVerificationError);
  });
});

test("docs/http.md: the server serves a client that verifies it with another library", async () => {
  const page = `https://${origin}/from-curl`;
  await using curl = new Peer("curl", ["--silent", "--show-error", "--cacert", certPath("root", "cert"), page]);
  expect(await curl.exited).toBe(0);
  expect(curl.stdout).toBe("GET /from-curl nobody true 127.0.0.1 ");
});
