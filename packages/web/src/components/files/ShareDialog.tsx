// Share: a link that holds the conversation, and the commands that give the same numbers in a terminal.

import { formatCount } from "@tokenscope/core";
import { useEffect, useState } from "react";
import "../../styles/files.css";
import { writtenWith } from "../../recording/recorded-with.ts";
import { cliCommands } from "../../views/cli-command.ts";
import { MAX_LINK_CHARACTERS, sessionLink } from "../../views/link-code.ts";
import { isOwnMachine } from "../../views/own-machine.ts";
import { activeDocumentPath } from "../../views/path.ts";
import { modelBehind, modelWords, sessionOf } from "../../views/session.ts";
import { Dialog } from "../Dialog.tsx";
import { usePage, usePageStore } from "../store-context.ts";
import { CopyLine } from "./CopyLine.tsx";
import { useConversationFile } from "./use-conversation-file.ts";

/** The link, its length and its limits, then the commands. */
export function ShareDialog() {
  const link = useLink();
  return (
    <Dialog title="Share">
      <div className="files">
        {link === null ? (
          <p>There is nothing to share yet. Write a message and press End turn.</p>
        ) : (
          <>
            <LinkPart link={link} />
            <CommandPart />
          </>
        )}
      </div>
    </Dialog>
  );
}

function LinkPart({ link }: { readonly link: string }) {
  const save = useConversationFile();
  const model = usePage(modelBehind);
  const words = model === null ? "" : modelWords(model);
  const length = formatCount(link.length);
  const holds = `It holds the tokens of every branch, where you stand, the settings and the seed, and names its model: ${words}.`;
  if (link.length > MAX_LINK_CHARACTERS) {
    return (
      <section aria-label="File">
        <h3>File</h3>
        <p>
          As a link this conversation has {length} characters, and mail and chat programs cut links
          beyond {formatCount(MAX_LINK_CHARACTERS)}. Send a file instead.
        </p>
        <p className="say">{holds}</p>
        <div className="acts-line">
          <button type="button" className="btn" onClick={save}>
            Save conversation
          </button>
        </div>
      </section>
    );
  }
  return (
    <section aria-label="Link">
      <h3>Link</h3>
      <CopyLine label="Link to this conversation" text={link} copyWords="Copy link" />
      <p className="say">
        {length} characters. {holds} The conversation is in the link itself, and no server gets it.
      </p>
      {isOwnMachine(location.hostname) && (
        <p className="say">
          This page runs on your own machine: whoever gets the link opens it there with Tokenscope
          running too, or pastes it into Open.
        </p>
      )}
    </section>
  );
}

function CommandPart() {
  const { getState } = usePageStore();
  const state = getState();
  const model = modelBehind(state);
  if (model === null) return null;
  const { redraws, history } = state;
  const path = activeDocumentPath(history.present);
  const commands = cliCommands({ path, model, ...writtenWith(state), redraws });
  return (
    <section aria-label="Command line">
      <h3>Command line</h3>
      {commands.map(({ command, does, name }) => (
        <CopyLine key={name} label={name} text={command} copyWords="Copy command" note={does} />
      ))}
    </section>
  );
}

/** The link to what is on screen; null where there is nothing, and until it is made. */
function useLink(): string | null {
  const { getState } = usePageStore();
  const present = usePage((state) => state.history.present);
  const [link, setLink] = useState<string | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a link is made again when the document changes
  useEffect(() => {
    let isStale = false;
    const session = sessionOf(getState());
    if (session === null) return setLink(null);
    const page = `${location.origin}${location.pathname}${location.search}`;
    void sessionLink(session, page).then((made) => {
      if (!isStale) setLink(made);
    });
    return () => {
      isStale = true;
    };
  }, [getState, present]);
  return link;
}
