// What writing an edited text would change: the tokens that are written, between some of those that are kept.

import type { PreviewToken, TextEditorView } from "../../views/edit.ts";
import { Piece } from "../Piece.tsx";

/** The tokens at the change and a sentence with their counts; or why the text cannot be written. */
export function ChangePreview({ view }: { readonly view: TextEditorView }) {
  if (view.problem !== null) {
    return (
      <p className="change wrong" role="alert">
        {view.problem}
      </p>
    );
  }
  return (
    <div className="change">
      <p className="change-tokens mono" aria-hidden="true">
        <Tokens tokens={view.before} kind="kept" />
        {view.isRemoval && <span className="joint" />}
        <Tokens tokens={view.written} kind="new" />
        <Tokens tokens={view.after} kind="kept" />
      </p>
      <p className="label">{view.summary}</p>
    </div>
  );
}

function Tokens({
  tokens,
  kind,
}: {
  readonly tokens: readonly PreviewToken[];
  readonly kind: "kept" | "new";
}) {
  return tokens.map(({ segments, isSpecial }, i) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a token of the preview is a place in it
    <span key={i} className={isSpecial ? `${kind} sp` : kind}>
      <Piece segments={segments} />
    </span>
  ));
}
