// The bytes of the page's calls, bundled for Node.

export { decodeMessages, decodeValue, encodeValue } from "@tokenscope/calls";
