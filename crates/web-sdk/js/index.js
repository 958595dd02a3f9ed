// The public surface of the package: the names of `realm-web`, for everything to do with authentication.

export { App, DEFAULT_BASE_URL, getApp } from "./app.js";
export { Credentials } from "./credentials.js";
export { ObjectId } from "./ejson.js";
export { getEnvironment, setEnvironment } from "./environment.js";
export { MongoDBRealmError } from "./error.js";
export { handleAuthRedirect } from "./oauth.js";
export { LocalStorage, MemoryStorage } from "./storage.js";
export { User, UserState, UserType } from "./user.js";
