// The differential test: the same scripts of calls on CPython's ssl and on wanttls must have the same outcomes, except
// where the table in differences.ts says otherwise. Also over the wire, ours to theirs in both roles.
import * as fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Difference } from "./differences.ts";
import type { Conversation } from "./scripts.ts";
import type { BioCallName, Implementation, Observation, Play, Role, Step, Version } from "./oracle.ts";
import { differences, unexpected } from "./differences.ts";
import { describe as told, plainArgument, PythonOracle, World } from "./oracle.ts";
import { bioScripts, conversations } from "./scripts.ts";
import { wanttls } from "./wanttls.ts";

const VERSIONS: readonly Version[] = ["TLSv1.2", "TLSv1.3"];
const PIECES: readonly number[] = [Infinity, 1, 5, 100];
const RUNS = 50;
const seed = Number(process.env["WANTTLS_SEED"] ?? Date.now() % 2 ** 31);

const python = new PythonOracle();
const pythonVersion = await python.version();
const met = new Set<Difference>();
const answers = new Map<string, readonly Observation[]>();

afterAll(() => python.stop());

describe(`wanttls and ${pythonVersion} have the same outcomes`, () => {
  for (const { title, script } of bioScripts) {
    test(`${title} (MemoryBIO)`, async () => {
      const observe = async (implementation: Implementation): Promise<Observation[]> => {
        const bio = await implementation.bio();
        const observations: Observation[] = [];
        for (const [step, [call, ...args]] of script.entries()) {
          const outcome = told(await bio.call(call, args.map(plainArgument)));
          observations.push({ step, side: "client", call: bioCall(call), outcome });
        }
        return observations;
      };
      expect(unexpected(await observe(python), await observe(wanttls), { title, met })).toEqual([]);
    });
  }

  for (const conversation of conversations) {
    for (const version of VERSIONS) {
      test(`${conversation.title} (${version})`, async () => {
        const expected = await pythonAlone(conversation, version);
        for (const chunk of PIECES) {
          const play = played(conversation, version, chunk);
          const ours = await World.play({ client: wanttls, server: wanttls }, play);
          expect(unexpected(expected, ours, { title: conversation.title, met }), `in pieces of ${chunk}`).toEqual([]);
        }
      });
    }
  }
});

describe(`wanttls and ${pythonVersion} over the wire have the outcomes of Python with itself`, () => {
  for (const conversation of conversations) {
    for (const version of VERSIONS) {
      test(`${conversation.title} (${version})`, async () => {
        const expected = await pythonAlone(conversation, version);
        for (const role of ["client", "server"] as const) {
          for (const chunk of [Infinity, 5]) {
            const mixed = await World.play(players(role), played(conversation, version, chunk));
            expect(
              unexpected(expected, mixed, { title: conversation.title, met }),
              `wanttls as ${role}, in pieces of ${chunk}`,
            ).toEqual([]);
          }
        }
      });
    }
  }
});

test("Python's outcomes do not depend on how the wire is cut, so they can be compared with ours in pieces", async () => {
  for (const conversation of conversations) {
    for (const version of VERSIONS) {
      const cut = await World.play({ client: python, server: python }, played(conversation, version, 5));
      expect(cut).toEqual(await pythonAlone(conversation, version));
    }
  }
});

describe(`random scripts, seed ${seed} (WANTTLS_SEED repeats it)`, () => {
  const casts: Record<string, Record<Role, Implementation>> = {
    "wanttls with itself": { client: wanttls, server: wanttls },
    "a wanttls client and a Python server": players("client"),
    "a Python client and a wanttls server": players("server"),
  };
  for (const [cast, both] of Object.entries(casts)) {
    test(`${cast}: random calls have the outcomes of Python with itself`, async () => {
      await fc.assert(
        fc.asyncProperty(randomScript(), fc.constantFrom(...VERSIONS), fc.constantFrom(...PIECES), async (...drawn) => {
          const [script, version, chunk] = drawn;
          const play = played({ title: "random", script }, version, chunk);
          const expected = await World.play({ client: python, server: python }, play);
          expect(unexpected(expected, await World.play(both, play), { title: "random", met })).toEqual([]);
        }),
        { seed, numRuns: RUNS },
      );
    });
  }
});

test("each difference of the table is met by the scripts above", () => {
  const unused = differences.filter((difference) => !met.has(difference)).map(({ title }) => title);
  expect(unused).toEqual([]);
});

/** What Python does with itself when the wire is delivered whole, asked once for each script. */
async function pythonAlone(conversation: Conversation, version: Version): Promise<readonly Observation[]> {
  const key = `${conversation.title} ${version}`;
  const known = answers.get(key);
  if (known !== undefined) return known;
  const answer = await World.play({ client: python, server: python }, played(conversation, version, Infinity));
  answers.set(key, answer);
  return answer;
}

function played(conversation: Conversation, version: Version, chunk: number): Play {
  const versions = { minVersion: version, maxVersion: version };
  return {
    client: { role: "client", ...versions, ca: "root", serverHostname: "localhost", ...conversation.client },
    server: { role: "server", ...versions, cert: "localhost", ...conversation.server },
    script: conversation.script,
    chunk,
  };
}

function players(role: Role): Record<Role, Implementation> {
  return role === "client" ? { client: wanttls, server: python } : { client: python, server: wanttls };
}

/** MemoryBIO calls are compared under names of their own. */
function bioCall(name: BioCallName): Observation["call"] {
  return `bio.${name}`;
}

/** Mostly after a handshake; sizes around those of records, deliveries that cut the last record or a header. */
function randomScript(): fc.Arbitrary<Step[]> {
  const side = fc.constantFrom<Role>("client", "server");
  const count = fc.oneof(fc.constantFrom(0, 1, 5, 1024, 16_384, 20_000), fc.nat(40));
  const size = fc.oneof(fc.constantFrom(0, 1, 16_383), fc.nat(300));
  const step = fc.oneof(
    { weight: 5, arbitrary: fc.tuple(side, fc.constant("read" as const), count) },
    { weight: 1, arbitrary: fc.tuple(side, fc.constant("readInto" as const), fc.nat(60), fc.nat(60)) },
    { weight: 1, arbitrary: fc.tuple(side, fc.constant("readAll" as const)) },
    { weight: 4, arbitrary: fc.tuple(side, fc.constant("write" as const), fc.record({ pattern: size })) },
    { weight: 6, arbitrary: fc.tuple(side, fc.constant("sends" as const)) },
    { weight: 1, arbitrary: fc.tuple(side, fc.constant("sends" as const), fc.constant({ first: 3 })) },
    { weight: 1, arbitrary: fc.tuple(side, fc.constant("sends" as const), fc.constant({ allBut: 1 })) },
    { weight: 2, arbitrary: fc.tuple(side, fc.constantFrom("pending", "version", "doHandshake")) },
    { weight: 1, arbitrary: fc.tuple(side, fc.constantFrom("unwrap", "ends")) },
  ) as fc.Arbitrary<Step>;
  const opened = fc.array(step, { maxLength: 40 }).map((steps): Step[] => [["both", "handshake"], ...steps]);
  // What an EOF within the handshake leaves on the wire differs (B45), so only scripts written by hand have that.
  const unopened = fc.array(step, { maxLength: 40 }).map((steps) => steps.filter(([, what]) => what !== "ends"));
  return fc.oneof({ weight: 2, arbitrary: opened }, { weight: 1, arbitrary: unopened });
}
