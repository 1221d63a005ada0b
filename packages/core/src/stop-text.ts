// Texts that end a reply: found across the pieces that a reply comes in, and never half shown.

/** What may be shown now, and the stop text that came; null while none has. */
export interface StoppedText {
  readonly text: string;
  readonly stop: string | null;
}

/** Follows one reply. */
export interface StopWatch {
  /** The next piece; what could be the beginning of a stop text is held back. Nothing comes after a stop text. */
  push(piece: string): StoppedText;
  /** What was held back, where the reply ends by itself. */
  end(): string;
}

/** Watches for any of these texts, none of them empty; the one that begins first counts. Example: stops ["bc"], pieces "ab", "cd" -> "a", then nothing and the stop "bc". */
export function stopWatch(stops: readonly string[]): StopWatch {
  let held = "";
  let stop: string | null = null;
  return {
    push(piece) {
      if (stop !== null) return { text: "", stop };
      held += piece;
      stop = firstOf(stops, held);
      const shown =
        stop === null ? held.length - longestBeginning(held, stops) : held.indexOf(stop);
      const text = held.slice(0, shown);
      held = stop === null ? held.slice(shown) : "";
      return { text, stop };
    },
    end() {
      const text = held;
      held = "";
      return text;
    },
  };
}

function firstOf(stops: readonly string[], text: string): string | null {
  let first: string | null = null;
  let start = text.length;
  for (const stop of stops) {
    const at = text.indexOf(stop);
    if (at >= 0 && at < start) [first, start] = [stop, at];
  }
  return first;
}

/** Characters at the end that a stop text could begin with. */
function longestBeginning(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    const most = Math.min(stop.length - 1, text.length);
    for (let length = most; length > longest; length -= 1) {
      if (!text.endsWith(stop.slice(0, length))) continue;
      longest = length;
      break;
    }
  }
  return longest;
}
