// The neighbour: another conversation beside the own, where the two part, and why.

import { useMemo } from "react";
import "../../styles/files.css";
import { neighbourView } from "../../views/neighbour.ts";
import { sessionOf } from "../../views/session.ts";
import { AlignedSide } from "../AlignedSide.tsx";
import { Drawer } from "../Drawer.tsx";
import { useActions, usePage, usePageStore } from "../store-context.ts";

/** Both conversations from their parting on, under the sentence that says where and why. */
export function NeighbourDrawer() {
  const neighbour = usePage((state) => state.neighbour);
  const { openDialog, dismissNeighbour } = useActions();
  if (neighbour === null) {
    return (
      <Drawer title="Neighbour">
        <p className="say">
          Put another conversation beside yours: open a neighbour’s link, a file or one of your
          earlier conversations with “Beside mine”. Here stands where the two part, and why.
        </p>
        <div className="acts-line">
          <button type="button" className="btn" onClick={() => openDialog("open")}>
            Open one
          </button>
        </div>
      </Drawer>
    );
  }
  const tools = (
    <>
      <span className="say">{neighbour.name}</span>
      <button type="button" className="btn plain" onClick={() => openDialog("open")}>
        Another one
      </button>
      <button type="button" className="btn plain" onClick={dismissNeighbour}>
        Put away
      </button>
    </>
  );
  return (
    <Drawer title="Neighbour" tools={tools}>
      <NeighbourParting />
    </Drawer>
  );
}

function NeighbourParting() {
  const { moveTo } = useActions();
  const view = useNeighbour();
  if (view === null) return <p>There is no conversation of yours on screen to compare with.</p>;
  const { where, why, odds, conditions, sharedText, position } = view;
  const isOwn = position !== null && view.ours.tokens.length > 0;
  return (
    <div className="neighbour">
      <p role="status">
        <b>{where}</b> {why}
      </p>
      {odds.length > 0 && (
        <p className="say">After the same beginning, in yours: {odds.join("; ")}.</p>
      )}
      {conditions.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Made with</th>
              <th scope="col">Yours</th>
              <th scope="col">Theirs</th>
            </tr>
          </thead>
          <tbody>
            {conditions.map(({ name, ours, theirs }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{ours}</td>
                <td>{theirs}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="sides">
        <p className="shared say">
          {sharedText}
          {isOwn && (
            <button type="button" className="btn plain" onClick={() => moveTo(position)}>
              Go to position {position}
            </button>
          )}
        </p>
        <AlignedSide title={view.ours.title} side={view.ours}>
          <p className="say">{view.ours.conditions}</p>
        </AlignedSide>
        <AlignedSide title={view.theirs.title} side={view.theirs}>
          <p className="say">{view.theirs.conditions}</p>
        </AlignedSide>
      </div>
    </div>
  );
}

/** The comparison with what is on screen; made again when the document or its scores change. */
function useNeighbour() {
  const store = usePageStore();
  const neighbour = usePage((state) => state.neighbour);
  const present = usePage((state) => state.history.present);
  const scores = usePage((state) => state.scores);
  const settings = usePage((state) => state.settings);
  const seed = usePage((state) => state.seed);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the parts of the state that a comparison shows
  return useMemo(() => {
    const state = store.getState();
    const ours = sessionOf(state);
    if (ours === null || neighbour === null) return null;
    return neighbourView(ours, neighbour.session, state.vocabulary, neighbour.odds);
  }, [store, neighbour, present, scores, settings, seed]);
}
