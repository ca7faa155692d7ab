// MQTT: the broker Mosquitto with the npm client `mqtt` over a connection of ours, and Mosquitto's own clients with a server of
// ours that terminates TLS in front of the broker.
import { type EventEmitter, once } from "node:events";
import mqtt from "mqtt";
import { afterAll, beforeAll, expect } from "vitest";
import { SSLAlertError, SSLCertVerificationError } from "../../ts/index.ts";
import { toDuplex } from "../../ts/node/duplex.ts";
import { type CertName, certPath, certs } from "../support/certs.ts";
import { identityOf, versions } from "../support/conversation.ts";
import { Peer } from "../support/peers.ts";
import { interop, type Row, versionOf } from "./matrix.ts";
import { clientOf, connectTo, forward, refused, serverOf, serveWith } from "./ours.ts";
import { Folder, startOn } from "./programs.ts";

const program = { program: "Mosquitto", version: versionOf("mosquitto_pub", ["--version"]) };
const folder = new Folder();
let broker: Peer;
let [good = 0, unknown = 0, plain = 0]: number[] = [];

beforeAll(async () => {
  const { program: started, ports } = await startOn(3, ([first = 0, second = 0, third = 0]) => {
    const config = `user root\nper_listener_settings true\n${secured(first, "localhost")}${secured(second, "unknownCa")}
listener ${third} 127.0.0.1\nallow_anonymous true\n`;
    return new Peer("mosquitto", ["-c", folder.file("mosquitto.conf", config)]);
  });
  broker = started;
  [good = 0, unknown = 0, plain = 0] = ports;
});

afterAll(async () => {
  await broker.stop();
  folder[Symbol.dispose]();
});

for (const tls of versions) {
  const server: Row = { ...program, role: "server", tls };
  const client: Row = { ...program, role: "client", tls };

  interop(server, "delivers what the npm client mqtt publishes over our connection", async () => {
    const connection = await connectTo(good, clientOf(tls, { identities: [identityOf("client")] }));
    const talking = new mqtt.MqttClient(() => toDuplex(connection), { reconnectPeriod: 0 });
    await once(talking as unknown as EventEmitter, "connect");
    await talking.subscribeAsync(`news/${tls}`);
    const delivered = once(talking as unknown as EventEmitter, "message") as Promise<[string, Buffer]>;
    await talking.publishAsync(`news/${tls}`, "x".repeat(100_000), { qos: 1 });
    const [topic, message] = await delivered;
    expect([topic, message.length]).toEqual([`news/${tls}`, 100_000]);
    await talking.endAsync();
    await connection.close();
  });

  interop(server, "hears nothing from a client that does not trust it", async () => {
    await expect(connectTo(unknown, clientOf(tls))).rejects.toThrow(SSLCertVerificationError);
  });

  interop(server, "refuses a client with an unknown certificate, and one without any", async () => {
    for (const identities of [[identityOf("clientUnknown")], []]) {
      await expect(refused(good, clientOf(tls, { identities }))).rejects.toThrow(SSLAlertError);
    }
  });

  interop(client, "publishes and is delivered to through our server", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveWith(context, (connection) => forward(connection, plain));
    await using publisher = commandLine("pub", ours.port, "client", ["-t", tls, "-r", "-m", "good news"]);
    expect(await publisher.exited).toBe(0);
    await using subscriber = commandLine("sub", ours.port, "client", ["-t", tls, "-C", "1"]);
    expect(await subscriber.exited).toBe(0);
    expect(subscriber.stdout).toBe("good news\n");
    expect([await ours.next(), await ours.next()]).toEqual(["wanttls test client", "wanttls test client"]);
  });

  interop(client, "refuses our unknown certificate", async () => {
    await using ours = await serveWith(serverOf(tls, {}, "unknownCa"), (connection) => forward(connection, plain));
    await using publisher = commandLine("pub", ours.port, "client", ["-t", tls, "-m", "never sent"]);
    expect(await publisher.exited).not.toBe(0);
    expect(await ours.next()).toBeInstanceOf(SSLAlertError);
  });

  interop(client, "is refused with an unknown certificate", async () => {
    const context = serverOf(tls, { ca: certs.root.cert, verifyMode: "required" });
    await using ours = await serveWith(context, (connection) => forward(connection, plain));
    await using publisher = commandLine("pub", ours.port, "clientUnknown", ["-t", tls, "-m", "never sent"]);
    expect(await publisher.exited).not.toBe(0);
    expect(await ours.next()).toBeInstanceOf(SSLCertVerificationError);
  });
}

function secured(port: number, identity: CertName): string {
  return `listener ${port} 127.0.0.1
certfile ${certPath(identity, "chain")}\nkeyfile ${certPath(identity, "key")}\ncafile ${certPath("root", "cert")}
require_certificate true\nallow_anonymous true\n`;
}

function commandLine(kind: "pub" | "sub", port: number, identity: CertName, words: readonly string[]): Peer {
  return new Peer(`mosquitto_${kind}`, [
    ...["-h", "localhost", "-p", String(port), "--cafile", certPath("root", "cert")],
    ...["--cert", certPath(identity, "chain"), "--key", certPath(identity, "key"), ...words],
  ]);
}
