// Mail with STARTTLS over loopback by npm's smtp-server and nodemailer, run by the pinned Node whatever runtime the tests are on.
// `server` says when it is ready and what mail it gets; `client` sends one mail to a port. Knows nothing of wanttls.
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import process from "node:process";
import type { SecureVersion } from "node:tls";
import { text } from "node:stream/consumers";
import { createTransport } from "nodemailer";
import { SMTPServer } from "smtp-server";

const [role, version = "", certPath = "", keyPath = "", caPath = "", port = ""] = process.argv.slice(2);
const files = { cert: readFileSync(certPath), key: readFileSync(keyPath), ca: readFileSync(caPath) };
const only = { minVersion: version as SecureVersion, maxVersion: version as SecureVersion };

if (role === "server") serve();
else await send();

function serve(): void {
  const server = new SMTPServer({
    ...{ ...files, ...only, authOptional: true, requestCert: true, rejectUnauthorized: true },
    async onData(stream, session, callback) {
      const mail = await text(stream);
      console.log(`${session.secure ? "secured" : "plain"} mail of ${mail.length} bytes`);
      callback();
    },
  });
  server.on("error", (error) => console.log(error.message));
  server.listen(0, "127.0.0.1", () => {
    console.log(JSON.stringify({ ready: (server.server.address() as AddressInfo).port }));
  });
}

async function send(): Promise<void> {
  const transport = createTransport({
    ...{ host: "127.0.0.1", port: Number(port), requireTLS: true },
    tls: { ...files, ...only, servername: "localhost" },
  });
  await transport.sendMail({ from: "a@example.org", to: "b@example.org", subject: "hello", text: "over STARTTLS" });
  transport.close();
}
