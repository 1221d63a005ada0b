// The next token of a model on another server beside the page's own.

import { readingAt } from "@tokenscope/core";
import { useMemo } from "react";
import { remoteFoundOf } from "../../store/deeper.ts";
import type { RemoteModel } from "../../store/remote-models.ts";
import { remoteView } from "../../views/deeper-remote.ts";
import { useActions } from "../store-context.ts";
import { Candidates, Figures, IN_MARKERS, Words } from "./SideBySide.tsx";
import { useDeeper } from "./use-deeper.ts";

function useRemote(remote: RemoteModel) {
  const { place, scores, vocabulary, model } = useDeeper();
  const reading = readingAt(place.path.nodes, place.position, vocabulary);
  const answer = remoteFoundOf(place.context?.finding, reading, remote)?.found ?? null;
  const node = place.path.ids[place.position];
  const score = (node === undefined ? undefined : scores.get(node)?.score) ?? null;
  const { actual } = place;
  const view = useMemo(() => {
    if (answer === null || "failure" in answer || model.kind !== "ready") return null;
    const own = { name: model.loaded.label, vocabulary };
    const names = { own: own.name, other: remote.id };
    const came = actual === null ? null : { id: actual, score };
    return { ...remoteView(answer, { own, remote }, came), names };
  }, [answer, model, vocabulary, remote, actual, score]);
  const failure = answer !== null && "failure" in answer ? answer.failure : null;
  return { view, failure, isReadable: reading !== null };
}

interface RemoteProps {
  readonly remote: RemoteModel;
}

/** Figures and sentences, or what is under way, or why there is nothing. */
export function RemoteMeasures({ remote }: RemoteProps) {
  const { askRemoteAgain } = useActions();
  const { view, failure, isReadable } = useRemote(remote);
  if (!isReadable) return <p>{IN_MARKERS}</p>;
  if (failure !== null) {
    return (
      <>
        <p role="status">{failure}</p>
        <button type="button" className="btn" onClick={askRemoteAgain}>
          Ask again
        </button>
      </>
    );
  }
  if (view === null) {
    return (
      <p className="absence" role="status">
        Asking {remote.id} at {remote.host}.
      </p>
    );
  }
  return (
    <>
      <Figures figures={view.figures} names={view.names} />
      <Words words={view.words} />
    </>
  );
}

/** The two lists as one table. */
export function RemoteCandidates({ remote }: RemoteProps) {
  const { view } = useRemote(remote);
  return view && <Candidates view={view} names={view.names} />;
}
