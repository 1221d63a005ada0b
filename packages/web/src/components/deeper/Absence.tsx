// What stands in a part of Look deeper while there is nothing to show.

/** Why there is nothing. */
export function Absence({ words }: { readonly words: string }) {
  return <p className="absence">{words}</p>;
}

/** The model is running a position once more. */
export function Running({ position }: { readonly position: number }) {
  return (
    <p className="absence" role="status">
      Running position {position} once more to look inside.
    </p>
  );
}
