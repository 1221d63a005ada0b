import { expect, test } from "vitest";
import { isolated, requestKind } from "../src/offline/page-requests.ts";

const PLACE = { scope: "https://host.example/course/tokenscope/", files: ["labs/example.json"] };

function kindOf(path: string, { method = "GET", mode = "cors" } = {}) {
  const url = new URL(path, PLACE.scope).href;
  return requestKind({ method, mode, url }, PLACE);
}

test.each(["", "index.html", "?lab=labs/example.json", "#pos=45"])(
  "a visit to the page at %j is the page's",
  (path) => {
    expect(kindOf(path, { mode: "navigate" })).toBe("page");
  },
);

test("built files are hashed ones, files that lie beside the page are plain ones", () => {
  expect(kindOf("assets/index-CpI12E8K.css")).toBe("hashed");
  expect(kindOf("labs/example.json")).toBe("plain");
  expect(kindOf("models.json")).toBe("plain");
});

test.each([
  ["a model's file", "models/tiny.gguf", {}],
  ["another file of the folder", "notes.json", {}],
  ["another folder of the host", "../other/assets/a.js", {}],
  ["another host", "https://huggingface.co/a/resolve/main/b.gguf", {}],
  ["another page below", "labs/", { mode: "navigate" }],
  ["what is sent", "assets/a.js", { method: "POST" }],
])("%s is left to the network", (_, path, asked) => {
  expect(kindOf(path, asked)).toBeNull();
});

test("an answer without isolation headers gets them, and keeps its own, its status and its body", async () => {
  const headers = { "content-type": "text/html" };
  const answer = isolated(new Response("page", { status: 203, headers }));
  expect(Object.fromEntries(answer.headers)).toEqual({
    "content-type": "text/html",
    "cross-origin-embedder-policy": "require-corp",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
  });
  expect(answer.status).toBe(203);
  expect(await answer.text()).toBe("page");
});

test("an answer whose host isolates it in its own way stays as it is", () => {
  const headers = { "cross-origin-embedder-policy": "credentialless" };
  const answer = new Response("", { headers });
  expect(isolated(answer)).toBe(answer);
  expect(isolated(Response.error()).type).toBe("error");
});
