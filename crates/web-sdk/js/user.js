// A user, as the application sees it. Everything that is known of one is in the core.

import { deserialize, serialize } from "./ejson.js";
import { functions } from "./functions.js";
import { Listeners } from "./listeners.js";

/** Whether a user can act. */
export const UserState = Object.freeze({ Active: "active", LoggedOut: "logged-out", Removed: "removed" });

/** What a user is to the application. */
export const UserType = Object.freeze({ Normal: "normal", Server: "server" });

// No user has this id: whoever was removed is nobody to the core.
const REMOVED = "removed";

const NO_DEVICE = "000000000000000000000000";

/** Made by `app.logIn`. */
export class User {
    static name = "User";
    #host;
    #removed = false;
    #profile = {};
    #listeners = new Listeners();

    constructor(app, host, id) {
        this.app = app;
        this.id = id;
        this.#host = host;
        const run = (...parameters) => this.#run(...parameters);
        this.apiKeys = new ApiKeyAuth(run);
        this.functions = functions(run);
    }

    get accessToken() {
        return this.#read(Part.AccessToken) ?? null;
    }
    set accessToken(token) {
        this.#write(token, this.refreshToken);
    }
    get refreshToken() {
        return this.#read(Part.RefreshToken) ?? null;
    }
    set refreshToken(token) {
        this.#write(this.accessToken, token);
    }
    get providerType() {
        return this.#read(Part.ProviderType);
    }
    get state() {
        return this.#read(Part.State) ?? UserState.Removed;
    }
    get isLoggedIn() {
        return this.state === UserState.Active;
    }
    get customData() {
        if (!this.accessToken) {
            throw new Error("Cannot read custom data without an access token");
        }
        return this.#read(Part.Claims)?.user_data ?? {};
    }
    get profile() {
        return this.#fetchedProfile().data;
    }
    get identities() {
        return this.#fetchedProfile().identities;
    }
    get deviceId() {
        const id = this.#read(Part.Claims)?.baas_device_id;
        return typeof id === "string" && id !== NO_DEVICE ? id : null;
    }

    async refreshProfile() {
        await this.#run(Act.RefreshProfile);
    }
    async refreshAccessToken() {
        await this.#run(Act.RefreshAccessToken);
    }
    async refreshCustomData() {
        await this.refreshAccessToken();
        return this.customData;
    }
    async linkCredentials(credentials) {
        const { providerName, providerType, payload } = credentials;
        if (typeof payload?.redirectUrl === "string") {
            throw new Error("Linking through a redirect is not supported. Link with the provider's token instead.");
        }
        await this.#run(Act.Link, { providerName, providerType, payload: serialize(payload) });
    }
    async logOut() {
        await this.#run(Act.LogOut);
    }
    callFunction(name, ...args) {
        return this.functions.callFunction(name, ...args);
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

    mongoClient() {
        throw new Error("Keystead keeps users and their API keys, not data: there is no MongoDB client in this package.");
    }
    push() {
        throw new Error("Keystead sends no push notifications.");
    }

    toJSON() {
        const { id, accessToken, refreshToken, state } = this;
        const customData = accessToken ? this.customData : undefined;
        return { id, accessToken, refreshToken, profile: this.#read(Part.Profile), state, customData };
    }

    #read(part) {
        return this.#removed ? undefined : this.#host.core.read(this.id, part);
    }
    #write(accessToken, refreshToken) {
        this.#host.core.write(this.#removed ? REMOVED : this.id, accessToken ?? "", refreshToken ?? "");
    }
    #run(act, argument, more) {
        return this.#host.run(act, this.#removed ? REMOVED : this.id, argument, more);
    }
    // The same object for as long as the profile is the same, as programs that compare expect.
    #fetchedProfile() {
        const raw = this.#read(Part.Profile);
        if (!raw) {
            throw new Error("A profile was never fetched for this user");
        }
        if (this.#profile.raw !== raw) {
            this.#profile = { raw, shown: deserialize(raw) };
        }
        return this.#profile.shown;
    }

    /** For `App`: this user's tokens, profile or state have changed. */
    static changed(user) {
        user.#listeners.fire();
    }
    /** For `App`: whoever logs in under this id later is another object. */
    static removed(user) {
        user.#removed = true;
        user.#listeners.fire();
    }
}

/** The API keys of one user. */
class ApiKeyAuth {
    #run;
    constructor(run) {
        this.#run = run;
    }
    create(name) {
        return this.#run(Act.CreateApiKey, name);
    }
    fetch(keyId) {
        return this.#run(Act.FetchApiKey, String(keyId));
    }
    fetchAll() {
        return this.#run(Act.FetchApiKeys);
    }
    async enable(keyId) {
        await this.#run(Act.EnableApiKey, String(keyId));
    }
    async disable(keyId) {
        await this.#run(Act.DisableApiKey, String(keyId));
    }
    async delete(keyId) {
        await this.#run(Act.DeleteApiKey, String(keyId));
    }
}
