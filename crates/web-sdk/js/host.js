// What the core asks of JavaScript: the other side of `../src/host.rs`.

import { Core } from "./core.js";
import { getEnvironment } from "./environment.js";
import { MongoDBRealmError } from "./error.js";
import { Json } from "./json.js";

let tickets = 0;

export class Host {
    #configuration;
    #storage;
    #core;
    #tickets = new Map();

    constructor(configuration, storage, changed) {
        this.#configuration = configuration;
        this.#storage = storage;
        this.changed = changed;
        this.#core = new Core(this, configuration.id, configuration.baseUrl, Boolean(configuration.skipLocationRequest));
    }

    get core() {
        return this.#core;
    }

    /** Begins an act. Resolves to what it brings. */
    run(act, user = "", argument, more) {
        return new Promise((resolve, reject) => {
            const ticket = ++tickets;
            this.#tickets.set(ticket, { resolve, reject });
            this.#core.begin(ticket, act, user, argument, more);
        });
    }

    settle(ticket, value, failed) {
        const { resolve, reject } = this.#tickets.get(ticket);
        this.#tickets.delete(ticket);
        (failed ? reject : resolve)(value);
    }

    async send(request, method, url, token, body) {
        const { fetch = globalThis.fetch, timeout = 120_000 } = this.#configuration;
        const headers = { Accept: "application/json" };
        if (token !== undefined) {
            headers.Authorization = `Bearer ${token}`;
        }
        if (body !== undefined) {
            headers["Content-Type"] = "application/json";
            body = JSON.stringify(body);
        }
        let answer;
        try {
            answer = await read(await fetch(url, { method, headers, body, signal: AbortSignal.timeout(timeout) }));
        } catch (error) {
            answer = [Answered.Nothing, 0, error?.cause?.message || error?.message || String(error)];
        }
        this.#core.answer(request, ...answer);
    }

    load(key) {
        return this.#storage.get(key) ?? undefined;
    }

    save(key, value) {
        try {
            if (value === undefined) {
                this.#storage.remove(key);
            } else {
                this.#storage.set(key, value);
            }
        } catch (error) {
            return error?.message || String(error);
        }
    }

    device() {
        const { platform, platformVersion } = getEnvironment();
        const device = { sdkVersion: VERSION, platform, platformVersion };
        const { name: appId, version: appVersion } = this.#configuration.app ?? {};
        return JSON.parse(JSON.stringify({ ...device, appId, appVersion }));
    }

    failure(sentence, status, method, url, statusText, code, link) {
        if (!status) {
            return new Error(sentence);
        }
        const refusal = new MongoDBRealmError(method, url, status, statusText, sentence, code, link);
        if (!url) {
            // Nothing was sent, so there is no request to name.
            refusal.message = sentence;
        }
        return refusal;
    }
}

/** What came back, as the core takes it. */
async function read(response) {
    const { ok, status, statusText, headers } = response;
    const text = await response.text();
    const type = headers.get("content-type");
    if (text && type?.startsWith("application/json")) {
        const body = Json.parse(text);
        return [body === undefined ? Answered.Malformed : Answered.Json, status, statusText, body];
    }
    return text && type && ok ? [Answered.Other, status, type] : [Answered.Empty, status, statusText];
}
