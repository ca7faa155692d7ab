// Owns the smallest web server that is of use: GET and HEAD of the files below one folder, one request per connection
// (RFC 9112). What lies outside the folder, also behind a symbolic link, does not exist here.
import { open, realpath, stat } from "node:fs/promises";
import { extname, join, sep } from "node:path";
import { select, type SSLSocket, SSLTimeoutError } from "../index.ts";

/** Answers one request on `socket` with a file below `folder`. */
export async function serveFile(socket: SSLSocket, folder: string, timeoutMs: number): Promise<void> {
  const head = await receiveHead(socket, performance.now() + timeoutMs);
  if (head === null) return;
  const [method = "", target = "", protocol = ""] = head.split(/\r?\n/, 1)[0]!.split(" ");
  if (!/^HTTP\/1\.[01]$/.test(protocol)) return refuse(socket, 400);
  if (method !== "GET" && method !== "HEAD") return refuse(socket, 405, "Allow: GET, HEAD\r\n");
  const path = await find(folder, target);
  if (path === null) return refuse(socket, 404, "", method);
  await sendFile(socket, path, method);
}

const LARGEST_HEAD = 16 * 1024;
const CHUNK = 64 * 1024;

const reasons: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  404: "Not Found",
  405: "Method Not Allowed",
};

const types: Readonly<Record<string, string>> = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".md": "text/markdown; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
};

/** The text up to the empty line, which is all that matters of a request without a body; null when there is none. */
async function receiveHead(socket: SSLSocket, end: number): Promise<string | null> {
  const received = new Uint8Array(LARGEST_HEAD);
  for (let length = 0; length < LARGEST_HEAD;) {
    const result = socket.tryRecv(received.subarray(length));
    if (result.kind === "eof") return null;
    if (result.kind === "ok") {
      length += result.n;
      const text = new TextDecoder("latin1").decode(received.subarray(0, length));
      if (/\r?\n\r?\n/.test(text)) return text; // terminals send bare line feeds, which section 2.2 allows for
      continue;
    }
    const left = end - performance.now();
    if (left <= 0) throw new SSLTimeoutError("Cannot serve: the client did not finish its request in time");
    await (result.want === "write" ? select([], [socket], [], left) : select([socket], [], [], left));
  }
  return "";
}

/** The real path of the file that a request target names, null when it is none below the folder. */
async function find(folder: string, target: string): Promise<string | null> {
  try {
    const root = await realpath(folder);
    const wanted = decodeURIComponent(new URL(target, "http://localhost").pathname);
    if (wanted.includes("\0")) return null;
    const found = await realpath(join(root, wanted));
    const path = (await stat(found)).isDirectory() ? await realpath(join(found, "index.html")) : found;
    if (!path.startsWith(root.endsWith(sep) ? root : root + sep)) return null;
    return (await stat(path)).isFile() ? path : null;
  } catch {
    return null;
  }
}

async function sendFile(socket: SSLSocket, path: string, method: string): Promise<void> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    await sendHead(socket, 200, size, types[extname(path)] ?? "application/octet-stream");
    const chunk = new Uint8Array(CHUNK);
    for (let left = method === "HEAD" ? 0 : size; left > 0;) {
      const { bytesRead } = await file.read(chunk, 0, Math.min(left, CHUNK));
      if (bytesRead === 0) throw new Error(`Cannot serve ${path}: it became shorter meanwhile`);
      await socket.sendAll(chunk.subarray(0, bytesRead));
      left -= bytesRead;
    }
  } finally {
    await file.close();
  }
}

async function refuse(socket: SSLSocket, status: number, fields: string = "", method: string = "GET"): Promise<void> {
  const body = new TextEncoder().encode(`${status} ${reasons[status]}\n`);
  await sendHead(socket, status, body.length, types[".txt"]!, fields);
  if (method !== "HEAD") await socket.sendAll(body);
}

async function sendHead(
  socket: SSLSocket,
  status: number,
  size: number,
  type: string,
  fields: string = "",
): Promise<void> {
  const head = `HTTP/1.1 ${status} ${reasons[status]}\r\nContent-Length: ${size}\r\nContent-Type: ${type}\r\n${fields}`;
  await socket.sendAll(new TextEncoder().encode(`${head}Connection: close\r\n\r\n`));
}
