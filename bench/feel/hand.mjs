// Gestures as they run inside the page: the events of a hand, then waiting until the answer stands in the page and is painted.

/** Milliseconds that a gesture takes: "click" a token, "search" the vocabulary, go to the "end", "choose" a candidate, "undo". Throws where no answer comes. */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: it goes into the page by itself, where no other function of this file is
export async function hand({ gesture, argument }) {
  const PATIENCE_MS = 20_000;
  const FRAME_MS = 5_000; // a page that paints none for so long is hidden or dead
  const one = (selector) => {
    const element = document.querySelector(selector);
    if (element === null) throw new Error(`bench: the page has no ${selector}`);
    return element;
  };
  const painted = () =>
    new Promise((resolve, reject) => {
      const words = `bench: the page painted nothing for ${FRAME_MS / 1000} s during "${gesture}"`;
      const timer = setTimeout(() => reject(new Error(words)), FRAME_MS);
      requestAnimationFrame(() => {
        const channel = new MessageChannel(); // its message comes after the frame
        channel.port1.onmessage = () => {
          clearTimeout(timer);
          resolve();
        };
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
  const headSays = (title) => one(".pos h2").textContent.replaceAll(",", "") === title;
  const rankOf = (text) => /rank ([\d,]+)/.exec(text)?.[1];
  /** Whether the list has this very token as the one that came, under the rank that the strip gives it: then it is this position's list. */
  const isListOf = (token) => {
    const row = document.querySelector('.table [role=option][aria-selected="true"]');
    if (row === null) return false;
    const came = row.querySelector(".tk").cloneNode(true);
    came.querySelector("[data-pin]")?.remove();
    const isToken = came.textContent === token.querySelector("b").textContent;
    return isToken && row.querySelector(".rk").textContent === rankOf(token.ariaLabel);
  };
  const isSettled = () => one(".table").getAttribute("aria-busy") === "false";
  const count = () => document.querySelectorAll("#strip [data-i][title]").length;
  const note = () => document.querySelector(".table .note")?.textContent ?? "";
  const isIdle = () => document.querySelector('footer[data-work="idle"]') !== null;
  const hasRows = () => document.querySelector("#candidates [role=option]") !== null;

  const GESTURES = {
    click() {
      const selector = `#strip [data-i="${argument}"]`;
      press(one(selector));
      const isShown = () => current() === String(argument) && headSays(`Position ${argument}`);
      return () => isShown() && isSettled() && isListOf(one(selector));
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
      const isShown = () => current() === caret.dataset.i && headSays("Next token");
      return () => isShown() && isSettled() && hasRows();
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
  const seen = `strip ${current()}, head "${one(".pos h2").textContent}", list ${isSettled() ? "settled" : "waiting"}`;
  throw new Error(`bench: the page did not answer "${gesture} ${argument ?? ""}": ${seen}`);
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
