// The button of the lab guide in the top bar.

import { useActions, usePage } from "../store-context.ts";

/** Opens the guide, and closes it. */
export function LabButton() {
  const { toggleLab } = useActions();
  const isOpen = usePage((state) => state.isLabOpen);
  return (
    <button
      type="button"
      className="btn plain"
      aria-expanded={isOpen}
      aria-controls="lab-guide"
      onClick={toggleLab}
    >
      Lab guide
    </button>
  );
}
