// Logging in through another site: a window is opened, and the page it comes back to leaves what it was
// told in the storage both share.

import { getEnvironment } from "./environment.js";

const CLOSED_CHECK_MILLISECONDS = 100;

function stateStorage(storage, state) {
    return storage.prefix("oauth2").prefix(`state(${state})`);
}

/** To be called by the page that the provider redirects to; the window that logs in takes it from there. */
export function handleAuthRedirect(location = globalThis.location, storage = getEnvironment().defaultStorage) {
    if (!location) {
        throw new Error("handleAuthRedirect is for the page that a provider redirects to");
    }
    const parameters = new URLSearchParams(location.hash.slice(1));
    const state = parameters.get("_baas_state");
    const [userAuth, error] = [parameters.get("_baas_ua"), parameters.get("_baas_error")];
    if (state) {
        stateStorage(storage, state).set("result", JSON.stringify({ userAuth, error }));
    } else {
        console.warn(`Failed to handle OAuth 2.0 redirect${error ? `: ${error}` : "."}`);
    }
}

/** Resolves to what a login answers. */
export async function logInThroughRedirect(login, redirect, storage) {
    const letters = crypto.getRandomValues(new Uint8Array(12));
    const state = Array.from(letters, (byte) => "abcdefghijklmnopqrstuvwxyz"[byte % 26]).join("");
    const url = `${login}?${new URLSearchParams({ state, redirect })}`;
    const { userAuth, error } = await redirected(url, stateStorage(storage, state));
    const parts = userAuth?.split("$") ?? [];
    if (parts.length !== 4) {
        throw new Error(error ? `The login was refused: ${error}` : "The redirect brought back no session");
    }
    const [access_token, refresh_token, user_id, device_id] = parts;
    return { access_token, refresh_token, user_id, device_id };
}

function redirected(url, storage) {
    return new Promise((resolve, reject) => {
        const opened = getEnvironment().openWindow(url);
        if (!opened) {
            return reject(new Error("No window could be opened: log in while handling a click"));
        }
        const done = () => {
            clearInterval(check);
            storage.removeListener(look);
        };
        const look = () => {
            const result = storage.get("result");
            if (result) {
                done();
                storage.clear();
                opened.close();
                resolve(JSON.parse(result));
            }
        };
        const check = setInterval(() => {
            if (opened.closed) {
                done();
                reject(new Error("Window closed"));
            }
        }, CLOSED_CHECK_MILLISECONDS);
        storage.addListener(look);
    });
}
