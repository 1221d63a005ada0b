// The strip of an attached span as a picture: kept tokens become the tokens that views/strip-picture.ts draws.

import {
  type NodeId,
  type Prediction,
  type ScoredToken,
  type TokenNode,
  tokenId,
  type Vocabulary,
} from "@tokenscope/core";
import { type Attachment, attachmentLabel, hexBytes, type KeptToken } from "./lab-attachment.ts";
import { type PictureTurn, stripPicture } from "./strip-picture.ts";
import { tokenView } from "./token-view.ts";

const PICTURE_WIDTH_PX = 680; // a page of paper with its margins

/** The picture of what was attached, as one SVG; null for "next", which has no tokens. */
export function attachmentPicture(attachment: Attachment): string | null {
  if (attachment.tokens.length === 0) return null;
  const caption = `${attachmentLabel(attachment)}; ${attachment.conditions}`;
  return stripPicture(turnsOf(attachment), { caption, widthPx: PICTURE_WIDTH_PX });
}

function turnsOf(attachment: Attachment): readonly PictureTurn[] {
  const vocabulary = keptVocabulary(attachment);
  const turns: { role: string; turn: number; tokens: PictureTurn["tokens"] }[] = [];
  for (const [i, token] of attachment.tokens.entries()) {
    const { role, turn } = token;
    const node: TokenNode = {
      ...{ id: token.id, origin: token.origin, turn, role, part: token.part },
      parent: null as NodeId | null,
      position: attachment.from + i,
    };
    const view = tokenView(node, scoreOf(token), vocabulary);
    const last = turns.at(-1);
    if (last?.turn === turn) last.tokens = [...last.tokens, view];
    else turns.push({ role, turn, tokens: [view] });
  }
  return turns;
}

function keptVocabulary({ tokens, vocabularySize }: Attachment): Vocabulary {
  const byId = new Map(tokens.map((token) => [token.id, token]));
  return {
    size: vocabularySize,
    bytes: (id) => hexBytes(byId.get(id)?.bytes ?? ""),
    isSpecial: (id) => byId.get(id)?.isSpecial ?? false,
  };
}

/** What came after a kept token is not kept; a strip does not draw it. */
const NO_PREDICTION: Prediction = {
  topIds: new Int32Array(),
  topLogprobsNats: new Float32Array(),
  entropyNats: 0,
  logZ: 0,
  contextVector: null,
};

function scoreOf({ id, logprobNats, rank }: KeptToken): ScoredToken | undefined {
  if (logprobNats === null || rank === null) return undefined;
  return { id: tokenId(id), score: { logprobNats, rank }, prediction: NO_PREDICTION };
}
