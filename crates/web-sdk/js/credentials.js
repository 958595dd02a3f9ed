// What somebody logs in with, one maker for each provider.

/** Use the static methods. */
export class Credentials {
    static name = "Credentials";
    constructor(providerName, providerType, reuse, payload) {
        this.providerName = providerName;
        this.providerType = providerType;
        this.reuse = reuse;
        this.payload = payload;
    }
    static anonymous(reuse = true) {
        return new Credentials("anon-user", "anon-user", reuse, {});
    }
    static apiKey(key) {
        return of("api-key", { key });
    }
    static emailPassword(email, password) {
        return of("local-userpass", { username: email, password });
    }
    static function(payload) {
        return of("custom-function", payload);
    }
    static jwt(token) {
        return of("custom-token", { token });
    }
    static google(payload) {
        const names = Object.keys(payload ?? {});
        if (typeof payload === "string" || names.length !== 1 || !GOOGLE.includes(names[0])) {
            throw new Error(`Credentials.google takes an object with one of these properties: ${GOOGLE.join(", ")}`);
        }
        return of("oauth2-google", "idToken" in payload ? { id_token: payload.idToken } : payload);
    }
    static facebook(redirectUrlOrAccessToken) {
        return of("oauth2-facebook", redirectOr("accessToken", redirectUrlOrAccessToken));
    }
    static apple(redirectUrlOrIdToken) {
        return of("oauth2-apple", redirectOr("id_token", redirectUrlOrIdToken));
    }
}

const GOOGLE = ["authCode", "idToken", "redirectUrl"];

function of(provider, payload) {
    return new Credentials(provider, provider, false, payload);
}

function redirectOr(name, text) {
    return { [text.includes("://") ? "redirectUrl" : name]: text };
}
