// Bun's own TLS as the benchmark drives it. It lets nobody choose versions, suites or groups, and a client resumes no session.
import { address, certificatesFor, serverName, type Setup } from "../setup.ts";
import { greeting, Inbox, type Link, type Sides } from "./contender.ts";

interface Dialled {
  readonly inbox: Inbox;
  drained: () => void;
}

export const bunTls: Sides = {
  dialer(setup, resume) {
    if (resume) throw new Error("a client has no way to resume a session");
    return { dial: (port) => dial(setup, port) };
  },
  listen(setup) {
    const { chain, key } = certificatesFor(setup);
    const listener = Bun.listen({
      hostname: address,
      port: 0,
      tls: { cert: chain, key },
      socket: {
        handshake: (socket) => void socket.write(greeting),
        data: () => {},
        error: () => {},
        end: (socket) => void socket.end(),
      },
    });
    return Promise.resolve({ port: listener.port, close: () => listener.stop(true) });
  },
};

async function dial(setup: Setup, port: number): Promise<Link> {
  const state: Dialled = { inbox: new Inbox(), drained: () => {} };
  const { ca } = certificatesFor(setup);
  const socket = await Bun.connect({
    hostname: address,
    port,
    tls: { ca, serverName, rejectUnauthorized: true },
    socket: {
      handshake: (_socket, ok, error) => {
        if (!ok || error !== null) state.inbox.failed(error ?? new Error("the handshake failed"));
      },
      data: (_socket, chunk) => state.inbox.arrived(chunk),
      drain: () => state.drained(),
      error: (_socket, error) => state.inbox.failed(error),
      close: () => state.inbox.failed(new Error("the server has closed")),
    },
  });
  await state.inbox.receive(1);
  return linkOf(socket, state);
}

function linkOf(socket: Bun.Socket, state: Dialled): Link {
  return {
    resumed: null,
    receive: (count, see) => state.inbox.receive(count, see),
    async send(bytes) {
      for (let at = 0; ;) {
        at += Math.max(socket.write(bytes, at), 0);
        if (at >= bytes.length) return;
        await new Promise<void>((resolve) => (state.drained = resolve));
      }
    },
    close: () => void socket.end(),
  };
}
