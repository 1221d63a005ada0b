// The page's style sheets, in the order in which they apply.

import "../styles/tokens.css";
import "../styles/shell.css";
import "../styles/frame.css";
import "../styles/strip.css";
import "../styles/writing.css";
import "../styles/panel.css";
import "../styles/sampling.css";
import "../styles/layers.css";
import "../styles/narrow.css";
import "../styles/phone.css";
import "../styles/low.css";
