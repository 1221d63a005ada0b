// The earlier conversations in this browser.

import { formatCount } from "@tokenscope/core";
import { useEffect, useState } from "react";
import type { ConversationEntry } from "../../store/conversations.ts";
import { countOf } from "../../views/strip.ts";
import { useActions, usePage } from "../store-context.ts";

const DATE = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "short" });

/** The list, newest first, with what may be done to each, and to all. */
export function ConversationList() {
  const { listConversations, deleteConversations } = useActions();
  const entries = usePage((state) => state.conversations);
  const currentId = usePage((state) => state.conversationId);
  const [isAsking, setIsAsking] = useState(false);
  useEffect(() => void listConversations(), [listConversations]);
  const clear = () => {
    setIsAsking(false);
    void deleteConversations(entries.map(({ id }) => id));
  };
  return (
    <section aria-label="Earlier conversations">
      <h3>Earlier conversations</h3>
      {entries.length === 0 ? (
        <p className="say">
          None yet. Every conversation that you leave is kept here, in this browser alone.
        </p>
      ) : (
        <>
          <ul className="conversations">
            {entries.map((entry) => (
              <ConversationLine key={entry.id} entry={entry} isCurrent={entry.id === currentId} />
            ))}
          </ul>
          <div className="acts-line">
            {isAsking ? (
              <>
                <span>
                  Delete {countOf(entries.length, "conversation")} from this browser for good?
                </span>
                <button type="button" className="btn" onClick={clear}>
                  Delete all
                </button>
                <button type="button" className="btn plain" onClick={() => setIsAsking(false)}>
                  Keep them
                </button>
              </>
            ) : (
              <button type="button" className="btn plain" onClick={() => setIsAsking(true)}>
                Clear all
              </button>
            )}
          </div>
        </>
      )}
    </section>
  );
}

interface ConversationLineProps {
  readonly entry: ConversationEntry;
  readonly isCurrent: boolean;
}

function ConversationLine({ entry, isCurrent }: ConversationLineProps) {
  const { openConversation, compareConversation, deleteConversations, openDialog, openDrawer } =
    useActions();
  const { id, title, savedAtMs, tokens, branches, model } = entry;
  const beside = async () => {
    openDialog(null);
    await compareConversation(entry);
    openDrawer("neighbour");
  };
  return (
    <li>
      <button
        type="button"
        className="title"
        disabled={isCurrent}
        onClick={() => void openConversation(id)}
      >
        {title}
      </button>
      <span className="say">
        {isCurrent ? "on screen · " : ""}
        {DATE.format(savedAtMs)} · {formatCount(tokens)} tokens
        {branches > 1 ? ` · ${countOf(branches, "branch").replace("branchs", "branches")}` : ""} ·{" "}
        {model.id}, {model.precision}
      </span>
      <span className="acts-line">
        <button
          type="button"
          className="btn plain"
          aria-label={`Beside mine: ${title}`}
          onClick={() => void beside()}
        >
          Beside mine
        </button>
        <button
          type="button"
          className="btn plain"
          aria-label={`Delete: ${title}`}
          onClick={() => void deleteConversations([id])}
        >
          Delete
        </button>
      </span>
    </li>
  );
}
