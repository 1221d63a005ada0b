import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { sharedReferencePath } from "../../../fixtures/index.ts";
import { namedRoles } from "../src/template-roles.ts";

test("a role is named where it is compared, looked for in a list, or set", () => {
  expect(namedRoles("{% if message['role'] == 'ipython' or role != \"critic\" %}")).toEqual([
    "ipython",
    "critic",
  ]);
  expect(
    namedRoles("{% if message.role in ['user', \"judge\"] %}{% set role = 'model' %}"),
  ).toEqual(["user", "judge", "model"]);
  expect(namedRoles("{{ '<' + message['role'] + '>' + message['content'] }}")).toEqual([]);
});

const isMissing = sharedReferencePath("templates/chatml.json") === null;

test.skipIf(isMissing).each([
  ["smollm2-135m-instruct", ["system"]],
  ["gemma-3-it", ["system", "user", "assistant", "model"]],
  ["llama-3.1-8b-instruct", ["system", "ipython", "tool"]],
  ["mistral-nemo-instruct-2407", ["system", "user", "tool", "tool_results", "assistant"]],
])("%s (needs ../shared/reference/templates) names its roles", (name, roles) => {
  const path = sharedReferencePath(`templates/${name}.json`) ?? "";
  const file: unknown = JSON.parse(readFileSync(path, "utf8"));
  expect(namedRoles((file as { template: string }).template).toSorted()).toEqual(roles.toSorted());
});
