// Owns DER as a tree, to be changed where it means something: elements dropped, doubled, swapped, filled with something else, given
// another tag, nested; the lengths around them stay right, so that the change reaches the code behind the first check. Refuses to
// know what the elements mean.
import fc from "fast-check";
import { DerReader } from "../../ts/ssl/der.ts";
import { concat, element } from "../support/der-writer.ts";

interface Node {
  tag: number;
  /** Of an element that has others in it; null for one that has not. */
  children: Node[] | null;
  content: Uint8Array;
  /** What stands before the first child: the unused bits of a BIT STRING. */
  before: Uint8Array;
}

export interface Change {
  readonly what: "drop" | "double" | "swap" | "fill" | "tag" | "wrap" | "stretch";
  /** Which element, counted from the front and around again. */
  readonly at: number;
  readonly other: number;
  readonly bytes: Uint8Array;
}

export const changes: fc.Arbitrary<Change[]> = fc.array(
  fc.record({
    what: fc.constantFrom("drop", "double", "swap", "fill", "tag", "wrap", "stretch"),
    at: fc.nat(300),
    other: fc.nat(300),
    bytes: fc.uint8Array({ minLength: 0, maxLength: 12 }),
  }),
  { minLength: 1, maxLength: 4 },
);

/** The element after the changes. */
export function changed(der: Uint8Array, list: readonly Change[]): Uint8Array {
  const root = treeOf(der);
  for (const change of list) apply(root, change);
  return encoded(root);
}

function treeOf(der: Uint8Array): Node {
  const { tag, content } = new DerReader(der).next();
  const bits = tag === 3 && content[0] === 0;
  const inner = bits ? content.subarray(1) : content;
  const mayHold = tag >= 32 || tag === 4 || bits;
  const children = mayHold ? childrenOf(inner) : null;
  return { tag, content, children, before: children !== null && bits ? content.subarray(0, 1) : new Uint8Array() };
}

/** The elements in it; null when it is not made of elements. */
function childrenOf(content: Uint8Array): Node[] | null {
  if (content.length === 0) return null;
  const children: Node[] = [];
  const reader = new DerReader(content);
  try {
    while (reader.more) children.push(treeOf(reader.next().whole));
  } catch {
    return null;
  }
  return children;
}

function apply(root: Node, { what, at, other, bytes }: Change): void {
  const all = nodesOf(root);
  const node = all[at % all.length]!;
  const parent = all.find(({ children }) => children?.includes(node) === true);
  const siblings = parent?.children ?? [];
  const place = siblings.indexOf(node); // the root has none, and stays the only one
  if (what === "drop") siblings.splice(place, 1);
  else if (what === "double") siblings.splice(place, 0, node);
  else if (what === "swap") Object.assign(node, structuredClone(all[other % all.length]!));
  else if (what === "tag") node.tag = tags[other % tags.length]!;
  else if (what === "wrap") Object.assign(node, wrapped(node, 1 + (other % 40)));
  else if (what === "stretch") Object.assign(node, leaf(node.tag, new Uint8Array(other * 50).fill(bytes[0] ?? 255)));
  else Object.assign(node, leaf(node.tag, bytes));
}

const tags = [1, 2, 3, 4, 5, 6, 12, 19, 22, 23, 24, 30, 48, 49, 128, 130, 134, 135, 160, 161, 163];

function leaf(tag: number, content: Uint8Array): Node {
  return { tag, content, children: null, before: new Uint8Array() };
}

function wrapped(node: Node, depth: number): Node {
  let inner: Node = { ...node };
  for (let i = 0; i < depth; i++) inner = { ...leaf(48, new Uint8Array()), children: [inner] };
  return inner;
}

function nodesOf(node: Node, found: Node[] = []): Node[] {
  found.push(node);
  for (const child of node.children ?? []) if (!found.includes(child)) nodesOf(child, found);
  return found;
}

function encoded(node: Node): Uint8Array {
  const content = node.children === null ? node.content : concat([node.before, ...node.children.map(encoded)]);
  return element(node.tag, content);
}
