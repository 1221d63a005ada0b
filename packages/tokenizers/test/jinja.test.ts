import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { FormatError, UsageError } from "@tokenscope/core";
import { describe, expect, test } from "vitest";
import { sharedReferencePath } from "../../../fixtures/index.ts";
import { buildTextTemplate } from "../src/jinja.ts";
import { placeMessages } from "../src/message-places.ts";

const NOON = () => new Date(2026, 0, 15, 12);

describe("a text template", () => {
  test("writes its variables", () => {
    expect(buildTextTemplate("{{ a }}{% if b %}!{% endif %}").render({ a: "x", b: true })).toBe(
      "x!",
    );
  });

  test("refuses in its own words", () => {
    const template = buildTextTemplate("{{ raise_exception('No system role here') }}");
    expect(() => template.render({})).toThrow(UsageError);
    expect(() => template.render({})).toThrow(/refuses.*No system role here/);
  });

  test("an unclosed tag, an unclosed block and a stray end are sentences, not crashes", () => {
    for (const [source, line] of [
      ["a\n{{ b", /line 2/],
      ["{% if a %}\nb\n", /line 3/],
      ["{% for m in", /line 1/],
      ["{# note", /line 1/],
      ["{{ 'a", /line 1/],
      ["{% endfor %}", /line 1/],
      ["{% wat %}", /line 1/],
    ] as const) {
      expect(() => buildTextTemplate(source)).toThrow(FormatError);
      expect(() => buildTextTemplate(source)).toThrow(line);
    }
  });

  test("a fault while it renders is a FormatError", () => {
    const render = (source: string) => () => buildTextTemplate(source).render({ a: "x" });
    expect(render("{{ a | nosuchfilter }}")).toThrow(FormatError);
    expect(render("{{ a.b.c() }}")).toThrow(FormatError);
    expect(render("{{ nothing() }}")).toThrow(FormatError);
  });

  test("sees the clock it is given, and none otherwise", () => {
    const source =
      "{% if strftime_now is defined %}{{ strftime_now('%d %b %Y %H:%M %%') }}{% endif %}";
    expect(buildTextTemplate(source, NOON).render({})).toBe("15 Jan 2026 12:00 %");
    expect(buildTextTemplate(source).render({})).toBe("");
  });

  test("counts with range as Python does", () => {
    const list = (call: string) =>
      buildTextTemplate(`{% for i in ${call} %}{{ i }},{% endfor %}`).render({});
    expect([list("range(3)"), list("range(2, 4)"), list("range(5, 0, -2)")]).toEqual([
      "0,1,2,",
      "2,3,",
      "5,3,1,",
    ]);
  });

  test("writes JSON with Python's spaces and letters", () => {
    const json = buildTextTemplate("{{ a | tojson }}").render({ a: { é: [1, "<b>"] } });
    expect(json).toBe('{"é": [1, "<b>"]}');
  });
});

interface Case {
  readonly name: string;
  readonly class: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
  readonly add_generation_prompt: boolean;
  readonly tools?: readonly unknown[];
  readonly kwargs?: Readonly<Record<string, unknown>>;
  readonly expected: {
    readonly text?: string;
    readonly error?: { readonly kind: string; readonly message: string };
  };
}

interface TemplateFile {
  readonly template: string;
  readonly bos_token: string;
  readonly eos_token: string;
  readonly cases: readonly Case[];
}

const folder = sharedReferencePath("templates");
const files =
  folder && existsSync(folder) ? readdirSync(folder).filter((f) => f.endsWith(".json")) : [];
const readTemplate = (file: string) =>
  JSON.parse(readFileSync(join(folder ?? "", file), "utf8")) as TemplateFile;
const variables = (file: TemplateFile, c: Case) => ({
  messages: c.messages,
  tools: c.tools ?? null,
  documents: null,
  add_generation_prompt: c.add_generation_prompt,
  bos_token: file.bos_token,
  eos_token: file.eos_token,
  ...c.kwargs,
});

const needs = folder ? "" : " (skipped: ../shared/reference is not beside this clone)";

describe.skipIf(!folder)(`templates as transformers renders them${needs}`, () => {
  test.each(files)("%s: all core cases", (name) => {
    const file = readTemplate(name);
    const template = buildTextTemplate(file.template, NOON);
    for (const c of file.cases.filter((each) => each.class === "core")) {
      const render = () => template.render(variables(file, c));
      const { text, error } = c.expected;
      if (text !== undefined) expect([c.name, render()]).toEqual([c.name, text]);
      else if (error?.kind === "raise_exception") expect(render).toThrow(error.message);
      else expect(render).toThrow(FormatError);
    }
  });

  test("marks leave every rendering as it is", () => {
    // 16 more cases have null or a list for a content, which a ChatMessage cannot hold
    let renderings = 0;
    for (const file of files.map(readTemplate)) {
      const template = buildTextTemplate(file.template, NOON);
      for (const c of file.cases) {
        if (c.expected.text === undefined || c.messages.some((m) => typeof m.content !== "string"))
          continue;
        const placed = placeMessages(
          c.messages,
          (messages) => template.render({ ...variables(file, c), messages }),
          () => [],
        );
        renderings += 1;
        expect([c.name, placed.marksAgree]).toEqual([c.name, true]);
      }
    }
    expect(renderings).toBe(640);
  });
});
