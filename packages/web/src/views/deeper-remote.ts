// A model on another server at one place: its list beside the page's own distribution, and what it does not tell.

import { LEAST_NATS, type RemoteCandidate, type RemotePlace } from "@tokenscope/calls";
import {
  bitsFromNats,
  formatBits,
  formatCount,
  formatPercent,
  hexBytes,
  type ListedCandidate,
  type ListedCandidates,
  NO_VALUE,
  pieceGlyphs,
  pieceName,
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
  sideWords,
} from "./deeper-crossing.ts";
import type { EnginesRow, SideView } from "./deeper-engines.ts";
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
    rows: candidates.map((candidate, i) =>
      remoteRow(candidate, { most, own, remote, actual, key: String(i) }),
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
      ...untoldWords(candidates, own, remote),
      ...nextWords(place, own, remote, actual !== null),
    ],
  };
}

interface RowContext {
  readonly key: string;
  readonly most: number;
  readonly own: NamedModel;
  readonly remote: RemoteModel;
  readonly actual: { readonly id: TokenId } | null;
}

function remoteRow(
  { bytes, own: a, other: b, untold }: ListedCandidate,
  { key, most, own, remote, actual }: RowContext,
): EnginesRow {
  const ownSide = sideOf(a, most, untold === null ? "no such token" : NO_VALUE);
  const otherSide = sideOf(b, most, "not listed");
  return {
    key,
    segments: pieceGlyphs(untold === null ? bytes : utf8.encode(untold)),
    own: ownSide,
    other: otherSide,
    isActual: a !== null && a.id === actual?.id,
    name: `${untold ?? pieceName(bytes)}: ${own.name} ${sideWords(ownSide)}; ${remote.id} ${sideWords(otherSide)}`,
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

const utf8 = new TextEncoder();

/** Why a token that the server lists stands beside none of the page's. */
function untoldWords(
  candidates: readonly ListedCandidate[],
  own: NamedModel,
  { id }: RemoteModel,
): readonly string[] {
  const count = candidates.filter(({ untold }) => untold !== null).length;
  if (count === 0) return [];
  return [
    `Of ${countOf(count, "token")} the server of ${id} tells a name that may be another token's too (half a character, or a word without its space), so their places in ${own.name} are n/a.`,
  ];
}

/** What the token that came costs there: in bits, and by byte where the server tells the bytes. */
function remoteCost({ text, bytesHex, isSpecial, logprobNats }: RemoteCandidate): Cost {
  const bits = bitsFromNats(-logprobNats);
  const isPossible = logprobNats > LEAST_NATS;
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
    bits: isPossible ? formatBits(bits) : "∞",
    byByte: isPossible ? formatBits(isText ? bits / bytes.length : null) : "∞",
  };
}

function wayWords({ way, contextTokens }: RemotePlace, { id, host }: RemoteModel): string {
  const who = `${id} at ${host}`;
  const tokens =
    contextTokens === null ? "" : `: ${countOf(contextTokens, "token")} before this place`;
  switch (way) {
    case "ids":
      return `${who} reads the same text in its own tokens, and its own markers where there are messages${tokens}.`;
    case "text":
      return `${who} was given the text before this place as it is.`;
    case "joined":
      return `${who} was given the messages before this place as one text without roles, since it has no chat template${tokens}.`;
    case "chat":
      return `${who} was given the messages before this place, in its own chat template, and begins the reply.`;
    case "begun":
      return `${who} was given the messages before this place, in its own chat template, and the reply so far, which it goes on with: it did when that was tried.`;
    default:
      return way satisfies never;
  }
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
  const what = way === "text" || way === "joined" ? "this text" : "a chat";
  return [
    `The server gives no log-probabilities of ${what} as it was given, so what the token that came costs there is n/a.`,
  ];
}

/** What asking costs, before it is done. */
export function remoteCostWords({ id, host }: RemoteModel): string {
  return `${id} runs at ${host}. This page's server asks it for you, once for each place you look at; the text before the place goes there.`;
}
