// A thread of its own: starts with the compiled module that it is given, or with the embedded one for null, and answers which
// version of TLS it then spoke with itself.
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import * as library from "../../ts/index.ts";
import { talk } from "./talk.ts";

const wasm = workerData as WebAssembly.Module | null;
if (wasm !== null) await library.init({ wasm });
const port = parentPort as MessagePort;
port.postMessage(talk(library));
