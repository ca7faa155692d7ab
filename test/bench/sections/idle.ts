// What an idle connection costs in memory, from fresh processes that have one side only.
import { fresh } from "../fresh.ts";
import { alone, type Section } from "../section.ts";
import { contenders } from "../sockets/here.ts";

/** For a list of contenders that idle-process.ts knows. */
export function idleSection(
  name: string,
  all: readonly { readonly name: string }[],
  roles: readonly ("client" | "server")[],
): Section {
  return {
    name,
    title: "Memory of an idle connection",
    note: "Less is better. What one more connection costs: growth of the resident memory of a process that has so many open connections over loopback when as many more are opened, after the garbage collection, divided by their number. What a process pays once, for its code and a heap that has warmed up, is not in it. The server, or the client, is another process; it opens connections eight at a time, where it is the client. TLS 1.3, P-256.",
    async *run({ connections }) {
      for (const role of roles) {
        for (const { name: by } of all) {
          const measured = (): Promise<number> => fresh("idle-process.ts", role, by, String(connections));
          yield* alone(
            { section: name, what: `${role}, ${connections} more connections`, measure: "KiB each", by },
            measured,
          );
        }
      }
    },
  };
}

export const idle = idleSection("idle", contenders, ["client", "server"]);
