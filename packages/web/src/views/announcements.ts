// What the live region says: where one went, and what a span adds up to.

import type { AppState, Span } from "../store/state.ts";
import { branchMap } from "./branch-map.ts";
import { activeDocumentPath } from "./path.ts";
import { spanBar } from "./span-bar.ts";
import { countOf } from "./strip.ts";

type Shown = Pick<AppState, "history" | "scores" | "vocabulary" | "position">;

/** Example: "Branch …dragon's, position 44 of 85". */
export function branchWords({ history, scores, vocabulary, position }: Shown): string {
  const doc = history.present;
  const lane = branchMap(doc, scores, vocabulary).lanes.find(({ isActive }) => isActive);
  const { nodes } = activeDocumentPath(doc);
  return `Branch ${lane?.name ?? ""}, position ${position} of ${nodes.length}`;
}

/** Example: "Span 5 tokens, 6.63 bits, 1.33 per token". */
export function spanWords(state: Shown & { readonly span: Span }): string {
  const { history, scores, vocabulary, span } = state;
  const bar = spanBar(activeDocumentPath(history.present), scores, span, vocabulary);
  const [, bits, perToken] = bar?.measures ?? [];
  const tokens = countOf(span.to - span.from + 1, "token");
  return `Span ${tokens}, ${bits?.value} bits, ${perToken?.value} per token`;
}
