// Where two sessions' conversations first differ, and under which conditions each was made. Compares tokens by their bytes, so that two models of one vocabulary can be told apart by their choices.

import { branchOf, type Origin, pathTo, type TokenNode } from "./document.ts";
import { bytesHex } from "./piece.ts";
import type { Session } from "./session.ts";
import type { SamplingSettings } from "./settings.ts";

/** What the two were made with, where it differs. */
export type Condition =
  | {
      readonly kind: "model" | "precision" | "backend";
      readonly ours: string;
      readonly theirs: string;
    }
  | {
      readonly kind: keyof SamplingSettings | "seed";
      readonly ours: number;
      readonly theirs: number;
    };

/** Why the two part. */
export type PartingCause =
  | { readonly kind: "ends"; readonly first: "ours" | "theirs" } // the one goes on where the other ends
  | { readonly kind: "system-prompt" | "markers" }
  | { readonly kind: "message"; readonly role: string }
  | { readonly kind: "person"; readonly ours: Origin; readonly theirs: Origin } // at least one chose or forced
  | { readonly kind: "conditions"; readonly conditions: readonly Condition[] } // the model wrote both
  | { readonly kind: "drawn"; readonly ours: Origin; readonly theirs: Origin } // one was drawn, the other is the most likely; the settings of now do not say it
  | { readonly kind: "draw" } // the same seed, and one draw was drawn again
  | { readonly kind: "unknown" };

/** The place where two paths part; null tokens where one of them has ended. */
interface Parting {
  readonly position: number;
  readonly ours: TokenNode | null;
  readonly theirs: TokenNode | null;
  readonly cause: PartingCause;
}

export interface SessionDifference {
  /** How many tokens are the same from the start. */
  readonly sharedTokens: number;
  /** Null where both active branches hold the same tokens. */
  readonly parting: Parting | null;
  readonly conditions: readonly Condition[];
}

/** What differs between the active branches of two sessions. Example: the same greedy chat in exact and in compact parts where two tokens were nearly as likely; its cause is the condition "precision". */
export function sessionDifference(ours: Session, theirs: Session): SessionDifference {
  const [a, b] = [activeNodes(ours), activeNodes(theirs)];
  const conditions = conditionsBetween(ours, theirs);
  let shared = 0;
  while (
    shared < a.length &&
    shared < b.length &&
    isSameToken(a[shared], b[shared], { ours, theirs })
  )
    shared += 1;
  const [own, other] = [a[shared] ?? null, b[shared] ?? null];
  if (own === null && other === null) return { sharedTokens: shared, parting: null, conditions };
  const cause = causeOf({ position: shared, ours: own, theirs: other }, conditions, {
    ours,
    theirs,
  });
  const parting = { position: shared, ours: own, theirs: other, cause };
  return { sharedTokens: shared, parting, conditions };
}

interface Both {
  readonly ours: Session;
  readonly theirs: Session;
}

/** The tokens of a session's active branch. */
export function activeNodes({ document }: Session): readonly TokenNode[] {
  const path = pathTo(document, branchOf(document).tip);
  return path.flatMap((id) => document.nodes[id] ?? []);
}

function isSameToken(a: TokenNode | undefined, b: TokenNode | undefined, both: Both): boolean {
  if (a === undefined || b === undefined) return false;
  const [own, other] = [both.ours.pieces.get(a.id), both.theirs.pieces.get(b.id)];
  if (own === undefined || other === undefined) return a.id === b.id; // a long link leaves the bytes out
  return own.isSpecial === other.isSpecial && bytesHex(own.bytes) === bytesHex(other.bytes);
}

function conditionsBetween(ours: Session, theirs: Session): readonly Condition[] {
  const [a, b] = [ours.model, theirs.model];
  const conditions: Condition[] = [];
  if (a.sha256 !== b.sha256) {
    conditions.push({ kind: "model", ours: named(a), theirs: named(b) });
  }
  for (const kind of ["precision", "backend"] as const) {
    if (a[kind] !== b[kind]) conditions.push({ kind, ours: a[kind], theirs: b[kind] });
  }
  for (const kind of ["temperature", "topK", "topP", "minP"] as const) {
    const [own, other] = [ours.settings[kind], theirs.settings[kind]];
    if (own !== other) conditions.push({ kind, ours: own, theirs: other });
  }
  if (ours.seed !== theirs.seed) {
    conditions.push({ kind: "seed", ours: ours.seed, theirs: theirs.seed });
  }
  return conditions;
}

function named({ id, quantization, sha256 }: Session["model"]): string {
  return `${id} ${quantization} (sha256 ${sha256.slice(0, 12)})`;
}

const BY_A_PERSON: readonly Origin[] = ["chosen", "forced"];

function causeOf(
  { position, ours, theirs }: Omit<Parting, "cause">,
  conditions: readonly Condition[],
  both: Both,
): PartingCause {
  if (ours === null) return { kind: "ends", first: "ours" };
  if (theirs === null) return { kind: "ends", first: "theirs" };
  const [a, b] = [ours.origin, theirs.origin];
  const isSystem = ours.role === "system" || theirs.role === "system";
  const isWritten = [a, b].every((origin) => origin === "template" || origin === "typed");
  if (isWritten && isSystem) return { kind: "system-prompt" };
  if (a === "typed" || b === "typed") {
    return { kind: "message", role: a === "typed" ? ours.role : theirs.role };
  }
  if (a === "template" || b === "template") return { kind: "markers" };
  if (BY_A_PERSON.includes(a) || BY_A_PERSON.includes(b))
    return { kind: "person", ours: a, theirs: b };
  const relevant = conditions.filter((condition) => matters(condition, a, b));
  if (relevant.length > 0) return { kind: "conditions", conditions: relevant };
  if (a !== b) return { kind: "drawn", ours: a, theirs: b };
  const redraws = [both.ours, both.theirs].map((session) => session.redraws.get(position) ?? 0);
  return redraws[0] === redraws[1] ? { kind: "unknown" } : { kind: "draw" };
}

/** A greedy token hangs on the model alone; temperature tells greedy from sampled, and the rest shapes a draw. */
function matters({ kind }: Condition, a: Origin, b: Origin): boolean {
  if (kind === "model" || kind === "precision" || kind === "backend") return true;
  if (a === "greedy" && b === "greedy") return false;
  return a === b || kind === "temperature";
}
