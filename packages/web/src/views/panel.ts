// The panel: everything about one position, from one reading of the state.

import type { AppState } from "../store/state.ts";
import { type CandidateTable, candidateTable } from "./candidates.ts";
import { type DrawView, drawView } from "./draw.ts";
import { placingEdit, placingWords } from "./edit.ts";
import { activeDocumentPath } from "./path.ts";
import { type Place, type PlaceViews, placeAt, placeViews } from "./place.ts";
import { type PositionHeader, positionHeader } from "./position-header.ts";

export interface Panel {
  readonly place: Place;
  readonly header: PositionHeader;
  readonly table: CandidateTable | null;
  readonly draw: DrawView | null;
  /** True while the model is about to score this place. */
  readonly isPending: boolean;
  /** Why there are no candidates; empty where there are. */
  readonly absence: string;
  /** What choosing a candidate does here, and what it does not. */
  readonly choosing: string;
  readonly keeping: string;
  /** What choosing a token is, in a word. */
  readonly verb: "Append" | "Branch" | "Replace" | "Insert";
  /** True while an edit waits for a token. */
  readonly isPlacing: boolean;
}

export type PanelInputs = Pick<
  AppState,
  | "history"
  | "scores"
  | "vocabulary"
  | "position"
  | "view"
  | "settings"
  | "seed"
  | "redraws"
  | "settled"
  | "query"
  | "search"
  | "model"
  | "edit"
  | "recordedTips"
>;

const FIRST_TOKEN =
  "The first token starts the document. Nothing comes before it, so the model makes no prediction and it has no bits.";

const NO_TOKEN =
  "Nothing is written yet. What may come next stands here as soon as the conversation begins.";

const PLACING_VERBS = { replace: "Replace", insert: "Insert" } as const;

/** The panel of a state. */
export function panelView(inputs: PanelInputs): Panel {
  const { vocabulary, model, query, search } = inputs;
  const path = activeDocumentPath(inputs.history.present);
  const place = placeAt(path, inputs.scores, inputs.position);
  const views = placeViews(place, inputs, vocabulary);
  const isAfter = inputs.view === "after";
  const appends = place.token === null;
  const placing = placingEdit(inputs);
  return {
    place,
    header: positionHeader(path, place, views, inputs),
    table: views && candidateTable({ place, views, isAfter, query, search, vocabulary }),
    draw: views && drawView(views, vocabulary),
    isPending: views === null && place.position > 0 && model.kind === "ready",
    absence: views === null ? absenceWords(place, model) : "",
    choosing: choosingWords(place, views, inputs),
    keeping: appends || model.kind !== "ready" ? "" : "This path is kept.",
    ...(placing === null ? {} : placingWords(placing, path)),
    verb: placing === null ? (appends ? "Append" : "Branch") : PLACING_VERBS[placing.kind],
    isPlacing: placing !== null,
  };
}

function absenceWords(place: Place, model: AppState["model"]): string {
  if (place.token === null && place.position === 0) return NO_TOKEN;
  if (place.position === 0) return FIRST_TOKEN;
  return model.kind === "ready"
    ? "This place is being scored."
    : "This place is not scored yet. It will be as soon as the model is there.";
}

function choosingWords(place: Place, views: PlaceViews | null, inputs: PanelInputs): string {
  const isReady = inputs.model.kind === "ready";
  if (!isReady && inputs.view === "after" && views?.after === null) {
    return "What these settings leave here needs the model.";
  }
  if (!isReady) return "Choosing a candidate needs the model.";
  return place.token === null
    ? "Choose a candidate to append it."
    : `Choose a candidate to branch at ${place.position}.`;
}
