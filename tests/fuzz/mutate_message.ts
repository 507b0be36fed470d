/**
 * Damages a message: first as a tree of values, then as text.
 *
 * @module
 */
import type { Dice } from "../simulator/dice.ts";
import { type Members, type Node, Raw, writeNode } from "./drafts.ts";
import { hostileMethod, hostileName, hostileNode } from "./hostile_nodes.ts";

interface Place {
  readonly node: Node;
  readonly set: (node: Node) => void;
  /** Of a member of an object. */
  readonly parent?: Members;
  readonly name?: string;
}

/** A damaged copy of a message; `other` is one whose parts may be put into it. */
export function mutateMessage(dice: Dice, message: Node, other: Node): Node {
  const root = { node: copy(message) };
  const place = somePlace(dice, root);
  switch (dice.below(12)) {
    case 0:
    case 1:
    case 2:
      place.set(hostileNode(dice));
      break;
    case 3:
      if (place.parent !== undefined) delete place.parent[place.name!];
      break;
    case 4:
      rename(place, hostileName(dice));
      break;
    case 5:
      if (isMembers(place.node)) place.node[hostileName(dice)] = hostileNode(dice);
      else place.set([place.node]);
      break;
    case 6:
      repeatMember(dice, place);
      break;
    case 7:
      place.set(somePlace(dice, { node: copy(other) }).node);
      break;
    case 8:
      swap(place, somePlace(dice, root));
      break;
    case 9:
      place.set(dice.chance(0.5) ? { value: place.node } : [place.node, copy(place.node)]);
      break;
    case 10:
      if (isMembers(root.node)) root.node.method = hostileMethod(dice);
      break;
    default:
      mutateEnvelope(dice, root);
  }
  return root.node;
}

/** A damaged text. */
export function mutateText(dice: Dice, text: string): string {
  const at = dice.below(text.length + 1);
  const length = dice.between(1, 20);
  switch (dice.below(10)) {
    case 0:
      return text.slice(0, at);
    case 1:
      return text.slice(0, at) + String.fromCharCode(dice.below(128)) + text.slice(at + 1);
    case 2:
      return text.slice(0, at) + text.slice(at + length);
    case 3:
      return text.slice(0, at) + text.slice(at, at + length) + text.slice(at);
    case 4:
      return `\ufeff${text}`;
    case 5:
      return text + dice.pick([" ", "\n", "x", "}", "\u0000", text]);
    case 6:
      return dice.pick([" ", "\t\r\n"]).repeat(dice.pick([1, 1000, 60_000])) + text;
    case 7:
      return dice.chance(0.5) ? `[${text}]` : `[${text},${text}]`;
    case 8:
      return text.replace(/[a-z]/g, (char) => dice.chance(0.1) ? escaped(char) : char);
    default:
      return dice.pick(["", " ", "null", '""', "[]", "{}", "{", "\u0000", '{"jsonrpc":"2.0"}']);
  }
}

function mutateEnvelope(dice: Dice, root: { node: Node }): void {
  if (!isMembers(root.node)) return;
  const message = root.node;
  switch (dice.below(5)) {
    case 0:
      message.id = hostileNode(dice);
      break;
    case 1:
      delete message.id;
      break;
    case 2:
      message.jsonrpc = dice.pick<Node>(["1.0", "2", 2, null, "2.0 "]);
      break;
    case 3:
      message[dice.pick(["result", "error"])] = hostileNode(dice);
      break;
    default:
      message.params = hostileNode(dice);
  }
}

function somePlace(dice: Dice, root: { node: Node }): Place {
  const places: Place[] = [{ node: root.node, set: (node) => void (root.node = node) }];
  collect(root.node, places);
  return dice.pick(places);
}

function collect(node: Node, places: Place[]): void {
  if (Array.isArray(node)) {
    node.slice(0, 20).forEach((child, i) => {
      places.push({ node: child, set: (value) => void (node[i] = value) });
      collect(child, places);
    });
  } else if (isMembers(node)) {
    for (const [name, child] of Object.entries(node)) {
      places.push({ node: child, set: (value) => define(node, name, value), parent: node, name });
      collect(child, places);
    }
  }
}

function rename({ node, parent, name }: Place, to: string): void {
  if (parent === undefined) return;
  delete parent[name!];
  define(parent, to, node);
}

/** The same name twice: readers differ on which counts. */
function repeatMember(dice: Dice, { node, set }: Place): void {
  if (!isMembers(node)) return;
  const names = Object.keys(node);
  if (names.length === 0) return;
  const member = `${JSON.stringify(dice.pick(names))}:${writeNode(hostileNode(dice))}`;
  const text = writeNode(node);
  set(new Raw(dice.chance(0.5) ? `${text.slice(0, -1)},${member}}` : `{${member},${text.slice(1)}`));
}

function swap(one: Place, two: Place): void {
  const [first, second] = [copy(one.node), copy(two.node)];
  one.set(second);
  two.set(first);
}

/** `__proto__` becomes a member like any other. */
function define(object: Members, name: string, value: Node): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}

function copy(node: Node): Node {
  if (node instanceof Raw) return node;
  if (Array.isArray(node)) return node.map(copy);
  if (!isMembers(node)) return node;
  const members: Members = {};
  for (const [name, value] of Object.entries(node)) define(members, name, copy(value));
  return members;
}

function isMembers(node: Node): node is Members {
  return typeof node === "object" && node !== null && !Array.isArray(node) && !(node instanceof Raw);
}

function escaped(char: string): string {
  return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
