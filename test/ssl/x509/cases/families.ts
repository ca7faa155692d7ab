// All the tables, by what they are about.
import type { Case } from "./case.ts";
import { constraintCases } from "./constraints.ts";
import { fieldCases } from "./fields.ts";
import { nameCases } from "./names.ts";
import { pathCases } from "./paths.ts";
import { policyCases } from "./policies.ts";
import { revocationCases } from "./revocation.ts";
import { usageCases } from "./usage.ts";

export const families: Readonly<Record<string, readonly Case[]>> = {
  "the fields of a certificate": fieldCases,
  "the names of servers": nameCases,
  "what certificates may be used for": usageCases,
  "name constraints": constraintCases,
  "finding the way": pathCases,
  policies: policyCases,
  revocation: revocationCases,
};
