// The students' card: where the page is, and what to type and set. It prints alone.

import "../../styles/lab-card.css";
import { labCard } from "../../views/lab-card.ts";
import { Dialog } from "../Dialog.tsx";
import { usePage } from "../store-context.ts";

/** The card of the page as it stands. */
export function LabCard() {
  const state = usePage((whole) => whole);
  const card = labCard(state, location.origin + location.pathname);
  return (
    <Dialog title="Students’ card">
      <div className="lab-card">
        <h3>{card.title}</h3>
        <dl>
          {card.lines.map(({ label, value, isTyped }) => (
            <div key={label}>
              <dt>{label}</dt>
              <dd className={isTyped ? "typed" : ""}>{value}</dd>
            </div>
          ))}
        </dl>
      </div>
      {card.warning !== "" && <p className="say">{card.warning}</p>}
      <button type="button" className="btn" onClick={() => print()}>
        Print the card
      </button>
    </Dialog>
  );
}
