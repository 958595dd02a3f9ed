// What the package takes from the place where it runs, and lets a program replace.

import { LocalStorage, MemoryStorage } from "./storage.js";

const node = globalThis.process?.versions?.node;

let environment = {
    defaultStorage: (LocalStorage.available() ? new LocalStorage() : new MemoryStorage()).prefix("realm-web"),
    openWindow: (url) => globalThis.open?.(url) ?? null,
    platform: node ? "node" : "web",
    platformVersion: node ?? "0.0.0",
};

/** What the package takes from the place where it runs. */
export function getEnvironment() {
    return environment;
}

/** Replaces it, for every app that is made afterwards. */
export function setEnvironment(replacement) {
    environment = replacement;
}
