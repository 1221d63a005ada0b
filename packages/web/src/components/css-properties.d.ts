// Custom properties carry data into the style sheets: a height, a share, a place.

import "react";

declare module "react" {
  interface CSSProperties {
    [property: `--${string}`]: string | number | undefined;
  }
}
