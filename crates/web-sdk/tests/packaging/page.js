// A page: runs the program twice, once itself and once in a worker, and writes down what each brought.

import * as Realm from "keystead-web";
import { program } from "./program.mjs";

const baseUrl = new URLSearchParams(location.search).get("server");

function show(where, outcome) {
    document.getElementById(where).textContent = JSON.stringify(outcome);
}

const worker = new Worker(new URL("./worker.js", import.meta.url), { type: "module" });
worker.addEventListener("message", ({ data }) => show("worker", data));
worker.addEventListener("error", ({ message }) => show("worker", { message }));
worker.postMessage(baseUrl);

program(Realm, baseUrl).then(
    (outcome) => show("page", outcome),
    ({ stack }) => show("page", { stack }),
);
