// What a page asks its server about a model on another server, and what comes back: JSON over HTTP, which no worker answers.

import type { Reading } from "@tokenscope/core";

/** GET /remote/models: which models a page may ask for. */
export interface RemoteModels {
  readonly host: string; // the other server's, as it is called on the page
  readonly models: readonly string[];
}

/** POST /remote/place: a place of a conversation, for one of these models. */
export interface RemotePlaceRequest extends Reading {
  readonly model: string;
  readonly top: number; // candidates
}

/** What servers write for minus infinity. */
export const LEAST_NATS = -9_999;

/** A token as the other server has it. */
export interface RemoteCandidate {
  readonly text: string; // as the server writes it
  readonly bytesHex: string | null; // null where that does not tell: a sign for half a character
  readonly isSpecial: boolean | null; // null where the server does not tell
  readonly logprobNats: number; // LEAST_NATS for minus infinity, which JSON does not know
  readonly rank: number | null; // likewise
}

/** The answer, as far as the other server tells. */
export interface RemotePlace {
  /** How the text was given; remote's readRemotely has the meanings. */
  readonly way: "ids" | "text" | "joined" | "chat" | "begun";
  readonly contextTokens: number | null;
  /** Whether that server's tokenizer cuts the whole message elsewhere than at the place. */
  readonly isStraddled: boolean;
  readonly top: readonly RemoteCandidate[];
  /** The token that comes next in its reading; null where none does or the server scores nothing that is given this way. */
  readonly next: RemoteCandidate | null;
}
