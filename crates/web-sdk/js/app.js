// The client of one application, as the application sees it.

import { Credentials } from "./credentials.js";
import { serialize } from "./ejson.js";
import { getEnvironment } from "./environment.js";
import { Host } from "./host.js";
import { Listeners } from "./listeners.js";
import { logInThroughRedirect } from "./oauth.js";
import { User } from "./user.js";

/** Where a server is looked for if the configuration names none: where `keystead serve` listens. */
export const DEFAULT_BASE_URL = "http://localhost:9090";

const apps = new Map();

/** The app with this id; the same object for the same id. */
export function getApp(id) {
    if (!apps.has(id)) {
        apps.set(id, new App(id));
    }
    return apps.get(id);
}

/** The client of one application. */
export class App {
    static name = "App";
    static Credentials = Credentials;
    static getApp = getApp;

    #host;
    #storage;
    #users = new Map();
    #listeners = new Listeners();

    constructor(idOrConfiguration) {
        const configuration = typeof idOrConfiguration === "string" ? { id: idOrConfiguration } : idOrConfiguration;
        if (typeof configuration?.id !== "string") {
            throw new Error("Missing an Atlas App Services app-id");
        }
        this.id = configuration.id;
        this.baseUrl = configuration.baseUrl || DEFAULT_BASE_URL;
        this.#storage = configuration.storage ?? getEnvironment().defaultStorage;
        const { id, baseUrl } = this;
        this.#host = new Host({ ...configuration, id, baseUrl }, this.#storage, (user) => this.#changed(user));
        this.emailPasswordAuth = new EmailPasswordAuth(this.#host);
    }

    get currentUser() {
        const id = this.#host.core.current();
        return id === undefined ? null : this.#user(id);
    }
    get allUsers() {
        return Object.fromEntries(this.#host.core.users().map((id) => [id, this.#user(id)]));
    }
    get locationUrl() {
        return this.#host.run(Act.Location);
    }

    async logIn(credentials, fetchProfile = true) {
        return this.#user(await this.#authenticate(credentials, fetchProfile));
    }
    switchUser(user) {
        this.#known(user);
        // Switches at once. That the order of users could not be written down is not worth an error.
        this.#host.run(Act.Switch, user.id).catch(() => {});
    }
    async removeUser(user) {
        this.#known(user);
        await this.#host.run(Act.Remove, user.id);
    }
    async deleteUser(user) {
        this.#known(user);
        await this.#host.run(Act.Delete, user.id);
    }

    addListener(listener) {
        this.#listeners.add(listener);
    }
    removeListener(listener) {
        this.#listeners.delete(listener);
    }
    removeAllListeners() {
        this.#listeners.clear();
    }

    async #authenticate({ providerName, providerType, reuse, payload }, fetchProfile) {
        if (typeof payload?.redirectUrl !== "string") {
            const credentials = { providerName, providerType, reuse, payload: serialize(payload) };
            return this.#host.run(Act.LogIn, "", credentials, fetchProfile);
        }
        const path = `/api/client/v2.0/app/${encodeURIComponent(this.id)}/auth/providers/${providerName}/login`;
        const session = await logInThroughRedirect((await this.locationUrl) + path, payload.redirectUrl, this.#storage);
        return this.#host.run(Act.Adopt, "", { ...session, providerType }, fetchProfile);
    }

    #user(id) {
        let user = this.#users.get(id);
        if (!user) {
            user = new User(this, this.#host, id);
            this.#users.set(id, user);
        }
        return user;
    }

    #known(user) {
        if (this.#users.get(user?.id) !== user) {
            throw new Error("The user was never logged into this app");
        }
    }

    #changed(id) {
        if (id !== undefined) {
            const user = this.#users.get(id);
            return user && User.changed(user);
        }
        const ids = new Set(this.#host.core.users());
        for (const [known, user] of this.#users) {
            if (!ids.has(known)) {
                this.#users.delete(known);
                User.removed(user);
            }
        }
        this.#listeners.fire();
    }
}

/** Everything about email addresses and passwords that needs nobody to be logged in. */
class EmailPasswordAuth {
    #host;
    constructor(host) {
        this.#host = host;
    }
    registerUser(details) {
        return this.#act("register", details);
    }
    confirmUser(details) {
        return this.#act("confirm", details);
    }
    resendConfirmationEmail(details) {
        return this.#act("confirm/send", details);
    }
    retryCustomConfirmation(details) {
        return this.#act("confirm/call", details);
    }
    resetPassword(details) {
        return this.#act("reset", details);
    }
    sendResetPasswordEmail(details) {
        return this.#act("reset/send", details);
    }
    callResetPasswordFunction(details, ...args) {
        return this.#act("reset/call", { ...details, arguments: args });
    }
    async #act(path, details) {
        await this.#host.run(Act.EmailPassword, "", path, serialize(details));
    }
}
