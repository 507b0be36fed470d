import { assertEquals, assertThrows } from "@std/assert";
import { isUri } from "../../src/protocol/uri.ts";
import { parseUriTemplate } from "../../src/server/uri_template.ts";
import { verifies } from "../support/requirements.ts";

function read(template: string, uri: string): Record<string, string> | undefined {
  return parseUriTemplate(template).match(uri);
}

Deno.test("a {name} is a segment or a part of one, decoded", () => {
  assertEquals(read("t://a/{id}/data", "t://a/7/data"), { id: "7" });
  assertEquals(read("t://a/{id}/data", "t://a/caf%C3%A9%20%2f1/data"), { id: "café /1" });
  assertEquals(read("t://{schema}.{table}", "t://main.users.old"), { schema: "main", table: "users.old" });
  assertEquals(read("t://a/{id}.txt", "t://a/b.txt.txt"), { id: "b.txt" });
  for (
    const uri of [
      "t://a//data",
      "t://a/7/8/data",
      "t://a/7",
      "t://a/7/data/",
      "T://a/7/data",
      "t://a/7?x/data",
    ]
  ) {
    assertEquals(read("t://a/{id}/data", uri), undefined, uri);
  }
});

Deno.test("a {+name} takes what the others leave", () => {
  assertEquals(read("f:///{+path}", "f:///a/b?c"), { path: "a/b?c" });
  assertEquals(read("f:///{+dir}/{name}.txt", "f:///a/b/c.txt"), { dir: "a/b", name: "c" });
  assertEquals(read("f:///{kind}/{+path}/{rev}", "f:///x/a/b/9"), { kind: "x", path: "a/b", rev: "9" });
  assertEquals(read("f:///{kind}/{+path}/{rev}", "f:///x/9"), undefined);
  assertEquals(read("f:///{+path}", "f:///"), undefined);
});

verifies(["T26-254", "T25-223"], "no value climbs: dot segments and control characters match nothing", () => {
  const climbing = [
    "../etc/passwd",
    "a/../../b",
    "a/..",
    "..",
    "./a",
    "%2e%2e/etc",
    ".%2E/etc",
    "..%2Fetc",
    "a%2f..%2f..",
    "..%5C..%5Cwindows",
    "a\\..\\b",
    "a%00.txt",
    "a%0Ab",
  ];
  for (const path of climbing) {
    assertEquals(read("file:///srv/{+path}", `file:///srv/${path}`), undefined, path);
    assertEquals(read("file:///srv/{path}", `file:///srv/${path}`), undefined, path);
  }
  assertEquals(read("file:///srv/{+path}", "file:///srv/..a/b../.../%252e%252e"), {
    path: "..a/b../.../%2e%2e",
  });
});

verifies(["T26-254"], "broken percent-encoding names no resource", () => {
  for (const part of ["%", "%2", "%zz", "%ff", "%c0%ae%c0%ae", "%ed%a0%80", "a%E2%82"]) {
    assertEquals(read("t://{+x}", `t://${part}`), undefined, part);
  }
});

Deno.test("a variable may be called like a property of every object", () => {
  const values = read("t://{__proto__}/{constructor}", "t://a/b")!;
  assertEquals(Object.entries(values), [["__proto__", "a"], ["constructor", "b"]]);
});

Deno.test("a hostile URI is read in one pass", () => {
  const { match } = parseUriTemplate("t://{a}-{b}-{c}-{d}-{+e}-{f}-{g}/end");
  const uri = `t://${"-".repeat(8000)}/en`;
  assertEquals(match(uri), undefined);
  assertEquals(match(`${uri}d/`), undefined);
});

Deno.test("a template that cannot be read backwards is refused", () => {
  const faults: Record<string, string> = {
    "t://{a": "only {name} and {+name}",
    "t://a}": "only {name} and {+name}",
    "t://{?q}": "only {name} and {+name}",
    "t://{a*}": "only {name} and {+name}",
    "t://{a,b}": "only {name} and {+name}",
    "t://{}": "only {name} and {+name}",
    "t://{a}/{a}": "a name is used twice",
    "t://{a}{b}": "two expressions stand side by side",
    "t://{+a}/{+b}": "only one {+name}",
    "{+uri}": "not an absolute URI",
    "/a/{b}": "not an absolute URI",
    "t://a b/{c}": "not an absolute URI",
  };
  for (const [template, reason] of Object.entries(faults)) {
    assertThrows(() => parseUriTemplate(template), TypeError, reason, template);
  }
});

verifies(["T25-222", "T26-254"], "a URI is one by RFC 3986", () => {
  for (const uri of ["a:b", "file:///x", "test+x.y-1://h:1/p?q#f", "urn:isbn:1", "t://[::1]/%20"]) {
    assertEquals(isUri(uri), true, uri);
  }
  for (
    const uri of [
      "",
      "a",
      "a:",
      "1a:b",
      "/x",
      "t://a b",
      "t://é",
      "t://%2",
      "t://a\n",
      "t://<x>",
      't://"',
      "t://a\\b",
    ]
  ) {
    assertEquals(isUri(uri), false, uri);
  }
});
