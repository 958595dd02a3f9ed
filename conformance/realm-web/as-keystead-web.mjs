// `node --import ./as-keystead-web.mjs --test`: the same suites with keystead-web in realm-web's place.

import { register } from "node:module";

const PACKAGE = new URL("../../target/npm/keystead-web/index.mjs", import.meta.url).href;

register(
    `data:text/javascript,${encodeURIComponent(`
        export const resolve = (name, context, next) =>
            name === "realm-web" ? { url: ${JSON.stringify(PACKAGE)}, shortCircuit: true } : next(name, context);
    `)}`,
);
