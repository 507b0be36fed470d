import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { anyText } from "./arbitrary.ts";
import { expandUri, faultOfUri } from "../../src/workflow/resource_uri.ts";

Deno.test("expandUri() percent-encodes every value", () => {
  const cases: [string, string | number | boolean, string][] = [
    ["docs://a/{v}", "x", "docs://a/x"],
    ["docs://a/{v}", "a b/ü?#&=%", "docs://a/a%20b%2F%C3%BC%3F%23%26%3D%25"],
    ["docs://a/{v}.md", "..x", "docs://a/..x.md"],
    ["docs://a/{v}", 7, "docs://a/7"],
    ["docs://a/{v}", true, "docs://a/true"],
    ["docs://a/{v}/../b", "x", "docs://a/x/../b"],
    ["docs://{v}/{v}", "x", "docs://x/x"],
  ];
  for (const [template, v, uri] of cases) {
    assertEquals(expandUri(template, { v }), { ok: true, uri }, template);
  }
  assertEquals(expandUri("docs://{v}", { v: { a: ["/"] } }), {
    ok: true,
    uri: "docs://%7B%22a%22%3A%5B%22%2F%22%5D%7D",
  });
  assertEquals(expandUri("docs://{a}/{b}", { a: "{b}", b: "{a}" }), {
    ok: true,
    uri: "docs://%7Bb%7D/%7Ba%7D",
  });
});

Deno.test("expandUri() refuses what would climb out of a directory, or is nothing", () => {
  const climbing = 'a value leads out of its directory with "." or ".."';
  const unfit = 'the value of "v" has characters that no URI can hold';
  const cases: [string, string, string][] = [
    ["docs://a/{v}", "..", climbing],
    ["docs://a/{v}", ".", climbing],
    ["docs://a/{v}", "../secret", climbing],
    ["docs://a/{v}", "x/../../y", climbing],
    ["docs://a/{v}", "..\\secret", climbing],
    ["docs://a/{v}?x=1", "..", climbing],
    ["docs://a/{v}#x", "..", climbing],
    ["docs://a/.{v}", ".", climbing],
    ["docs://a/{v}{v}", ".", climbing],
    ["docs://a/{v}/../b", "..", climbing],
    ["docs://a/{v}", "", 'the value of "v" is empty'],
    ["docs://a/{v}", "a\nb", unfit],
    ["docs://a/{v}", "\u0000", unfit],
    ["docs://a/{v}", "\ud800", unfit],
    ["docs://a/{w}", "x", '"w" has no value'],
    ["docs://a/{toString}", "x", '"toString" has no value'],
    ["docs://a/{v}", "x".repeat(9000), "it is over 8192 characters"],
  ];
  for (const [template, v, message] of cases) {
    assertEquals(expandUri(template, { v }), { ok: false, message }, `${template} ${v.slice(0, 20)}`);
  }
});

Deno.test("expandUri() changes nothing of the URI but the one segment, whatever the value", () => {
  fc.assert(fc.property(anyText(50), (v) => {
    const expanded = expandUri("docs://host/before/{v}/after?q=1#f", { v });
    if (!expanded.ok) return;
    const url = new URL(expanded.uri);
    assertEquals([url.host, url.search, url.hash], ["host", "?q=1", "#f"]);
    const segments = url.pathname.split("/");
    assertEquals([segments.length, segments[1], segments[3]], [4, "before", "after"]);
    assertEquals(decodeURIComponent(segments[2]!), v);
  }));
});

Deno.test("faultOfUri() takes absolute URIs with or without placeholders", () => {
  for (const uri of ["docs://a", "docs://{x}/y", "mailto:a@b", "file:///{x}.md"]) {
    assertEquals(faultOfUri(uri), undefined);
  }
  for (
    const uri of [
      "",
      "docs",
      "{x}://a",
      "docs:",
      "docs://a b",
      "docs://{a b}",
      "docs://{{x}}",
      "/a:b",
      "docs://{+x}",
    ]
  ) {
    assert(faultOfUri(uri) !== undefined, uri);
  }
});
