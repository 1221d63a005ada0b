// The students' card: the address, and what makes their page begin as this one did.

import { decodeTokens, type Turn, type Vocabulary } from "@tokenscope/core";
import type { AppState } from "../store/state.ts";
import { BUILT_IN } from "./lab-parts.ts";
import { isOwnMachine } from "./own-machine.ts";
import { activeDocumentPath, type DocumentPath } from "./path.ts";
import { settingsText } from "./sampling.ts";

interface CardLine {
  readonly label: string;
  readonly value: string;
  /** True where it is to be typed as it stands. */
  readonly isTyped: boolean;
}

export interface LabCard {
  readonly title: string;
  readonly lines: readonly CardLine[];
  /** Why students may not get there by this address, and what to do; empty where they do. */
  readonly warning: string;
}

export type CardInputs = Pick<
  AppState,
  "lab" | "history" | "vocabulary" | "seed" | "settings" | "model" | "isRecording"
>;

const OWN_MACHINE =
  "This address means the machine that it is typed on: students get there only if Tokenscope runs on their own machines. One server for all: npx tokenscope serve --host 0.0.0.0 --allow-host NAME, then open this page at that name (docs/classroom.md).";

/** The card of a page at this address: what the document says, or where it says nothing of one's own, what the guide starts with. */
export function labCard(state: CardInputs, page: string): LabCard {
  const { lab, seed, settings, model } = state;
  const written = prompts(activeDocumentPath(state.history.present), state.vocabulary);
  const isOwn = written.length > 0 && !state.isRecording;
  const start = isOwn ? null : (lab.guide?.start ?? null);
  const typed = start === null ? written : startPrompts(start.system, start.user);
  const line = (label: string, value: string): CardLine => ({ label, value, isTyped: false });
  return {
    title: (lab.guide ?? BUILT_IN).title,
    warning: isOwnMachine(new URL(page).hostname) ? OWN_MACHINE : "",
    lines: [
      line("Address", page + labQuery(lab.guideUrl, page)),
      ...typed,
      line("Settings", settingsText(start?.settings ?? settings)),
      line("Seed", String(start?.seed ?? seed)),
      ...(model.kind === "ready"
        ? [
            line(
              "Model",
              `${model.loaded.label} ${model.loaded.identity.quantization}, ${model.loaded.identity.precision}`,
            ),
          ]
        : []),
    ],
  };
}

/** The guide's address as short as it can be typed. Example: "?lab=labs/example.json". */
function labQuery(guideUrl: string | null, page: string): string {
  if (guideUrl === null) return "";
  const short = guideUrl.startsWith(page) ? guideUrl.slice(page.length) : guideUrl;
  return `?lab=${encodeURIComponent(short).replaceAll("%2F", "/").replaceAll("%3A", ":")}`;
}

function startPrompts(system: string, user: string): readonly CardLine[] {
  return [
    ...(system === "" ? [] : [{ label: "system", value: system, isTyped: true }]),
    { label: "user", value: user, isTyped: true },
  ];
}

/** What a person wrote in the system's and the user's turns; a system turn of the template's own is none. */
function prompts(path: DocumentPath, vocabulary: Vocabulary): readonly CardLine[] {
  const spoken = path.turns.filter(
    (turn) => ["system", "user"].includes(turn.role) && isWritten(path, turn),
  );
  return spoken.map((turn, i) => {
    const sameRole = spoken.slice(0, i).filter(({ role }) => role === turn.role).length;
    return {
      label: sameRole === 0 ? turn.role : `${turn.role} ${sameRole + 1}`,
      value: textOf(path, turn, vocabulary),
      isTyped: true,
    };
  });
}

function isWritten(path: DocumentPath, turn: Turn): boolean {
  return path.nodes
    .slice(turn.contentStart, turn.contentEnd)
    .some((node) => node.origin !== "template");
}

function textOf(path: DocumentPath, turn: Turn, vocabulary: Vocabulary): string {
  const nodes = path.nodes.slice(turn.contentStart, turn.contentEnd);
  return decodeTokens(nodes.map((node) => vocabulary.bytes(node.id)));
}
