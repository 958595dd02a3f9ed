// What the suites share: apps that remember what they sent, users, and how an error is examined.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import * as Realm from "realm-web";

export const APP_ID = "quickstart-abcde";
export const PASSWORD = "correct horse battery";

/** Whether these suites drive realm-web itself, and not keystead-web in its place (`as-keystead-web.mjs`). */
export const IS_REALM_WEB = !("ObjectId" in Realm);

/** More than any one test needs. realm-web repeats some refused requests without an end. */
const REQUEST_LIMIT = 100;

/** An app with storage of its own, whose requests are recorded in `app.requests`. */
export function newApp(server, id = APP_ID) {
    const requests = [];
    const recordingFetch = async (url, init = {}) => {
        assert.ok(requests.length < REQUEST_LIMIT, "realm-web repeats a request for ever");
        const request = { method: init.method ?? "GET", path: new URL(url).pathname };
        requests.push(request);
        const response = await fetch(url, init);
        request.status = response.status;
        return response;
    };
    const storage = Realm.getEnvironment().defaultStorage.prefix(randomUUID());
    const app = new Realm.App({ id, baseUrl: server.baseUrl, fetch: recordingFetch, storage });
    return Object.assign(app, { requests });
}

export function newEmail() {
    return `${randomUUID()}@example.com`;
}

/** Registers somebody and logs them in. */
export async function newUser(app, email = newEmail()) {
    await app.emailPasswordAuth.registerUser({ email, password: PASSWORD });
    return app.logIn(Realm.Credentials.emailPassword(email, PASSWORD));
}

/** Logs in with a key from somewhere else: another app, with other storage. */
export function logInByKey(server, key) {
    return newApp(server).logIn(Realm.Credentials.apiKey(key));
}

/** The requests that `action` makes, as `METHOD last/two status`. */
export async function requestsOf(app, action) {
    const before = app.requests.length;
    await action();
    return app.requests.slice(before).map(({ method, path, status }) => {
        return `${method} ${path.split("/").slice(-2).join("/")} ${status}`;
    });
}

/**
 * Expects a refusal with this status, code (undefined for none) and sentence, and checks what holds
 * for every error: the SDK's own type, and a link by which the operator finds the request.
 */
export async function refused(promise, statusCode, errorCode, error) {
    const thrown = await promise.then(
        () => assert.fail("this should have been refused"),
        (reason) => reason,
    );
    assert.ok(thrown instanceof Realm.MongoDBRealmError, `${thrown?.stack}`);
    assert.equal(thrown.statusCode, statusCode, thrown.message);
    assert.equal(thrown.errorCode, errorCode, thrown.message);
    if (error instanceof RegExp) {
        assert.match(thrown.error, error);
    } else if (error !== undefined) {
        assert.equal(thrown.error, error);
    }
    assert.match(thrown.link, /\/logs\?co_id=[0-9a-f]{24}$/);
    assert.ok(thrown.message.includes(`): ${thrown.error} (status ${statusCode}`), thrown.message);
    return thrown;
}

export const unauthorized = [401, "AuthError", "unauthorized"];
