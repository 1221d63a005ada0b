// The model's special tokens, to be put into a text on purpose.

import { specialText } from "@tokenscope/core";
import { specialChoices } from "../../views/edit.ts";
import { usePage } from "../store-context.ts";

/** A list of special tokens; the chosen one is handed on as an editable text writes it. */
export function SpecialSelect({ onChoose }: { readonly onChoose: (text: string) => void }) {
  const doc = usePage((state) => state.history.present);
  const vocabulary = usePage((state) => state.vocabulary);
  const { names, more } = specialChoices(doc, vocabulary);
  if (names.length === 0) return null;
  return (
    <select
      className="field special-select"
      aria-label="Insert special token"
      value=""
      onChange={(event) => onChoose(specialText(event.target.value))}
    >
      <option value="" disabled>
        Insert special token
      </option>
      {names.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
      {more !== "" && <option disabled>{more}</option>}
    </select>
  );
}
