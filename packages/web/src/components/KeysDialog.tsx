// The key map.

import { KEY_MAP } from "../views/keys.ts";
import { Dialog } from "./Dialog.tsx";

/** Every gesture's key. */
export function KeysDialog() {
  return (
    <Dialog title="Keys" isText>
      <div className="key-map">
        {KEY_MAP.map(({ place, lines }) => (
          <section key={place} aria-label={place}>
            <h3>{place}</h3>
            <dl>
              {lines.map(({ keys, does }) => (
                <div key={keys}>
                  <dt>
                    <kbd>{keys}</kbd>
                  </dt>
                  <dd>{does}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <p className="say">
        Single letters act only while the strip, the candidates or a drawer have the focus, never
        while you type; ? acts wherever you do not type.
      </p>
    </Dialog>
  );
}
