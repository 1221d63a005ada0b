// Gestures as they run inside the page: the events of a hand, then waiting until the answer stands in the page and is painted.

/** Milliseconds that a gesture takes: "click" a token, "search" the vocabulary, go to the "end", "choose" a candidate, "undo". Throws where no answer comes. */
export async function hand({ gesture, argument }) {
  const PATIENCE_MS = 20_000;
  const one = (selector) => {
    const element = document.querySelector(selector);
    if (element === null) throw new Error(`bench: the page has no ${selector}`);
    return element;
  };
  const painted = () =>
    new Promise((resolve) => {
      requestAnimationFrame(() => {
        const channel = new MessageChannel(); // its message comes after the frame
        channel.port1.onmessage = resolve;
        channel.port2.postMessage(0);
      });
    });
  const press = (element) => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const place = { clientX: left + width / 2, clientY: top + height / 2, button: 0 };
    const event = { ...place, bubbles: true, cancelable: true, pointerType: "mouse" };
    element.dispatchEvent(new PointerEvent("pointerdown", { ...event, buttons: 1 }));
    element.dispatchEvent(new PointerEvent("pointerup", event));
    element.dispatchEvent(new PointerEvent("click", event));
  };
  const current = () => one('#strip [aria-current="true"]').dataset.i;
  const isSettled = () => one(".table").getAttribute("aria-busy") === "false";
  const count = () => document.querySelectorAll("#strip [data-i][title]").length;
  const note = () => document.querySelector(".table .note")?.textContent ?? "";
  const isIdle = () => document.querySelector('footer[data-work="idle"]') !== null;
  const hasRows = () => document.querySelector("#candidates [role=option]") !== null;

  const GESTURES = {
    click() {
      press(one(`#strip [data-i="${argument}"]`));
      return () => current() === String(argument) && isSettled() && hasRows();
    },
    search() {
      const before = note();
      const box = one("[type=search]");
      const { set } = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, "value");
      set.call(box, argument); // as typing does; React listens to the event
      box.dispatchEvent(new InputEvent("input", { bubbles: true }));
      return () => note() !== before && note() !== "" && isSettled() && hasRows();
    },
    end() {
      const caret = one("#strip .caret");
      press(caret);
      return () => current() === caret.dataset.i && isSettled() && hasRows();
    },
    choose() {
      const before = count();
      press(document.querySelectorAll("#candidates [role=option]")[argument]);
      const isThere = () => count() === before + 1 && current() === String(before + 1);
      return () => isThere() && isSettled() && hasRows() && isIdle();
    },
    undo() {
      const before = count();
      press(
        [...document.querySelectorAll("button")].find((button) => /^Undo/.test(button.textContent)),
      );
      return () => count() === before - 1 && isSettled() && isIdle();
    },
  };
  const start = performance.now();
  const isAnswered = GESTURES[gesture]();
  while (performance.now() - start < PATIENCE_MS) {
    await painted();
    if (isAnswered()) return performance.now() - start;
  }
  throw new Error(`bench: the page did not answer "${gesture} ${argument ?? ""}"`);
}

/** Scrolls the strip from end to end in about two seconds: the median frame in ms, and the share of frames over 20 ms. */
export async function frames() {
  const FRAMES = 120;
  const box = document.querySelector(".script");
  const times = [];
  let before = await new Promise(requestAnimationFrame);
  for (let i = 1; i <= FRAMES; i += 1) {
    box.scrollTop = ((box.scrollHeight - box.clientHeight) * i) / FRAMES;
    const now = await new Promise(requestAnimationFrame);
    times.push(now - before);
    before = now;
  }
  const sorted = times.toSorted((a, b) => a - b);
  const slow = times.filter((time) => time > 20).length;
  return { median: sorted[FRAMES >> 1], slowShare: slow / FRAMES };
}
