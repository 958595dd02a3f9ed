// The WebAssembly, compiled and started while the module loads: it is small and travels inside this
// script, so nothing has to be fetched, found by a bundler, or awaited before the first `new App()`.

import { initSync } from "glue";
import { mask, text } from "wasm";

initSync(Uint8Array.from(text, (character) => character.charCodeAt(0) ^ mask));

export { Core } from "glue";
