// The sections, in the order in which they run and stand on the page.
import type { Section } from "./section.ts";
import { idle } from "./sections/idle.ts";
import { dataInMemory, handshakesInMemory } from "./sections/in-memory.ts";
import { layer } from "./sections/layer.ts";
import { clientHandshakes, serverHandshakes } from "./sections/one-side.ts";
import { primitivesSection } from "./sections/primitives.ts";
import { size } from "./sections/size.ts";
import { startup } from "./sections/startup.ts";
import { transfer } from "./sections/transfer.ts";

export const sections: readonly Section[] = [
  clientHandshakes,
  serverHandshakes,
  handshakesInMemory,
  transfer,
  dataInMemory,
  layer,
  idle,
  startup,
  primitivesSection,
  size,
];
