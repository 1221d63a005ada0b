// Which token a part of Look deeper is about: the one that came, one of the most likely, or one that was searched for.

import { type TokenId, tokenId } from "@tokenscope/core";
import { comparedTokens } from "../../views/deeper.ts";
import { tokenChoices, tokenWord } from "../../views/token-words.ts";
import { useActions, usePage } from "../store-context.ts";
import { useDeeper } from "./use-deeper.ts";

interface TokenSelectProps {
  readonly label: string;
  readonly chosen: "logitToken" | "rivalToken";
}

/** A list of tokens; what the panel's search has found stands in it too. */
export function TokenSelect({ label, chosen }: TokenSelectProps) {
  const { setDeeper } = useActions();
  const { place, deeper, vocabulary } = useDeeper();
  const search = usePage((state) => state.search);
  const { context, actual, path } = place;
  if (context === null) return null;
  const { prediction } = context.scored;
  const standard = { ...deeper, [chosen]: null };
  const { token, rival } = comparedTokens(place, prediction, standard);
  const fallback = chosen === "logitToken" ? token : rival;
  const isFound = search !== null && search.node === path.ids[context.position];
  const wanted = [deeper[chosen], actual, ...(isFound ? search.rows.map(({ id }) => id) : [])];
  const choices = tokenChoices(prediction, wanted.flatMap(known), vocabulary);
  const fallbackName =
    chosen === "rivalToken"
      ? "the most likely other"
      : actual === null
        ? "the most likely"
        : "the token that came";
  return (
    <label className="token-select">
      <span className="label">{label}</span>
      <select
        className="field mono"
        aria-label={label}
        value={deeper[chosen] ?? ""}
        onChange={({ target }) =>
          setDeeper({ [chosen]: target.value === "" ? null : tokenId(Number(target.value)) })
        }
      >
        <option value="">
          {tokenWord(fallback, vocabulary)}, {fallbackName}
        </option>
        {choices.map((choice) => (
          <option key={choice.id} value={choice.id}>
            {choice.label}
          </option>
        ))}
      </select>
    </label>
  );
}

function known(id: TokenId | null): readonly TokenId[] {
  return id === null ? [] : [id];
}
