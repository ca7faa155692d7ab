// Who takes part in `make bench-rivals`, beside wanttls and node:tls.
import type { ClientContender } from "../sockets/contender.ts";
import { contenders } from "../sockets/here.ts";
import { epoxy } from "./epoxy.ts";
import { forge } from "./forge.ts";
import { lemon } from "./lemon.ts";
import { reclaim } from "./reclaim.ts";
import type { Rival } from "./rival.ts";
import { subtls } from "./subtls.ts";

export const rivals: readonly Rival[] = [epoxy, lemon, subtls, reclaim, forge];

/** The first one is what the others are compared with. */
export const everybody: readonly ClientContender[] = [...contenders, ...rivals];
