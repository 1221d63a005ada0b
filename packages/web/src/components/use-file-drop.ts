// A file dropped anywhere on the page: a GGUF file is offered as a model, anything else is opened as a conversation, unless it fell where others take files.

import { useEffect } from "react";
import { useActions } from "./store-context.ts";

/** Takes dropped files from now on. */
export function useFileDrop(): void {
  const { offerFile, openDropped } = useActions();
  useEffect(() => {
    const onDragOver = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // else the browser would leave the page for the file
    };
    const onModel = (event: DragEvent) => {
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) event.preventDefault(); // dragged text still goes where it is dropped
      const file = files.find(({ name }) => /\.gguf$/i.test(name));
      if (file === undefined) return;
      event.stopPropagation(); // it is no conversation and no lab file
      offerFile({ name: file.name, file });
    };
    // Reached only where nothing on the way up has taken the file.
    const onOther = (event: DragEvent) => {
      const file = event.dataTransfer?.files[0];
      if (file !== undefined) void openDropped(file);
    };
    document.addEventListener("dragover", onDragOver);
    document.addEventListener("drop", onModel, true);
    document.addEventListener("drop", onOther);
    return () => {
      document.removeEventListener("dragover", onDragOver);
      document.removeEventListener("drop", onModel, true);
      document.removeEventListener("drop", onOther);
    };
  }, [offerFile, openDropped]);
}
