// Owns fetching what Node has built in and few programs need, or not at once. To `import` such a module makes Node run all its getters, for
// names that nobody asked for: those of node:fs and node:util load streams and more, which is a good part of a start.

export function nodeFs(): typeof import("node:fs") {
  return process.getBuiltinModule("node:fs");
}

export function nodeUtil(): typeof import("node:util") {
  return process.getBuiltinModule("node:util");
}

/** Who brings trusted certificates along has no use for Node's own TLS. */
export function nodeTls(): typeof import("node:tls") {
  return process.getBuiltinModule("node:tls");
}
