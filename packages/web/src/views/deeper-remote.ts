// A model on another server at one place: its list beside the page's own distribution, and what it does not tell.

import type { RemoteCandidate, RemotePlace } from "@tokenscope/calls";
import {
  bitsFromNats,
  formatBits,
  formatCount,
  formatPercent,
  hexBytes,
  type ListedCandidates,
  pieceGlyphs,
  type TokenId,
  type TokenScore,
} from "@tokenscope/core";
import type { RemoteModel } from "../store/remote-models.ts";
import {
  type Cost,
  type CrossingView,
  costFigures,
  costOf,
  entropyBits,
  type NamedModel,
  probability,
  restPercent,
  rowOf,
} from "./deeper-crossing.ts";
import type { SideView } from "./deeper-engines.ts";
import { countOf } from "./strip.ts";

/** Both models at a place; `actual` is the page's own token there with its score, null at "next". */
export function remoteView(
  { place, both }: { readonly place: RemotePlace; readonly both: ListedCandidates },
  { own, remote }: { readonly own: NamedModel; readonly remote: RemoteModel },
  actual: { readonly id: TokenId; readonly score: TokenScore | null } | null,
): CrossingView {
  const { candidates } = both;
  const most = candidates.reduce(
    (highest, sides) => Math.max(highest, probability(sides.own), probability(sides.other)),
    0,
  );
  return {
    rows: candidates.map((candidate) =>
      rowOf(candidate, {
        own: sideOf(candidate.own, most, "no such token"),
        other: sideOf(candidate.other, most, "not listed"),
        names: { own: own.name, other: remote.id },
        actual: actual?.id ?? null,
      }),
    ),
    rest: {
      label: "all other tokens",
      own: restPercent(candidates.map((sides) => sides.own)),
      other: restPercent(candidates.map((sides) => sides.other)),
    },
    figures: [
      { label: "entropy, bits", own: entropyBits(both.ownEntropyNats), other: "n/a" },
      ...costFigures(
        actual && costOf(own, actual.id, actual.score),
        place.next && remoteCost(place.next),
      ),
    ],
    words: [
      wayWords(place, remote),
      `It lists its ${countOf(place.top.length, "most likely token")} and no more, so its entropy is n/a, and a token that is not listed has a share of the rest.`,
      ...nextWords(place, own, remote, actual !== null),
    ],
  };
}

function sideOf(
  place: { readonly rank: number | null; readonly logprobNats: number } | null,
  most: number,
  absence: string,
): SideView {
  if (place === null) return { rank: "", percent: absence, width: 0 };
  const share = probability(place);
  const rank = place.rank === null ? "" : formatCount(place.rank);
  return { rank, percent: formatPercent(share), width: most === 0 ? 0 : share / most };
}

/** What the token that came costs there: in bits, and by byte where the server tells the bytes. */
function remoteCost({ text, bytesHex, isSpecial, logprobNats }: RemoteCandidate): Cost {
  const bits = bitsFromNats(-logprobNats);
  const bytes = bytesHex === null ? null : hexBytes(bytesHex);
  const piece =
    bytes === null
      ? text
      : pieceGlyphs(bytes)
          .map((segment) => segment.text)
          .join("");
  const isText = bytes !== null && bytes.length > 0 && isSpecial !== true;
  return {
    piece,
    bits: formatBits(bits),
    byByte: formatBits(isText ? bits / bytes.length : null),
  };
}

function wayWords({ way, contextTokens }: RemotePlace, { id, host }: RemoteModel): string {
  if (way === "text") return `${id} at ${host} was given the text before this place as it is.`;
  if (way === "chat") {
    return `${id} at ${host} was given the messages before this place, in its own chat template, and begins the reply.`;
  }
  const tokens =
    contextTokens === null ? "" : `: ${countOf(contextTokens, "token")} before this place`;
  return `${id} at ${host} reads the same text in its own tokens, and its own markers where there are messages${tokens}.`;
}

function nextWords(
  { way, isStraddled, next }: RemotePlace,
  own: NamedModel,
  { id }: RemoteModel,
  hasActual: boolean,
): readonly string[] {
  if (isStraddled) {
    return [
      `In the whole text a token of ${id} crosses this place, where ${own.name} begins a token; what it predicts here follows a text that it would cut in another way.`,
    ];
  }
  if (next !== null || !hasActual || way === "ids") return [];
  return [
    "The server gives no log-probabilities of a prompt, so what the token that came costs there is n/a.",
  ];
}

/** What asking costs, before it is done. */
export function remoteCostWords({ id, host }: RemoteModel): string {
  return `${id} runs at ${host}. This page's server asks it for you, once for each place you look at; the text before the place goes there.`;
}
