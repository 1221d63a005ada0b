// The built-in guide: the lab "Exploring Language Models", every question of its four parts in order.

import type { LabGuide, LabQuestion } from "./lab-guide.ts";

/** The four parts, 14 questions. */
export const BUILT_IN: LabGuide = {
  title: "Exploring language models",
  start: null,
  parts: [
    {
      title: "A conversation is a document",
      task: "Type a message such as “Write a one-paragraph story about a dragon.” (take a topic of your own) and press End turn. Look at the tokens before you generate anything: markers say who speaks. {openers}",
      questions: questions(1, [
        [
          "Where does the user’s turn end and the assistant’s turn begin? Which markers separate them?",
        ],
        [
          "All the model does is predict the next token of a document. Why is a story the likely continuation, rather than more questions in your voice?",
        ],
      ]),
    },
    {
      title: "Building a response token by token",
      task: "Build the reply yourself. The panel lists the most likely next tokens with their probabilities; a click on one writes it, and the list is new.",
      questions: questions(2, [
        [
          "Choose the most likely token about ten times. Write down your tokens. Is it a coherent opening?",
          "Select the ten tokens and press Use my selection.",
        ],
        [
          "Compare with a neighbouring team. Did you get the same? Why, or why not? Test your theory.",
          "Share makes a link. Open takes your neighbours’, beside yours, and says where the two part and why.",
        ],
        [
          "Press Start over. Choose an unlikely first token, the 5th or 10th of the list, then the most likely one about ten times. What happens?",
          "Your first path is kept as a branch.",
        ],
        [
          "Again, from another unlikely first token. What do you notice? The model does not plan ahead: how does it stay coherent after a strange start?",
          "The branch map has a lane for each; [ and ] in the strip switch. Compare branches (C) sets two side by side from where they part.",
        ],
        [
          "Bonus. Force an unlikely token in the middle of a reply that went well. Does the model recover?",
          "Find any token in the panel’s search and press Enter twice. Recover (V) shows the bits of the tokens that follow it.",
        ],
      ]),
    },
    {
      title: "Predictable and surprising tokens",
      task: "Press Start over, then Generate response, until you have two or three sentences. The line under a token is as tall as the model’s surprise. Click a token to see what was predicted in its place.",
      questions: questions(3, [
        [
          "Find a token of which the model was very sure: one option far ahead, p above 0.8. Which token is it, and why is it so predictable?",
          "Along the text, above the strip, goes to the most certain place, then to the next.",
        ],
        [
          "Find a token where several options have similar p. Which token is it, and why is this place harder to predict?",
          "It goes to the most uncertain place too.",
        ],
        [
          "Where was the model most surprised by the token that came, and where least? Does it match your intuition about which words are predictable?",
          "Along the text draws the bits of every position.",
        ],
      ]),
    },
    {
      title: "Measuring surprise",
      task: "Surprise has a unit. −log₂ p bits are needed to identify the token that came, given what stands before it. A coin is 1 bit, a die 2.58 bits, a near-certain token (p = 0.99) 0.01 bits.",
      questions: questions(4, [
        [
          "Compute −log₂ p for a token of which the model was sure, and for one of which it was not. Which takes more bits? Does that match your intuition?",
          "p = 0.5 is 1 bit, 0.25 is 2 bits, 0.125 is 3 bits.",
        ],
        [
          "Select about five tokens in a row. Write down p of each, compute −log₂ p, and add them up. Does it match the total under the strip?",
          "Drag over the tokens, or hold Shift and press an arrow key.",
        ],
        [
          "Select two spans of similar length, a predictable one and a surprising one. Which takes more bits? Training makes this total small: it is the cross-entropy loss.",
          "Hold span (H), under the strip, keeps one beside the next that you select.",
        ],
        [
          "Stretch. Divide the total bits by the number of tokens. Is the model, on average, more like a coin or like a near-certain prediction?",
        ],
      ]),
    },
  ],
};

function questions(
  part: number,
  texts: readonly (readonly [text: string, hint?: string])[],
): readonly LabQuestion[] {
  return texts.map(([text, hint = ""], i) => ({ key: `${part}.${i + 1}`, text, hint }));
}
