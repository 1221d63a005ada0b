// The bytes of the page's calls, bundled for Node.

export { CALL_TYPE, decodeMessages, decodeValue, encodeValue } from "@tokenscope/calls";
