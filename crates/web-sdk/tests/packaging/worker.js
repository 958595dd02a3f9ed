// A web worker: runs the program, and sends what it brought.

import * as Realm from "keystead-web";
import { program } from "./program.mjs";

addEventListener("message", ({ data }) => {
    program(Realm, data).then(postMessage, ({ stack }) => postMessage({ stack }));
});
