// A service: logs in with the API key in KEYSTEAD_API_KEY, and says for whom it acts.

import { Credentials } from "keystead-web";
import { app, fromEnvironment } from "./settings.mjs";

const key = fromEnvironment("KEYSTEAD_API_KEY");
try {
    const user = await app.logIn(Credentials.apiKey(key));
    console.log(`This key acts for ${user.profile.email ?? "a user"} (${user.id}).`);
    // From here on, requests on the user's behalf are sent with `user.accessToken`.
    await user.logOut();
} catch (error) {
    const refused = error.errorCode === "AuthError";
    console.error(refused ? "The server refuses this key: it is disabled or deleted, or it never was one." : error.message);
    process.exitCode = 1;
}
