// The shortest conversation there is, for tests that load the library themselves: nothing here loads it.
type Library = Pick<typeof import("../../ts/index.ts"), "MemoryBIO" | "SSLContext" | "generateSelfSigned">;

/** Lets the library shake hands with itself in memory, and says which version of TLS that was. */
export function talk({ MemoryBIO, SSLContext, generateSelfSigned }: Library): string | null {
  const identity = generateSelfSigned();
  using clients = SSLContext.client({ ca: identity.cert });
  using servers = SSLContext.server({ identities: [identity] });
  const [toServer, toClient] = [new MemoryBIO(), new MemoryBIO()];
  using client = clients.wrapBio(toClient, toServer, { serverHostname: "localhost" });
  using server = servers.wrapBio(toServer, toClient);
  while (![client, server].map((end) => end.tryHandshake().kind).every((kind) => kind === "ok"));
  return client.version();
}
