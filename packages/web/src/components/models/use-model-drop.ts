// A GGUF file dropped anywhere on the page is offered as a model; other files are left to those who know them.

import { useEffect } from "react";
import { useActions } from "../store-context.ts";

/** Takes dropped .gguf files from now on. */
export function useModelDrop(): void {
  const { offerFile } = useActions();
  useEffect(() => {
    const onDragOver = (event: DragEvent) => {
      if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // else the browser would leave the page for the file
    };
    const onDrop = (event: DragEvent) => {
      const files = [...(event.dataTransfer?.files ?? [])];
      if (files.length > 0) event.preventDefault(); // dragged text still goes where it is dropped
      const file = files.find(({ name }) => /\.gguf$/i.test(name));
      if (file === undefined) return;
      event.stopPropagation(); // it is no conversation and no lab file
      offerFile({ name: file.name, file });
    };
    document.addEventListener("dragover", onDragOver);
    document.addEventListener("drop", onDrop, true);
    return () => {
      document.removeEventListener("dragover", onDragOver);
      document.removeEventListener("drop", onDrop, true);
    };
  }, [offerFile]);
}
