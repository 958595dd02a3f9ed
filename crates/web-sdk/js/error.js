// What is thrown when the server refuses.

/** The server answered with a failure. */
export class MongoDBRealmError extends Error {
    // The name that logs show, whatever a minifier calls the class.
    static name = "MongoDBRealmError";
    constructor(method, url, statusCode, statusText, error, errorCode, link) {
        const status = `status ${statusCode}${statusText ? ` ${statusText}` : ""}`;
        super(`Request failed (${method} ${url}): ${typeof error === "string" ? `${error} ` : ""}(${status})`);
        Object.assign(this, { method, url, statusText, statusCode, error, errorCode, link });
    }
}
