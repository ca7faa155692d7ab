// Owns which versions of the rivals take part: those that package.json names, exactly.
import { readFileSync } from "node:fs";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
}

/** "lemon-tls 0.7.0, subtls 0.5.0" */
export function rivalVersions(): string {
  const manifest = JSON.parse(readFileSync(new URL("package.json", import.meta.url), "utf8")) as Manifest;
  return Object.entries(manifest.dependencies)
    .map((one) => one.join(" "))
    .join(", ");
}
