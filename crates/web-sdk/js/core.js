// The WebAssembly, compiled and started while the module loads: it is small and travels inside this
// script, so nothing has to be fetched, found by a bundler, or awaited before the first `new App()`.

import { initSync } from "glue";
import { mask, text } from "wasm";

// The other side of `asScript` in `../build.mjs`.
const bytes = [];
let high = 0;
for (const character of text) {
    const code = character.charCodeAt(0);
    if (code > 124) {
        high = (code - 124) * 124;
    } else {
        bytes.push((high + code) ^ mask);
        high = 0;
    }
}
initSync(new Uint8Array(bytes));

export { Core } from "glue";
